import assert from 'node:assert/strict'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { Journal } from '../../src/lib/notify/index.ts'
import { notification } from './notifications.ts'

function file(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'millrace-journal-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return path.join(folder, 'notifications.ndjson')
}

test('what is not done is left for the next run, and what was taken is known once', async t => {
  const where = file(t)
  const first = await Journal.open(where)
  first.add('slack', { notification: notification('a'), since: 1 })
  first.add('slack', { notification: notification('b'), since: 2 })
  first.add('mail', { notification: notification('a'), since: 3 })
  first.done('slack', 'id of a')
  // killed here: nothing is closed

  const second = await Journal.open(where)
  assert.deepEqual(
    second.left.map(p => `${p.to} ${p.notification.subject} ${p.since}`),
    ['slack b 2', 'mail a 3']
  )
  assert.equal(second.isKnown('slack', 'id of a'), true)
  assert.equal(second.isKnown('slack', 'id of a'), false)
  assert.equal(second.isKnown('mail', 'id of a'), true)
  assert.equal(second.isKnown('mail', 'id of b'), false)
})

test('a line that was being written when the process was killed is left out', async t => {
  const where = file(t)
  const first = await Journal.open(where)
  first.add('slack', { notification: notification('a'), since: 1 })
  appendFileSync(where, '{"to":"slack","since":2,"notifi')
  assert.equal((await Journal.open(where)).left.length, 1)
})

test('a damaged file is named with its line', async t => {
  const where = file(t)
  writeFileSync(where, '{"to":"slack","done":"a"}\n{"to:\n')
  await assert.rejects(Journal.open(where), { code: 'STATE', message: /notifications\.ndjson:2: / })
})

test('the file does not grow without end, and loses nothing while it is written anew', async t => {
  const where = file(t)
  const journal = await Journal.open(where)
  const text = 'x'.repeat(10_000)
  journal.add('slack', { notification: notification('kept', { text }), since: 1 })
  for (let i = 0; i < 3000; i++) {
    journal.add('slack', { notification: notification(`n${i}`, { text }), since: 1 })
    journal.done('slack', `id of n${i}`)
    if (i % 100 !== 0) continue
    const synced = journal.sync()
    journal.add('slack', { notification: notification(`during ${i}`), since: 1 })
    await synced
  }
  await journal.sync()
  assert.ok(statSync(where).size < 12 << 20, String(statSync(where).size))
  const left = (await Journal.open(where)).left.map(p => p.notification.subject)
  assert.deepEqual(left, ['kept', ...Array.from({ length: 30 }, (_, i) => `during ${i * 100}`)])
  assert.equal(readFileSync(where, 'utf8').includes('id of n2999'), true)
})
