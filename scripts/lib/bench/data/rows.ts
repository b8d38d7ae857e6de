import { existsSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { join as joinPath } from 'node:path'
import { cachedFolder } from './cache.ts'
import { firstJoinAt, join } from './joins.ts'

/** Bytes of a plain row, its newline included. */
const ROW_BYTES = 301
/** How many players there are. */
export const PLAYERS = 50_000
const CITIES = 200
/** A city's rate changes after so many orders. */
const ORDERS_A_RATE = 500

/** The columns of a plain row, for a declaration. */
export const rowColumns = `id BIGINT, user_id BIGINT, contest_id INT, status STRING, quantity INT, amount DECIMAL(10, 2),
  created_at TIMESTAMP(3), device STRING, note STRING, WATERMARK FOR created_at AS created_at`

/** The columns of the rows in change events of `orders` and of `rates`. */
export const orderColumns = `id BIGINT, city INT, amount DECIMAL(10, 2), created_at TIMESTAMP(3),
  WATERMARK FOR created_at AS created_at`
export const rateColumns = `city INT, rate DECIMAL(6, 3), updated_at TIMESTAMP(3), WATERMARK FOR updated_at AS updated_at,
  PRIMARY KEY (city) NOT ENFORCED`

/** Plain rows, one a join. @returns the file's path */
export const rowFile = (rows: number, log: (message: string) => void): Promise<string> =>
  linesFile('rows', rows, row, log)

/** Change events of orders, with those of their cities' rates between them; `table` leaves those of one. @returns the file's path */
export const orderFile = (
  rows: number,
  table: 'orders' | 'rates' | 'both',
  log: (message: string) => void
): Promise<string> =>
  linesFile(
    `orders-${table}`,
    rows,
    n => (table === 'orders' ? '' : rateBefore(n)) + (table === 'rates' ? '' : order(n)),
    log
  )

/** A file of what `text` gives for each number below `rows`, written once. @returns its path */
export async function linesFile(
  kind: string,
  rows: number,
  text: (n: number) => string,
  log: (message: string) => void
): Promise<string> {
  const path = joinPath(await cachedFolder(kind), `${rows}.ndjson`)
  if (existsSync(path)) return path
  log(`writes ${path} (once)`)
  const unfinished = `${path}.${process.pid}`
  const file = await open(unfinished, 'w')
  const block = 10_000
  for (let from = 0; from < rows; from += block) {
    const count = Math.min(block, rows - from)
    await file.write(Array.from({ length: count }, (_, i) => text(from + i)).join(''))
  }
  await file.close()
  await rename(unfinished, path)
  return path
}

const iso = (ms: number): string => new Date(ms).toISOString().slice(0, -1)
const timeOf = (n: number): number => firstJoinAt + Math.floor(n / 10)

function row(n: number): string {
  const { id, quantity, amount, status } = join(n)
  const note = ''
  const values = {
    id,
    user_id: (n * 7919) % PLAYERS,
    contest_id: n % 997,
    status,
    quantity,
    amount: Number(amount),
    created_at: iso(timeOf(n)),
    device: `android-${n % 50}`,
    note
  }
  values.note = 'x'.repeat(ROW_BYTES - 1 - JSON.stringify(values).length)
  return `${JSON.stringify(values)}\n`
}

function change(table: string, before: object | null, after: object, ms: number): string {
  const source = {
    version: '0.1.0',
    connector: 'mysql',
    name: 'bench',
    ts_ms: ms,
    snapshot: 'false',
    db: 'bench',
    table
  }
  return `${JSON.stringify({ before, after, source, op: before === null ? 'c' : 'u', ts_ms: ms + 7 })}\n`
}

const order = (n: number): string =>
  change(
    'orders',
    null,
    { id: n + 1, city: (n * 31) % CITIES, amount: join(n).amount, created_at: iso(timeOf(n) + 1) },
    timeOf(n)
  )

/** The rate that changes before an order, of one city after the other; all have one before the first order. */
function rateBefore(n: number): string {
  if (n === 0)
    return Array.from({ length: CITIES }, (_, city) => change('rates', null, rate(city, 0), timeOf(0))).join(
      ''
    )
  if (n % ORDERS_A_RATE > 0) return ''
  const turn = n / ORDERS_A_RATE
  const city = turn % CITIES
  const last = Math.max(0, turn - CITIES)
  return change('rates', rate(city, last), rate(city, turn), timeOf(n))
}

const rate = (city: number, turn: number): object => ({
  city,
  rate: (1 + ((city + turn) % 100) / 100).toFixed(3),
  updated_at: iso(timeOf(turn * ORDERS_A_RATE))
})
