import { setTimeout as delay } from 'node:timers/promises'
import { type Comparison, combine, compareGateways, compareJoins, compareTable } from './compare.ts'
import { ElasticStore } from './elastic.ts'
import { Evening, tables } from './evening.ts'
import { FileStore } from './files.ts'
import { type DocumentLatency, LatencySampler, type Percentiles } from './latency.ts'
import { type Alert, Pipeline, type ProbeFigures } from './pipeline.ts'
import { recordedEvening } from './places.ts'
import { RunFolder } from './run-folder.ts'
import type { Screen } from './screen.ts'
import { privateServer } from './servers.ts'
import { type EveningSource, LiveEvening, RecordedEvening } from './sources.ts'
import { readStanding, type Standing } from './standing.ts'
import type { Store } from './store.ts'
import { liveLine, liveLines } from './summary.ts'
import type { Tally } from './tally.ts'

export interface DemoOptions {
  readonly seconds: number
  readonly rate: number
  readonly seed: number
  /** Servers of one's own. */
  readonly mysql: string | undefined
  readonly elastic: string | undefined
  /** Do without, even where they could be had. */
  readonly withoutMysql: boolean
  readonly withoutElastic: boolean
  readonly keep: boolean
}

/** How one run went. */
export interface Outcome {
  readonly source: EveningSource
  readonly store: Store
  readonly tally: Tally
  readonly figures: ProbeFigures
  readonly latency: DocumentLatency | null
  readonly standing: Standing
  readonly comparison: Comparison
  readonly alerts: readonly Alert[]
  /** Warnings of the tools. */
  readonly warnings: readonly string[]
  /** Where everything lies, when it is kept. */
  readonly folder: string | null
}

const terminalEveryMs = 1000
const plainEveryMs = 5000

/** Runs the evening once. Whatever is started ends with `stack`. */
export async function runDemo(
  options: DemoOptions,
  screen: Screen,
  stack: AsyncDisposableStack,
  stop: AbortSignal
): Promise<Outcome> {
  const folder = stack.use(new RunFolder(options.keep))
  const [source, store] = await Promise.all([
    openSource(options, screen, stack),
    openStore(options, screen, stack, folder)
  ])
  screen.say(`${source.description} → millrace → ${store.description}`)
  const pipeline = stack.use(new Pipeline(folder, store))
  const sampler = store instanceof ElasticStore ? new LatencySampler(store, 'contest_joins') : null
  const played = new AbortController()
  let tally: Tally | undefined
  const listener = {
    begins: (started: Tally) => {
      tally = started
    },
    joined: (id: number, at: number) => sampler?.offer(id, at)
  }
  const playing = source
    .play(pipeline, listener, stop)
    .catch(error => pipeline.reasonFor(error))
    .finally(() => played.abort())
  const watching = watch(screen, store, pipeline, () => tally, sampler, played.signal)
  const sampling = sampler?.run(played.signal)
  await Promise.race([Promise.all([playing, watching, sampling]), pipeline.failed])
  await pipeline.finish()
  if (tally === undefined) throw new Error('the evening did not begin')

  const alerts = pipeline.alerts()
  const standing = await readStanding(store, alerts)
  const figures = pipeline.figures()
  screen.clear()
  return {
    source,
    store,
    tally,
    figures,
    latency: sampler?.result() ?? null,
    standing,
    comparison: await compare(source, store, standing, tally, figures),
    alerts,
    warnings: folder.messages().filter(line => /warning:|error:/.test(line)),
    folder: options.keep ? folder.path : null
  }
}

async function openSource(
  options: DemoOptions,
  screen: Screen,
  stack: AsyncDisposableStack
): Promise<EveningSource> {
  const evening = options.withoutMysql ? { missing: '--no-mysql' } : await openMysql(options, screen, stack)
  if (!('missing' in evening)) return evening
  screen.say(
    `No MySQL (${evening.missing}): replaying an evening that was recorded from one, examples/evening.ndjson.gz`
  )
  return new RecordedEvening(recordedEvening, options.seconds)
}

/** The evening on the MySQL that was given, or a private one; the reason, in words, when there can be none. */
export async function openMysql(
  { seconds, rate, seed, mysql }: DemoOptions,
  screen: Screen,
  stack: AsyncDisposableStack
): Promise<LiveEvening | { readonly missing: string }> {
  const evening = new Evening({ seconds, rate, seed })
  if (mysql !== undefined) return stack.use(await LiveEvening.create(mysql, mysql, evening))
  const server = await privateServer('mysql80', line => screen.say(line))
  if ('missing' in server) return server
  stack.use(server)
  const tailUrl = new URL(server.url)
  tailUrl.username = tailUrl.password = 'cdc'
  return stack.use(await LiveEvening.create(server.url, tailUrl.href, evening))
}

async function openStore(
  { elastic, withoutElastic }: DemoOptions,
  screen: Screen,
  stack: AsyncDisposableStack,
  folder: RunFolder
): Promise<Store> {
  if (elastic !== undefined) return await ElasticStore.create(elastic)
  const server = withoutElastic
    ? { missing: '--no-elastic' }
    : await privateServer('elasticsearch', line => screen.say(line))
  if ('missing' in server) {
    screen.say(`No Elasticsearch (${server.missing}): files in its place`)
    return new FileStore(folder.folder('files'))
  }
  stack.use(server)
  const store = await ElasticStore.create(server.url)
  await store.warmUp()
  return store
}

/** Shows how the evening goes until it is over. */
async function watch(
  screen: Screen,
  store: Store,
  pipeline: Pipeline,
  tallyNow: () => Tally | undefined,
  sampler: LatencySampler | null,
  over: AbortSignal
): Promise<void> {
  while (!over.aborted) {
    await delay(screen.terminal ? terminalEveryMs : plainEveryMs, undefined, { signal: over }).catch(() => {})
    const tally = tallyNow()
    if (tally === undefined || over.aborted) continue
    const standing = await readStanding(store, pipeline.alerts())
    const { clock, events, perSecond } = tally
    const progress = { clock, events, eventsPerSecond: perSecond, p99: sampler?.recent(100)?.p99 ?? null }
    if (screen.terminal) screen.show(liveLines(progress, standing))
    else screen.say(liveLine(progress, standing))
  }
}

/** Holds the results against what the source says there should be. */
async function compare(
  source: EveningSource,
  store: Store,
  standing: Standing,
  tally: Tally,
  figures: ProbeFigures
): Promise<Comparison> {
  const comparisons: Comparison[] = []
  for (const table of tables) {
    const [rows, documents] = await Promise.all([source.rows(table), store.documents(table)])
    comparisons.push(compareTable(table, rows, documents))
  }
  const lost =
    figures.events === tally.changes
      ? []
      : [`${figures.events} events came through the pipe for ${tally.changes} changed rows`]
  const { rows, documents, differences } = combine(comparisons)
  const counts = [
    ...compareJoins(tally.joins, standing.minutes),
    ...compareGateways(await source.rows('payments'), standing.gateways)
  ]
  return { rows, documents, differences: [...differences, ...counts, ...lost] }
}

/** What was measured, in words, and its figures: the longest way that can be measured. */
export function latencyOf(outcome: Outcome): { measured: string; ms: Percentiles | null } {
  const { since } = outcome.source
  if (outcome.latency === null) {
    return { measured: `${since} → end of the pipe (latency-probe, all events)`, ms: pipeLatency(outcome) }
  }
  const { samples, searchable } = outcome.latency
  return { measured: `${since} → document found by a search (${samples} followed)`, ms: searchable }
}

/** From the commit to the end of the pipe, over all events, as latency-probe has it. */
export function pipeLatency({ figures }: Outcome): Percentiles | null {
  const { source } = figures.stages
  return source === undefined ? null : { p50: source.p50, p99: source.p99, max: source.max }
}
