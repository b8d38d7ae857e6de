import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Flink } from '../../scripts/lib/peers/flink.ts'
import { FlinkError, GatewaySession } from '../../src/lib/sql/flink/gateway.ts'
import { compile, type Query } from '../../src/lib/sql/index.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { type Change, type Column, fold, parseLine, type Rows, typeOf } from './flink-values.ts'

export { flinkMissing } from '../../scripts/lib/peers/flink.ts'

/** A source with the same columns in both programs: `json` rows, or `debezium-json` changes of the table of its name. */
export type SourceTable = {
  readonly name: string
  /** What stands in the parentheses of CREATE TABLE. */
  readonly columns: string
  readonly format: 'json' | 'debezium-json'
  readonly lines: readonly string[]
}

export type View = { readonly name: string; readonly sql: string }

/** What queries can name. Of the tables of `json` a query reads one. */
export type Sources = { readonly tables: readonly SourceTable[]; readonly views: readonly View[] }

/** A SELECT, and what it is there to show. */
export type QueryCase = { readonly name: string; readonly sql: string }

export type FlinkResult =
  | { readonly columns: readonly Column[]; readonly rows: Rows }
  | { readonly error: string }

/** Queries of one job: jobs cost more than what is in them, and the windows of one share 32 MB. */
const PER_JOB = 10
const SIDE_BY_SIDE = 2

const JSON_OPTIONS = (format: string): string =>
  `'format' = '${format}', '${format}.timestamp-format.standard' = 'ISO-8601'`

/** Flink, with one session in which the sources are declared. */
export class FlinkJudge implements AsyncDisposable {
  readonly #flink: Flink
  readonly #session: GatewaySession
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-flink-data-'))
  #queries = 0

  private constructor(flink: Flink, session: GatewaySession) {
    this.#flink = flink
    this.#session = session
  }

  static async start(sources: Sources): Promise<FlinkJudge> {
    const flink = await Flink.start()
    try {
      const session = await GatewaySession.open(new URL(flink.gateway), {
        'execution.runtime-mode': 'streaming',
        'table.dml-sync': 'true',
        'table.local-time-zone': 'UTC',
        // The watermark moves on with each row, as ours.
        'pipeline.auto-watermark-interval': '0'
      })
      const judge = new FlinkJudge(flink, session)
      await judge.#declare(sources)
      return judge
    } catch (error) {
      await flink[Symbol.asyncDispose]()
      throw error
    }
  }

  async #declare({ tables, views }: Sources): Promise<void> {
    for (const { name, columns, format, lines } of tables) {
      const path = join(this.#folder, `${name}.ndjson`)
      writeFileSync(path, lines.map(line => `${line}\n`).join(''))
      const options = `'connector' = 'filesystem', 'path' = '${path}', ${JSON_OPTIONS(format)}`
      await this.#session.run(`CREATE TABLE \`${name}\` (${columns}) WITH (${options})`)
    }
    for (const { name, sql } of views) await this.#session.run(`CREATE VIEW \`${name}\` AS ${sql}`)
  }

  /** What Flink makes of each query. */
  async results(cases: readonly QueryCase[]): Promise<Map<QueryCase, FlinkResult>> {
    const results = new Map<QueryCase, FlinkResult>()
    let next = 0
    const work = async (): Promise<void> => {
      while (next < cases.length) {
        const some = cases.slice(next, (next += PER_JOB))
        for (const [query, result] of await this.#job(some)) results.set(query, result)
      }
    }
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
    return results
  }

  async #job(cases: readonly QueryCase[]): Promise<Map<QueryCase, FlinkResult>> {
    const results = new Map<QueryCase, FlinkResult>()
    const sinks: { query: QueryCase; columns: Column[]; insert: string; path: string }[] = []
    for (const query of cases) {
      try {
        sinks.push({ query, ...(await this.#sink(query.sql)) })
      } catch (error) {
        results.set(query, { error: refusal(error) })
      }
    }
    if (sinks.length === 0) return results
    try {
      const inserts = sinks.map(({ insert }) => insert)
      await this.#session.run(
        inserts.length === 1
          ? (inserts[0] as string)
          : `EXECUTE STATEMENT SET BEGIN ${inserts.join('; ')}; END`
      )
      for (const { query, columns, path } of sinks)
        results.set(query, { columns, rows: fold(changesIn(path), columns) })
    } catch (error) {
      const reason = refusal(error)
      // One of them: each is tried alone.
      if (sinks.length > 1)
        for (const { query } of sinks)
          for (const [q, result] of await this.#job([query])) results.set(q, result)
      else results.set((sinks[0] as { query: QueryCase }).query, { error: reason })
    }
    return results
  }

  /** A table for the result of a query, with the types that Flink derives. */
  async #sink(sql: string): Promise<{ columns: Column[]; insert: string; path: string }> {
    const n = this.#queries++
    await this.#session.run(`CREATE VIEW q${n} AS ${sql}`)
    const { rows } = await this.#session.run(`DESCRIBE q${n}`)
    const described = rows.map(([name, type]) => ({ name: String(name), type: String(type) }))
    const columns = described.map(({ name, type }) => ({ name, type: typeOf(type) }))
    const path = join(this.#folder, `out-${n}`)
    mkdirSync(path)
    const declared = described.map(
      ({ name, type }) => `\`${name}\` ${type.replace(/ \*ROWTIME\*/, '').replace(/ NOT NULL$/, '')}`
    )
    // The only format of files that takes rows back.
    await this.#session.run(
      `CREATE TABLE out${n} (${declared.join(', ')}) WITH ('connector' = 'filesystem', 'path' = '${path}', ${JSON_OPTIONS('debezium-json')},
        'debezium-json.encode.decimal-as-plain-number' = 'true')`
    )
    return { columns, insert: `INSERT INTO out${n} SELECT * FROM q${n}`, path }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flink[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true })
  }
}

function refusal(error: unknown): string {
  if (error instanceof FlinkError) return error.message
  throw error
}

function changesIn(folder: string): Change[] {
  return readdirSync(folder)
    .flatMap(file => readFileSync(join(folder, file), 'utf8').split('\n'))
    .filter(line => line !== '')
    .map(line => parseLine(line) as Change)
}

/** Compiles a query with the sources that it names. Throws SqlError; the query throws an Error for a line that it rejects. */
export function compileCase(
  { sql }: QueryCase,
  { tables, views }: Sources
): { query: Query; lines: readonly string[] } {
  const named = (text: string, name: string): boolean =>
    new RegExp(`(?:\\b(?:FROM|JOIN|TABLE)|,)\\s+${name}\\b`).test(text)
  const ofViews = views.filter(view => named(sql, view.name))
  const text = [...ofViews.map(view => view.sql), sql].join('\n')
  const ofTables = tables.filter(table => named(text, table.name))
  const statements = [
    ...ofTables.map(
      ({ name, columns, format }) =>
        `CREATE TABLE \`${name}\` (${columns}) WITH ('connector' = 'stdin', 'format' = '${format}')`
    ),
    ...ofViews.map(view => `CREATE VIEW \`${view.name}\` AS ${view.sql}`),
    sql
  ]
  const query = compile(statements.join(';\n'), {
    reject({ reason }) {
      throw new Error(`a line is rejected: ${reason}`)
    }
  })
  return { query, lines: interleaved(ofTables) }
}

/** What enrich makes of a query, in the columns that Flink derived. */
export function enrichResult(query: QueryCase, sources: Sources, columns: readonly Column[]): Rows {
  const { query: compiled, lines } = compileCase(query, sources)
  const out = new ByteWriter()
  compiled.process(Buffer.from(lines.map(line => `${line}\n`).join('')), out)
  compiled.end(out)
  const results = out
    .written()
    .toString()
    .split('\n')
    .filter(line => line !== '')
    .map(parseLine)
  return fold(
    results.map(line => (compiled.appendOnly ? { before: null, after: line } : (line as Change))),
    columns
  )
}

/** The lines of all tables in one stream, by the times of the changes. */
function interleaved(tables: readonly SourceTable[]): readonly string[] {
  if (tables.length === 1) return (tables[0] as SourceTable).lines
  const timeOf = (line: string): number => (JSON.parse(line) as { source: { ts_ms: number } }).source.ts_ms
  return tables
    .flatMap(table => table.lines.map(line => ({ line, time: timeOf(line) })))
    .sort((a, b) => a.time - b.time)
    .map(({ line }) => line)
}
