import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { type Metric, serveMetrics } from '../../src/lib/cli/metrics.ts'
import { runSample, startSample } from './sample.ts'

const hasIpv6 = Object.values(networkInterfaces()).some(list =>
  list?.some(({ address }) => address === '::1')
)

/** Prometheus text as a map from `name{labels}` to value; throws for a line that is none. */
function parse(text: string): Map<string, number> {
  const values = new Map<string, number>()
  for (const line of text.trimEnd().split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const match = /^([a-z_:][a-z0-9_:]*(?:\{[^}]*\})?) (\S+)$/i.exec(line)
    assert.ok(match !== null, line)
    values.set(match[1] as string, Number(match[2]))
  }
  return values
}

async function scrape(url: string): Promise<Map<string, number>> {
  const response = await fetch(url)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  return parse(await response.text())
}

test('a tool serves its figures and those of its process, as they are when asked', async t => {
  const { stderr } = await startSample(t, ['wait', '--metrics', '0'], /metrics at .*\n/)
  const url = /metrics at (http:\/\/127\.0\.0\.1:\d+\/metrics)\n/.exec(stderr)?.[1] ?? ''
  const first = await scrape(url)
  assert.equal(first.get('millrace_sample_reads_total'), 1)
  assert.equal(first.get('millrace_sample_lag_seconds'), 1.5)
  assert.ok((first.get('process_resident_memory_bytes') ?? 0) > 1e6)
  assert.equal((await scrape(`${url}?debug=1`)).get('millrace_sample_reads_total'), 2)
  assert.equal((await fetch(new URL('/', url))).status, 404)
})

test('a figure that cannot be read is an answer of 500, and the tool goes on', async t => {
  const { child, stderr } = await startSample(t, ['broken-metric', '--metrics', '0'], /metrics at .*\n/)
  const url = /metrics at (\S+)/.exec(stderr)?.[1] ?? ''
  assert.equal((await fetch(url)).status, 500)
  assert.equal((await fetch(url)).status, 500)
  assert.equal(child.exitCode, null)
})

test('counters and gauges are declared as what they are, with their help', async t => {
  const metrics: Metric[] = [
    { name: 'events_total', help: 'Rows written', kind: 'counter', read: () => 3 },
    { name: 'lag_seconds', help: 'Age of the newest event', kind: 'gauge', read: () => -0.5 }
  ]
  const { url, close } = await serveMetrics('cdc-tail', '0', metrics)
  t.after(close)
  const text = await (await fetch(url)).text()
  assert.match(
    text,
    /# HELP millrace_cdc_tail_events_total Rows written\n# TYPE millrace_cdc_tail_events_total counter\nmillrace_cdc_tail_events_total 3\n/
  )
  assert.match(text, /# TYPE millrace_cdc_tail_lag_seconds gauge\nmillrace_cdc_tail_lag_seconds -0.5\n/)
})

test('the host may be named, also as an IPv6 address', async () => {
  for (const [address, prefix] of [
    ['localhost:0', 'http://localhost:'],
    ['127.0.0.1:0', 'http://127.0.0.1:'],
    ...(hasIpv6 ? [['[::1]:0', 'http://[::1]:'] as const] : [])
  ] as const) {
    const { url, close } = await serveMetrics('sample', address, [])
    assert.ok(url.startsWith(prefix), url)
    assert.ok((await scrape(url)).size > 0)
    close()
  }
})

test('an address that cannot be read or is taken is refused as usage, by its flag', async t => {
  for (const address of ['x', 'host:', '99999', '1:2:x', '-1']) {
    const { status, stderr } = runSample(['done', '--metrics', address])
    assert.equal(status, 2, address)
    assert.equal(stderr, `sample: --metrics: '${address}' is not [host:]port\n`)
  }
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  await assert.rejects(serveMetrics('sample', String(port), []), {
    code: 'USAGE',
    message: new RegExp(`^--metrics ${port}: .*EADDRINUSE`)
  })
})

test('serving figures does not keep a tool that is done', () => {
  const { status, stderr } = runSample(['done', '--metrics', '0'])
  assert.equal(status, 0)
  assert.match(stderr, /^sample: metrics at http:\/\/127\.0\.0\.1:\d+\/metrics\nsample: hello\n/)
})
