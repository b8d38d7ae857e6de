import {
  type CommandSpec,
  commonFlags,
  type Invocation,
  inputFlags,
  kafkaInputTexts,
  kafkaSecurityText,
  runTool,
  serverFlags,
  ToolError,
  usageError
} from '../lib/cli/index.ts'
import { crossed, type Figures, LatencyProbe, parseThreshold, type Threshold } from '../lib/latency/index.ts'
import { OutputWriter, openInputPort, openOutput, runStage } from '../lib/stream/index.ts'

const flags = {
  every: { kind: 'duration', short: 'e', default: 10_000, help: 'time between two lines of figures' },
  field: {
    kind: 'string',
    short: 'f',
    arg: 'PATH',
    help: 'time field from which the stage total is measured',
    doc: 'A dotted name, as window_end or after.created_at; a name alone is also looked for in the row of a change event. ISO 8601, or seconds or milliseconds since 1970.'
  },
  threshold: {
    kind: 'strings',
    short: 't',
    arg: 'LIMIT',
    help: "a limit, as 'p99<50s' or 'source.p99<2s'; repeatable",
    doc: 'A figure (count, rate, p50, p90, p99, p99.9, max) and what it must stay below, or above with >; p99=50s is p99<50s. Without a stage it is that of --field, else source. What crosses it is said at once; when the figures of the whole run cross it, or there are none, the status is 4.'
  },
  tee: { kind: 'boolean', help: 'pass the input on to stdout, figures to stderr' },
  in: inputFlags.in,
  'stop-at': inputFlags['stop-at'],
  'max-line': inputFlags['max-line'],
  out: {
    kind: 'string',
    arg: 'PORT',
    default: '-',
    complete: 'file',
    help: 'where the figures go: -, a file',
    doc: 'Not with --tee.'
  },
  ...serverFlags,
  ...commonFlags
} as const

export const spec = {
  name: 'latency-probe',
  summary: 'measure how old events are when they arrive',
  synopsis: ['[FLAG...]', '--tee [FLAG...]'],
  description: [
    'latency-probe reads change events and plain rows, one JSON object a line, takes the time now minus an event time for each, and prints figures as one line of JSON: every --every for that interval, and at the end for the whole run ("final":true). Times are in milliseconds, from HDR histograms.',
    'Stages: source, from the commit of the change (source.ts_ms) to here; capture, from the commit until it was read from the log (ts_ms); total, from the time in --field to here.',
    'It keeps no state and acknowledges no marks, so it never holds a pipeline back; with --tee it can stand inside one.'
  ],
  sections: [{ title: 'KAFKA', text: [...kafkaInputTexts, kafkaSecurityText] }],
  flags,
  examples: [
    {
      text: 'how far a pipeline is behind the database',
      code: 'cdc-tail mysql://cdc@db/dream | latency-probe'
    },
    {
      text: 'inside a pipe, failing when it is too slow',
      code: "cdc-tail mysql://cdc@db/dream | latency-probe --tee --threshold 'p99<2s' | es-sink http://localhost:9200 --index a --id '{id}'"
    }
  ]
} as const satisfies CommandSpec

export async function main(): Promise<void> {
  await runTool<typeof flags>(spec, probeLatency)
}

async function probeLatency({ flags, log, stop, ready }: Invocation<typeof spec.flags>): Promise<number> {
  if (flags.every < 1) throw usageError('--every is at least 1ms')
  if (flags.tee && flags.out !== '-')
    throw usageError('--tee and --out exclude each other: the figures go to stderr')
  const stage = flags.field === undefined ? 'source' : 'total'
  const thresholds = flags.threshold.map(text => parseThreshold(text, stage))
  const probe = new LatencyProbe(flags.field, Date.now())
  const input = await openInputPort(
    flags.in,
    { maxLine: flags.maxLine },
    {
      ...flags,
      clientId: 'latency-probe',
      stop,
      warn: message => log.warn(message)
    }
  )
  const writer = new OutputWriter(openOutput(flags.out))

  let printed = Promise.resolve()
  const print = (figures: Figures, final: boolean): void => {
    const line = `${JSON.stringify({ time: new Date().toISOString(), final, ...figures })}\n`
    if (flags.tee) process.stderr.write(line)
    else {
      writer.bytes.text(line)
      printed = printed.then(() => writer.drain())
      // a failure is thrown at the end; until then it must not count as unhandled
      printed.catch(() => {})
    }
  }
  const timer = setInterval(() => {
    const figures = probe.endInterval(Date.now())
    print(figures, false)
    for (const threshold of thresholds) {
      const message = crossed(threshold, figures)
      if (message !== undefined) log.warn(message)
    }
  }, flags.every)
  await ready([{ name: 'events_total', help: 'Lines measured', kind: 'counter', read: () => probe.events }])
  log.progress(() => `${probe.events} events`)
  let figures: Figures
  try {
    await runStage(
      input,
      flags.tee ? writer : null,
      {
        passesRows: true,
        begin: async () => {},
        lines(part) {
          probe.measure(part.bytes, Date.now())
          if (flags.tee) writer.bytes.append(part.bytes)
        },
        mark: async () => {},
        end: async () => {}
      },
      stop
    )
  } finally {
    clearInterval(timer)
    figures = probe.endRun(Date.now())
    print(figures, true)
    await printed
  }
  await writer.output.close()
  if (figures.unmeasured > 0)
    log.warn(`${figures.unmeasured} of ${figures.events} lines had no time to measure by`)
  judge(thresholds, figures)
  return 0
}

/** @throws ToolError THRESHOLD when a limit was crossed, or could not be judged */
function judge(thresholds: readonly Threshold[], figures: Figures): void {
  const messages = thresholds.flatMap(threshold => {
    if (figures.stages[threshold.stage] === undefined)
      return [`${threshold.text}: nothing was measured for ${threshold.stage}`]
    return crossed(threshold, figures) ?? []
  })
  if (messages.length > 0) throw new ToolError('THRESHOLD', messages.join('\n  '))
}
