import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { language, notificationOf } from '../../src/commands/alert-eval/notifier.ts'
import { AlerterOptions, createTransport, HTTP_RECEIVERS, HttpAlerter } from '../../src/lib/notify/index.ts'
import { rules } from '../rules/rules.ts'
import { matchOf } from './notifications.ts'
import { localReceiver } from './receiver.ts'

interface Case {
  type: string
  options: Record<string, unknown>
  match: Record<string, unknown>
  requests: { url: string; headers: Record<string, string>; body: Record<string, unknown> }[]
}

const cases: Case[] = readFileSync(new URL('elastalert-requests.ndjson', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map(line => JSON.parse(line))

/** Where ElastAlert gives receivers no name of the alert, they are given one here. */
function withoutId(type: string, body: Record<string, unknown>, theirs: Record<string, unknown>): unknown {
  const name = { pagerduty: 'incident_key', opsgenie: 'alias', victorops: 'entity_id' }[type]
  const names = name === 'incident_key' ? ['incident_key', 'dedup_key'] : name === undefined ? [] : [name]
  const ours = { ...body }
  for (const n of names) {
    if (!Object.hasOwn(ours, n) || (theirs[n] ?? '') !== '') continue
    assert.match(String(ours[n]), /^[0-9a-f]{32}$/)
    if (theirs[n] === undefined) delete ours[n]
    else ours[n] = theirs[n]
  }
  return ours
}

for (const [i, { type, options, match, requests }] of cases.entries()) {
  const names = Object.keys(options).length
  test(`${type} is sent what ElastAlert sends it (${i + 1}, ${names} options)`, async t => {
    const [rule] = rules(
      t,
      JSON.stringify({
        name: 'gateway down',
        type: 'any',
        index: 'x',
        realert: { minutes: 0 },
        alert: type,
        ...options
      })
    )
    const config = rule?.alerters[0]
    assert.ok(rule !== undefined && config !== undefined)
    const { url, received } = await localReceiver(t)
    const { compose, prefix } = HTTP_RECEIVERS[type]!
    const own = new AlerterOptions(config.options)
    const addresses: string[] = []
    const transport = createTransport(own, prefix)
    const alerter = new HttpAlerter(type, compose(own, language), (request, stop) => {
      addresses.push(request.url)
      return transport({ ...request, url }, stop)
    })
    await alerter.send(notificationOf(matchOf(rule, match), config.options), new AbortController().signal)
    assert.deepEqual(
      addresses,
      requests.map(r => r.url)
    )
    for (const [n, { headers, body }] of requests.entries()) {
      const ours = JSON.parse(received[n]!.body)
      assert.deepEqual(Array.isArray(ours) ? ours : withoutId(type, ours, body), body)
      for (const [name, value] of Object.entries(headers))
        assert.equal(received[n]!.headers[name], value, name)
    }
  })
}
