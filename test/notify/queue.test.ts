import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotificationQueue, Refused } from '../../src/lib/notify/index.ts'
import { alerter, notification } from './notifications.ts'

function queueOf(deliverFor = 60_000): { queue: NotificationQueue; givenUp: string[] } {
  const givenUp: string[] = []
  const queue = new NotificationQueue({
    deliverFor,
    journal: null,
    givenUp: (receiver, { notification }, reason) =>
      givenUp.push(`${receiver} ${notification.subject}: ${reason}`)
  })
  return { queue, givenUp }
}

test('a receiver gets its notifications one after the other, in the order they came', async () => {
  const { queue } = queueOf()
  const log: string[] = []
  const receiver = queue.receiver(
    'a',
    alerter(async subject => {
      log.push(`begin ${subject}`)
      await new Promise(resolve => setImmediate(resolve))
      log.push(`end ${subject}`)
    })
  )
  queue.add(receiver, notification('first'))
  queue.add(receiver, notification('second'))
  assert.deepEqual(await queue.finish(10_000), [])
  assert.deepEqual(log, ['begin first', 'end first', 'begin second', 'end second'])
})

test('what fails is tried again until it is delivered, and what is refused is not', async () => {
  const { queue, givenUp } = queueOf()
  const attempts: string[] = []
  const receiver = queue.receiver(
    'a',
    alerter(async subject => {
      attempts.push(subject)
      if (subject === 'refused') throw new Refused('status 400')
      if (attempts.length < 4) throw new Error('status 503')
    })
  )
  queue.add(receiver, notification('refused'))
  queue.add(receiver, notification('late'))
  assert.deepEqual(await queue.finish(10_000), [])
  assert.deepEqual(attempts, ['refused', 'late', 'late', 'late'])
  assert.deepEqual(givenUp, ['a refused: status 400'])
})

test('what cannot be delivered in time is given up', async () => {
  const { queue, givenUp } = queueOf(1)
  const receiver = queue.receiver(
    'dead',
    alerter(async () => {
      await new Promise(resolve => setTimeout(resolve, 5))
      throw new Error('no route')
    })
  )
  queue.add(receiver, notification('a'))
  queue.add(receiver, notification('b'))
  assert.deepEqual(await queue.finish(10_000), [])
  assert.deepEqual(givenUp, ['dead a: no route', 'dead b: no route'])
})

test('a receiver that does not answer holds up nobody, and what it has not taken is left', async () => {
  const { queue } = queueOf()
  const told: string[] = []
  const dead = queue.receiver(
    'dead',
    alerter(
      (_, stop) => new Promise((_, reject) => stop.addEventListener('abort', () => reject(new Error())))
    )
  )
  const sound = queue.receiver(
    'sound',
    alerter(async subject => void told.push(subject))
  )
  for (const subject of ['a', 'b']) {
    queue.add(dead, notification(subject))
    queue.add(sound, notification(subject))
  }
  const left = await queue.finish(20)
  assert.deepEqual(told, ['a', 'b'])
  assert.deepEqual(
    left.map(({ receiver, pending }) => `${receiver} ${pending.notification.subject}`),
    ['dead a', 'dead b']
  )
})

test('a flood waits for a receiver that answers, and is given up for one that fails', async () => {
  const { queue, givenUp } = queueOf()
  const open = Promise.withResolvers<void>()
  const slow = queue.receiver(
    'slow',
    alerter(() => open.promise)
  )
  for (let i = 0; i < 10_000; i++) queue.add(slow, notification(String(i)))
  let hasRoom = false
  const room = queue.room().then(() => {
    hasRoom = true
  })
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(hasRoom, false)
  open.resolve()
  await room

  const dead = queue.receiver(
    'dead',
    alerter(async () => {
      throw new Error('no route')
    })
  )
  queue.add(dead, notification('first'))
  await new Promise(resolve => setImmediate(resolve))
  for (let i = 0; i < 5000; i++) queue.add(dead, notification(String(i)))
  assert.equal(givenUp.length, 1)
  assert.match(givenUp[0] ?? '', /^dead 4999: 5000 notifications wait for it already$/)
  await queue.room()
  assert.equal((await queue.finish(1)).length, 5000)
})
