import { GatewaySession } from '../../../../src/lib/sql/flink/gateway.ts'
import { Flink, flinkMissing } from '../../peers/flink.ts'
import type { BenchCase, Contest, Contestant, Target } from '../case.ts'
import { tool } from '../commands.ts'
import { orderColumns, orderFile, rateColumns, rowColumns, rowFile } from '../data/rows.ts'
import { flinkContestant } from '../peers/flink.ts'
import { leaves } from '../proofs.ts'

const ROWS = 1_000_000

/** A table of a query: its columns, and where enrich and Flink read it from. */
type Table = { name: string; columns: string; format: string; path: string }

type Question = {
  name: string
  measures: string
  sql: string
  target: Target
  tables(rows: number, log: (message: string) => void): Promise<{ stdin: string; tables: Table[] }>
}

/** The same query over the same rows, by enrich from a pipe and by Flink from files. */
function besideFlink({ name, measures, sql, target, tables: tablesOf }: Question): BenchCase {
  return {
    name,
    measures,
    unit: 'rows',
    rows: ROWS,
    runs: 5,
    missing: flinkMissing,

    async prepare({ rows, log }): Promise<Contest> {
      await using started = new AsyncDisposableStack()
      const { stdin, tables } = await tablesOf(rows, log)
      log('starts Flink')
      const flink = started.use(await Flink.start())
      const session = await GatewaySession.open(new URL(flink.gateway), {
        'execution.runtime-mode': 'streaming',
        'table.dml-sync': 'true',
        'parallelism.default': '1',
        'table.local-time-zone': 'UTC'
      })
      const declare = (table: Table, options: string): string =>
        `CREATE TABLE ${table.name} (${table.columns}) WITH (${options}, 'format' = '${table.format}')`
      for (const table of tables) {
        const options = `'connector' = 'filesystem', 'path' = '${table.path}', '${table.format}.timestamp-format.standard' = 'ISO-8601'`
        await session.run(declare(table, options))
      }
      await session.run(`CREATE VIEW answer AS ${sql}`)
      const { rows: described } = await session.run('DESCRIBE answer')
      const columns = described.map(
        ([column, type]) => `\`${column}\` ${String(type).replace(/ \*ROWTIME\*| NOT NULL/g, '')}`
      )
      await session.run(`CREATE TABLE nothing (${columns.join(', ')}) WITH ('connector' = 'blackhole')`)
      const text = [...tables.map(table => declare(table, "'connector' = 'stdin'")), sql].join(';\n')
      const enrich: Contestant = {
        name: 'enrich',
        target,
        command: () => ({ argv: tool('enrich', '-e', text), stdin }),
        proof: leaves(async () => null)
      }
      const all = started.move()
      return {
        servers: ['Flink 2.3'],
        judged: [enrich],
        peers: [flinkContestant(session, flink, 'INSERT INTO nothing SELECT * FROM answer')],
        [Symbol.asyncDispose]: () => all.disposeAsync()
      }
    }
  }
}

async function plainRows(rows: number, log: (message: string) => void): ReturnType<Question['tables']> {
  const path = await rowFile(rows, log)
  return { stdin: path, tables: [{ name: 'joins', columns: rowColumns, format: 'json', path }] }
}

const tumble = (key: string): string =>
  `SELECT window_end, ${key}, COUNT(*) AS joins, SUM(amount) AS amount
  FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, ${key}`

/** At most 40 % of what Flink needs at its best. */
const CPU_MICROS = 1.0

export const filterBesideFlink = besideFlink({
  name: 'enrich-flink-filter',
  measures: 'half of the rows of 300 bytes and a third of their columns',
  sql: 'SELECT id, user_id, amount FROM joins WHERE quantity < 500',
  target: { perSecond: 1_000_000, cpuMicros: CPU_MICROS },
  tables: plainRows
})

export const tumbleBesideFlink = besideFlink({
  name: 'enrich-flink-tumble',
  measures: 'COUNT and SUM by four keys in windows of a minute',
  sql: tumble('status'),
  target: { perSecond: 900_000 },
  tables: plainRows
})

export const manyKeysBesideFlink = besideFlink({
  name: 'enrich-flink-keys',
  measures: 'COUNT and SUM by 50,000 keys in windows of a minute',
  sql: tumble('user_id'),
  target: { perSecond: 600_000 },
  tables: plainRows
})

export const groupsBesideFlink = besideFlink({
  name: 'enrich-flink-groups',
  measures: 'COUNT and SUM by a million keys, kept for ever',
  sql: 'SELECT id, COUNT(*) AS joins, SUM(amount) AS amount FROM joins GROUP BY id',
  target: { peakBytes: 250_000_000 },
  tables: plainRows
})

export const temporalBesideFlink = besideFlink({
  name: 'enrich-flink-temporal',
  measures: 'change events of orders, each with the rate of its city at its time',
  sql: 'SELECT o.id, o.amount * r.rate AS cost FROM orders AS o JOIN rates FOR SYSTEM_TIME AS OF o.created_at AS r ON o.city = r.city',
  target: { perSecond: 400_000 },
  async tables(rows, log) {
    const [stdin, orders, rates] = await Promise.all([
      orderFile(rows, 'both', log),
      orderFile(rows, 'orders', log),
      orderFile(rows, 'rates', log)
    ])
    const table = (name: string, columns: string, path: string): Table => ({
      name,
      columns,
      format: 'debezium-json',
      path
    })
    return { stdin, tables: [table('orders', orderColumns, orders), table('rates', rateColumns, rates)] }
  }
})
