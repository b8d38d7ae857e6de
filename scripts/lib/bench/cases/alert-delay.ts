import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import { ElastAlert, elastAlertMissing } from '../../peers/elastalert.ts'
import { serverAvailability, startServer } from '../../servers/index.ts'
import { tiedToParent } from '../../servers/tools.ts'
import type { BenchCase, ServerContestant } from '../case.ts'
import { tool } from '../commands.ts'
import { Delays, listen, writeEvents } from '../delays.ts'
import { cpuMsOf, type Figures, highWaterMark } from '../measure.ts'

/** As in ElastAlert's example configuration, and our own default. */
const RUN_EVERY = 60
const BUFFER_TIME = 15 * 60
const ALERT_EVERY_MS = 250
/** Of a whole minute. It sends one after the other: of more of them each would wait for those before it, too. */
const PEER_ALERTS = 30
const WARM_UP_MS = 3000
const INDEX = 'payments'

/** What both evaluate: one rule that tells of each failure, and one that has to see every event. */
const rules: Readonly<Record<string, string>> = {
  failed: 'type: any\nrealert: {minutes: 0}\nfilter: [{term: {status: failed}}]',
  silent: 'type: flatline\nthreshold: 1\ntimeframe: {minutes: 10}\nuse_count_query: true'
}

function ruleText(name: string, body: string): string {
  return `name: ${name}\nindex: ${INDEX}\nalert: post2\nhttp_post2_url: $RECEIVER\n${body}\n`
}

/** The same events in the same form: a whole document, mapped as es-sink maps a VARCHAR. */
const mappings = {
  settings: { number_of_replicas: 0 },
  mappings: { properties: { '@timestamp': { type: 'date' }, status: { type: 'keyword' } } }
}

type Told = 'a line on stdout' | 'a webhook'

/** alert-eval at the end of a pipe, with the flags that it has by itself. */
function alertEval(dir: string, alerts: number, told: Told): ServerContestant {
  return {
    name: `alert-eval, ${told}`,
    target: { delayMs: 50 },
    isWarm: true,
    async work() {
      const delays = new Delays()
      await using receiver = await listen(({ id }) => {
        if (told === 'a webhook') delays.told(id)
      })
      const child = start(tool('alert-eval', '--rules', dir, '--quiet'), { RECEIVER: receiver.url })
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => {
        if (told !== 'a webhook') delays.told((JSON.parse(line) as { match: { id: number } }).match.id)
      })
      const figures = await measureDelays(child.pid ?? 0, delays, async () => {
        const traffic = { firstId: 1, warmUpMs: WARM_UP_MS, alerts, alertEveryMs: ALERT_EVERY_MS }
        await writeEvents(child.stdin as Writable, delays, traffic)
      })
      child.stdin?.end()
      await ended(child, 'alert-eval')
      return figures
    }
  }
}

/** @param pid whose time and memory counts */
async function measureDelays(pid: number, delays: Delays, write: () => Promise<void>): Promise<Figures> {
  const from = { ms: performance.now(), cpuMs: cpuMsOf(pid) }
  await write()
  const delaysMs = await delays.all()
  return {
    wallMs: performance.now() - from.ms,
    cpuMs: cpuMsOf(pid) - from.cpuMs,
    peakBytes: highWaterMark(pid),
    delaysMs
  }
}

function start(command: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const [program, ...args] = tiedToParent(command)
  return spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } })
}

async function ended(child: ChildProcess, name: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}`)
}

/** How late alerts are. */
export const alertDelay: BenchCase = {
  name: 'alert-delay',
  measures:
    'from an event, one of 5,000/s, to its alert: piped into alert-eval, and by es-sink into Elasticsearch that ElastAlert asks every minute',
  unit: 'alerts',
  rows: 240,
  runs: 1,
  missing: () => elastAlertMissing() ?? serverAvailability('elasticsearch'),

  async prepare({ rows, log }) {
    await using started = new AsyncDisposableStack()
    const dir = await mkdtemp(join(tmpdir(), 'millrace-bench-'))
    started.defer(() => rm(dir, { recursive: true }))
    const folder = join(dir, 'rules')
    await mkdir(folder)
    for (const [name, body] of Object.entries(rules)) {
      await writeFile(join(folder, `${name}.yaml`), ruleText(name, body))
    }
    await writeFile(join(dir, 'mappings.json'), JSON.stringify(mappings))
    const server = started.use(await startServer('elasticsearch', { log }))
    let delays = new Delays()
    const receiver = started.use(await listen(({ id }) => delays.told(id)))
    let id = 1
    const elastAlert: ServerContestant = {
      name: 'ElastAlert 2, a webhook',
      isWarm: true,
      async work() {
        delays = new Delays()
        log('starts ElastAlert')
        await using elastAlert = await ElastAlert.start({
          url: server.url,
          rules: folder,
          runEvery: RUN_EVERY,
          bufferTime: BUFFER_TIME,
          env: { RECEIVER: receiver.url }
        })
        // its first run is at once, those after it a minute apart
        await elastAlert.nextRun(['failed'])
        const sink = start([
          ...tool('es-sink', server.url, '--index', INDEX, '--id', '{id}', '--mode', 'append', '--quiet'),
          ...['--mappings', join(dir, 'mappings.json')]
        ])
        const figures = await measureDelays(elastAlert.pid, delays, async () => {
          const alerts = Math.min(rows, PEER_ALERTS)
          const alertEveryMs = (RUN_EVERY * 1000) / alerts
          id = await writeEvents(sink.stdin as Writable, delays, {
            firstId: id,
            warmUpMs: 0,
            alerts,
            alertEveryMs
          })
        })
        sink.stdin?.end()
        await ended(sink, 'es-sink')
        return figures
      }
    }
    const all = started.move()
    return {
      servers: [`Elasticsearch ${server.version}`],
      judged: [alertEval(folder, rows, 'a line on stdout'), alertEval(folder, rows, 'a webhook')],
      peers: [elastAlert],
      [Symbol.asyncDispose]: () => all.disposeAsync()
    }
  }
}
