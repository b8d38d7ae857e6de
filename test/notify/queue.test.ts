import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Alerter, type Notification, NotificationQueue } from '../../src/lib/notify/index.ts'

function notification(subject: string): Notification {
  return {
    rule: 'r',
    state: 'firing',
    timestamp: '2026-11-24T10:00:00.000Z',
    subject,
    text: '',
    match: {},
    matches: [],
    field: () => undefined
  }
}

test('settled waits for what was added before, not for what comes later', async () => {
  const gates = new Map<string, PromiseWithResolvers<void>>()
  const alerter: Alerter = {
    type: 'gate',
    send: ({ subject }) => {
      const gate = Promise.withResolvers<void>()
      gates.set(subject, gate)
      return gate.promise
    }
  }
  const queue = new NotificationQueue(() => assert.fail('nothing fails here'))
  queue.add(alerter, notification('first'))
  const settled = queue.settled()
  queue.add(alerter, notification('second'))
  gates.get('first')?.resolve()
  await settled
  gates.get('second')?.resolve()
  await queue.settled()
})

test('a failure is told and holds up nothing', async () => {
  const failures: string[] = []
  const queue = new NotificationQueue((alerter, { subject }, error) =>
    failures.push(`${alerter.type} ${subject}: ${error}`)
  )
  const broken: Alerter = { type: 'broken', send: () => Promise.reject(new Error('no route')) }
  queue.add(broken, notification('a'))
  queue.add(broken, notification('b'))
  await queue.settled()
  assert.deepEqual(failures, ['broken a: Error: no route', 'broken b: Error: no route'])
})

test('a flood makes whoever adds to it wait until there is room', async () => {
  let release = (): void => {}
  const open = new Promise<void>(resolve => {
    release = resolve
  })
  const slow: Alerter = { type: 'slow', send: () => open }
  const queue = new NotificationQueue(() => {})
  for (let i = 0; i < 2000; i++) queue.add(slow, notification(String(i)))
  let hasRoom = false
  const room = queue.room().then(() => {
    hasRoom = true
  })
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(hasRoom, false)
  release()
  await room
  await queue.settled()
})
