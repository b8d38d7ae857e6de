import { relative } from 'node:path'
import type { run } from 'node:test'

export type TestEvent = NonNullable<ReturnType<ReturnType<typeof run>['read']>>

const COUNTS = ['tests', 'suites', 'pass', 'fail', 'cancelled', 'skipped', 'todo'] as const
const SLOW_MS = 5000

/**
 * The events of several runs of node:test, one after the other, as those of one: totals are added up and come once, at the
 * end, with the slowest files before them.
 * @param done is told at the end whether anything failed
 */
export async function* joinRuns(
  runs: AsyncIterable<readonly TestEvent[]>,
  done: (failed: boolean) => void
): AsyncGenerator<TestEvent, void, void> {
  const begun = performance.now()
  const totals = new Map<string, number>(COUNTS.map(name => [name, 0]))
  const files: { file: string; ms: number }[] = []
  let failed = false
  let summary: TestEvent | undefined
  for await (const events of runs) {
    for (const event of events) {
      if (event.type === 'test:fail' && event.data.todo === undefined) failed = true
      if (event.type === 'test:summary') {
        if (!event.data.success) failed = true
        if (event.data.file !== undefined) files.push({ file: event.data.file, ms: event.data.duration_ms })
      }
      const total = totalOf(event)
      // The reporter lists the failed tests when it gets the summary of a run.
      if (event.type === 'test:summary' && event.data.file === undefined) summary = event
      else if (total === undefined) yield event
      else if (total.name !== 'duration_ms')
        totals.set(total.name, (totals.get(total.name) ?? 0) + total.value)
    }
  }
  if (summary !== undefined) yield summary
  for (const { file, ms } of files.sort((a, b) => b.ms - a.ms)) {
    if (ms >= SLOW_MS)
      yield diagnostic(`${(ms / 1000).toFixed(1).padStart(6)} s  ${relative(process.cwd(), file)}`)
  }
  for (const [name, value] of totals) yield diagnostic(`${name} ${value}`)
  yield diagnostic(`duration_ms ${Math.round(performance.now() - begun)}`)
  done(failed)
}

/** A line of the summary, such as `tests 12` or `duration_ms 345.6`. */
function totalOf(event: TestEvent): { name: string; value: number } | undefined {
  if (event.type !== 'test:diagnostic' || event.data.nesting !== 0) return undefined
  const [name = '', value, ...rest] = event.data.message.split(' ')
  const isTotal = (COUNTS as readonly string[]).includes(name) || name === 'duration_ms'
  return isTotal && rest.length === 0 ? { name, value: Number(value) } : undefined
}

function diagnostic(message: string): TestEvent {
  return { type: 'test:diagnostic', data: { nesting: 0, message, level: 'info' } } as TestEvent
}
