import type { Statement } from './ast.ts'
import { didYouMean, SqlError } from './errors.ts'

/** What SET says. */
export type Settings = {
  /** ms that a row of a join or group is kept after its last use; 0 for ever. Source: Flink's table.exec.state.ttl. */
  stateTtl: number
  /** ms after which a table without rows no longer holds time back; 0: never. Source: Flink's table.exec.source.idle-timeout. */
  idleTimeout: number | undefined
}

const stateTtl = 'table.exec.state.ttl'
const idleTimeout = 'table.exec.source.idle-timeout'

/** Settings that change how Flink works and not what it answers; they are taken and left. */
const withoutEffect = [
  'execution.checkpointing.interval',
  'execution.runtime-mode',
  'parallelism.default',
  'pipeline.auto-watermark-interval',
  'pipeline.name',
  'sql-client.execution.result-mode',
  'table.dml-sync',
  'table.exec.mini-batch.allow-latency',
  'table.exec.mini-batch.enabled',
  'table.exec.mini-batch.size',
  'table.exec.sink.not-null-enforcer',
  'table.optimizer.agg-phase-strategy'
]

/** The settings of a text. Throws SqlError for one that would change the answer and is not in the subset. */
export function settingsOf(statements: Statement[], text: string): Settings {
  const settings: Settings = { stateTtl: 0, idleTimeout: undefined }
  for (const statement of statements) {
    if (statement.kind !== 'set') continue
    const { key, value } = statement
    if (key === stateTtl)
      settings.stateTtl = milliseconds(value) ?? fail(statement, `'${value}' is no duration`, text)
    else if (key === idleTimeout)
      settings.idleTimeout = milliseconds(value) ?? fail(statement, `'${value}' is no duration`, text)
    else if (key === 'table.local-time-zone') {
      if (!/^(UTC|GMT|Etc\/UTC|Z)$/i.test(value))
        fail(statement, `the time zone is UTC here, not ${value}`, text)
    } else if (!withoutEffect.includes(key)) {
      fail(
        statement,
        `the setting ${key} is not in the subset${didYouMean(key, [stateTtl, idleTimeout, ...withoutEffect])}`,
        text
      )
    }
  }
  return settings
}

function fail(span: Statement, reason: string, text: string): never {
  throw new SqlError('unsupported', reason, text, span)
}

const units: Record<string, number> = {
  ms: 1,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000
}

/** A duration as Flink's settings write it: `10 min`, `1h`; a number alone is ms. */
export function milliseconds(value: string): number | undefined {
  const [, number, unit = 'ms'] = /^\s*(\d+)\s*([a-z]+)?\s*$/i.exec(value) ?? []
  const size = units[unit.toLowerCase()]
  return number === undefined || size === undefined ? undefined : Number(number) * size
}
