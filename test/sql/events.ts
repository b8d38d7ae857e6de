import assert from 'node:assert/strict'
import { compile, type Query, type QueryOptions, type RejectedLine } from '../../src/lib/sql/index.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'

export type Row = Record<string, unknown>

/** A change event as cdc-tail writes it. */
export function change(
  op: string,
  before: Row | null,
  after: Row | null,
  table = 'joins',
  db = 'dream'
): string {
  return JSON.stringify({ before, after, source: { db, table, ts_ms: 1 }, op, ts_ms: 2 })
}

export const created = (row: Row, table?: string): string => change('c', null, row, table)

/** What a query over lines gives: the results as written, and what it reported. */
export type Result = { text: string; rows: Row[]; rejected: string[]; late: string[]; warnings: string[] }

export type RunOptions = Pick<QueryOptions, 'watermarkDelay' | 'changelog' | 'emitEvery'> & {
  /** Leaves open windows open, as with a state. */
  unended?: boolean
}

/** Runs a query over lines, in one block. */
export function run(sql: string, lines: string[], options: RunOptions = {}): Result {
  const rejected: RejectedLine[] = []
  const late: string[] = []
  const warnings: string[] = []
  const query = compile(sql, {
    ...options,
    reject: line => rejected.push(line),
    late: bytes => late.push(bytes.toString()),
    warn: message => warnings.push(message)
  })
  const out = new ByteWriter()
  query.process(blockOf(lines), out)
  if (options.unended !== true) query.end(out)
  const missing = query.missing()
  if (missing !== undefined) warnings.push(missing)
  const text = out.written().toString()
  return {
    text,
    rows: parseLines(text),
    rejected: rejected.map(r => `${r.index}: ${r.reason}`),
    late,
    warnings
  }
}

export const blockOf = (lines: readonly string[]): Buffer =>
  Buffer.from(lines.map(line => `${line}\n`).join(''))

export const parseLines = (text: string): Row[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Row)

/** What a query gives that is stopped before a line and taken up again by another; it accepts no bad line. */
export function resumed(sql: string, lines: string[], at: number): Row[] {
  let saved: Buffer | undefined
  return [lines.slice(0, at), lines.slice(at)].flatMap(part => {
    const query = strictQuery(sql)
    if (saved !== undefined) query.restore(saved)
    const out = new ByteWriter()
    query.process(blockOf(part), out)
    saved = query.snapshot()
    return parseLines(out.written().toString())
  })
}

/** A query that accepts no bad line. */
export const strictQuery = (sql: string, options: Pick<QueryOptions, 'watermarkDelay'> = {}): Query =>
  compile(sql, {
    ...options,
    reject({ reason }) {
      throw new Error(reason)
    }
  })

/** What a query gives that is stopped after some lines, and taken up again by another one with the state of the first. */
export function runStopped(
  sql: string,
  lines: readonly string[],
  at: number
): Pick<Result, 'rows' | 'rejected'> {
  const rejected: string[] = []
  const out = new ByteWriter()
  const part = (from: number, to: number): Query => {
    const reject = ({ index, reason }: RejectedLine): number => rejected.push(`${from + index}: ${reason}`)
    const query = compile(sql, { reject })
    if (saved !== undefined) query.restore(saved)
    query.process(blockOf(lines.slice(from, to)), out)
    return query
  }
  let saved: Buffer | undefined
  saved = part(0, at).snapshot()
  part(Math.min(at, lines.length), lines.length).end(out)
  return { rows: parseLines(out.written().toString()), rejected }
}

/** The value of one expression over one plain row; `columns` declares its columns. */
export function evaluate(expression: string, row: Row = {}, columns = ''): unknown {
  const table =
    columns === '' ? '' : `CREATE TABLE t (${columns}) WITH ('connector' = 'stdin', 'format' = 'json');`
  const { rows, rejected } = run(
    `${table} SELECT ${expression} AS v FROM ${columns === '' ? 'events' : 't'}`,
    [JSON.stringify(row)]
  )
  return rejected.length > 0 ? `error: ${rejected[0]}` : rows[0]?.v
}

/** The rows that a changelog leads to, by their JSON; throws where it takes back what is not there. */
export function tableOf(events: readonly Row[]): string[] {
  const rows = new Map<string, number>()
  for (const { before, after } of events) {
    if (before !== null) {
      const text = JSON.stringify(before)
      const count = rows.get(text) ?? 0
      assert.ok(count > 0, `${text} is taken back, and is not there`)
      if (count === 1) rows.delete(text)
      else rows.set(text, count - 1)
    }
    if (after !== null) rows.set(JSON.stringify(after), (rows.get(JSON.stringify(after)) ?? 0) + 1)
  }
  return [...rows].flatMap(([text, count]) => Array<string>(count).fill(text)).sort()
}
