import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { localReceiver } from '../notify/receiver.ts'
import { folder, ndjson } from '../rules/rules.ts'
import { startTool } from './run-tool.ts'

const START = Date.UTC(2026, 10, 24, 10)

function events(from: number, to: number): string {
  const lines = Array.from({ length: to - from }, (_, i) => ({
    n: from + i,
    '@timestamp': new Date(START + (from + i) * 1000).toISOString()
  }))
  return ndjson(lines)
}

function mark(kind: 'mark' | 'resume', n: number): string {
  return `${JSON.stringify({ [`@${kind}`]: { n, at: n === 0 ? null : { pos: n }, ts_ms: START } })}\n`
}

function ruleIn(t: TestContext, url: string): string {
  return folder(t, {
    'rule.yaml': `name: each\ntype: any\nindex: x\nrealert: {minutes: 0}\nalert: post\nhttp_post_url: ${url}\n`
  })
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !condition(); i++) await sleep(50)
  assert.ok(condition())
}

test('a receiver that is away delays no alert and no acknowledgement, and gets all after a kill', async t => {
  let isAway = true
  const { url, received } = await localReceiver(t, () => (isAway ? 503 : 200))
  const rules = ruleIn(t, url)
  const state = folder(t, {})
  const args = ['--rules', rules, '--state', state]
  const first = startTool('alert-eval', args)
  first.stdin.write(`${mark('resume', 0)}${events(0, 3)}${mark('mark', 1)}`)
  const acknowledged = path.join(state, 'alert-eval', 'acknowledged.json')
  await until(() => existsSync(acknowledged) && JSON.parse(readFileSync(acknowledged, 'utf8')).mark?.n === 1)
  // behind the mark: raised again by the next run
  first.stdin.write(events(3, 5))
  await until(() => received.length > 0)
  await sleep(200)
  first.kill('SIGKILL')
  await once(first, 'close')

  isAway = false
  received.length = 0
  const second = startTool('alert-eval', args)
  second.stdin.end(`${mark('resume', 1)}${events(3, 7)}${mark('mark', 2)}`)
  const [status] = await once(second, 'close')
  assert.equal(status, 0)
  assert.deepEqual(
    received.map(r => JSON.parse(r.body).n),
    [0, 1, 2, 3, 4, 5, 6]
  )
})

test('what is delivered before a kill is not sent again', async t => {
  const { url, received } = await localReceiver(t)
  const rules = ruleIn(t, url)
  const args = ['--rules', rules, '--state', folder(t, {})]
  const first = startTool('alert-eval', args)
  first.stdin.write(`${mark('resume', 0)}${events(0, 3)}`)
  await until(() => received.length === 3)
  await sleep(100)
  first.kill('SIGKILL')
  await once(first, 'close')

  const second = startTool('alert-eval', args)
  second.stdin.end(`${mark('resume', 0)}${events(0, 4)}${mark('mark', 1)}`)
  await once(second, 'close')
  assert.deepEqual(
    received.map(r => JSON.parse(r.body).n),
    [0, 1, 2, 3]
  )
})
