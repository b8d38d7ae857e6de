import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { tiedToParent } from '../../servers/tools.ts'
import type { BenchCase } from '../case.ts'
import { tool } from '../commands.ts'
import { cachedFolder } from '../data/cache.ts'
import { row } from '../data/keyed.ts'
import { cpuMsOf, type Figures, highWaterMark, residentSet } from '../measure.ts'

const KEYS = 10_000
const HOUR_MS = 3_600_000
const BLOCK = 10_000
/** Memory is looked at after each such part of the rows. */
const SAMPLES = 20
/** By then all windows have been full for a while, and so has what is forgotten from time to time. */
const FILLED = 6
/** More than this is growth, less the garbage of the moment. */
const MOST = 1.1

const RULES = [
  'type: frequency, num_events: 1000, timeframe: {minutes: 3}',
  'type: flatline, threshold: 1, timeframe: {minutes: 5}',
  'type: cardinality, cardinality_field: contest, max_cardinality: 2000, timeframe: {minutes: 3}',
  'type: spike, spike_height: 5, spike_type: both, timeframe: {minutes: 2}',
  'type: metric_aggregation, metric_agg_key: amount, metric_agg_type: avg, max_threshold: 500, buffer_time: {minutes: 5}',
  'type: change, compare_key: status, ignore_null: true, timeframe: {minutes: 5}, realert: {minutes: 5}'
]

/** What a process needs that runs on and on. */
export const hour: BenchCase = {
  name: 'alert-eval-hour',
  measures:
    'six rules on ten thousand keys for an hour of event time; memory must not grow once windows are full',
  unit: 'rows',
  rows: 10_000_000,
  runs: 1,

  async prepare({ rows, log }) {
    const folder = await cachedFolder('hour')
    for (const [i, text] of RULES.entries())
      writeFileSync(
        join(folder, `${i}.yaml`),
        `{name: rule ${i}, index: events, alert: [], query_key: user, ${text}}\n`
      )
    const judged = { name: 'alert-eval', target: { peakBytes: 400e6 }, work: () => hourOf(rows, folder, log) }
    return { servers: [], judged: [judged], peers: [], async [Symbol.asyncDispose]() {} }
  }
}

/** @throws Error when memory grows */
async function hourOf(rows: number, rules: string, log: (message: string) => void): Promise<Figures> {
  const [program, ...args] = tiedToParent(tool('alert-eval', '--rules', rules))
  const begun = performance.now()
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = once(child, 'close')
  const pid = child.pid as number
  const samples: number[] = []
  for (let sample = 1; sample <= SAMPLES; sample++) {
    const end = Math.floor((rows * sample) / SAMPLES)
    for (let from = Math.floor((rows * (sample - 1)) / SAMPLES); from < end; from += BLOCK)
      await write(child.stdin, block(from, Math.min(end, from + BLOCK), rows))
    samples.push(residentSet(pid) ?? 0)
  }
  log(`MB after each ${SAMPLES}th part: ${samples.map(bytes => (bytes / 1e6).toFixed(0)).join(' ')}`)
  const figures = { cpuMs: cpuMsOf(pid), peakBytes: highWaterMark(pid) }
  child.stdin.end()
  const [code] = await ended
  if (code !== 0) throw new Error(`alert-eval ended with ${code}`)
  const early = Math.max(...samples.slice(FILLED, SAMPLES / 2))
  const late = Math.max(...samples.slice(SAMPLES / 2))
  if (late > early * MOST)
    throw new Error(`memory grows: ${early / 1e6} MB in the first half hour, ${late / 1e6} MB in the second`)
  return { wallMs: performance.now() - begun, ...figures }
}

function block(from: number, to: number, rows: number): string {
  let text = ''
  for (let n = from; n < to; n++) {
    const key = Math.imul(n, 7919) % KEYS
    const contest = (n >>> 3) % 997
    text += row(Math.abs(key), (n / rows) * HOUR_MS, n % 50_021 === 0 ? 'PAID' : 'JOINED', n % 90, contest)
  }
  return text
}

async function write(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain')
}
