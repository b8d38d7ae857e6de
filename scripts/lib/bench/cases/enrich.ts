import type { BenchCase, Contestant } from '../case.ts'
import { program, tool } from '../commands.ts'
import { envelopeFile } from '../data/envelopes.ts'
import { join } from '../data/joins.ts'
import { writesLines } from '../proofs.ts'

const filterQuery = 'SELECT id, user_id, amount FROM joins WHERE quantity < 500'

const tumbleQuery = `SELECT window_end, status, COUNT(*) AS joins, SUM(amount) AS amount
  FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end, status`

/** WHERE and a list of columns. */
export const filter: BenchCase = {
  name: 'enrich-filter',
  measures: 'a query that takes half of the rows and half of the columns',
  unit: 'rows',
  rows: 1_000_000,
  prepare: ({ rows, log }) =>
    query(
      rows,
      filterQuery,
      'peers/filter.ts',
      countOf(rows, n => join(n).quantity < 500),
      log
    )
}

/** Aggregates in windows of event time. */
export const tumble: BenchCase = {
  name: 'enrich-tumble',
  measures: 'COUNT and SUM by four keys in windows of ten seconds',
  unit: 'rows',
  rows: 1_000_000,
  prepare: ({ rows, log }) => query(rows, tumbleQuery, 'peers/tumble.ts', groups(rows), log)
}

/** enrich against the same work written by hand, and against a stage that only passes lines on. */
async function query(
  rows: number,
  sql: string,
  peer: string,
  results: number,
  log: (message: string) => void
) {
  const stdin = await envelopeFile(rows, log)
  const contestant = (name: string, argv: string[], lines: number): Contestant => ({
    name,
    command: () => ({ argv, stdin }),
    proof: writesLines(lines)
  })
  return {
    servers: [],
    judged: [contestant('enrich', tool('enrich', '-e', sql), results)],
    peers: [
      contestant('by hand on JSON.parse', program(peer), results),
      contestant('pass-through', program('programs/pass-through.ts'), rows)
    ],
    async [Symbol.asyncDispose]() {}
  }
}

function countOf(rows: number, holds: (n: number) => boolean): number {
  let count = 0
  for (let n = 0; n < rows; n++) if (holds(n)) count++
  return count
}

/** The joins are one millisecond apart. */
function groups(rows: number): number {
  const seen = new Set<string>()
  for (let n = 0; n < rows; n++) seen.add(`${Math.floor(n / 10_000)} ${join(n).status}`)
  return seen.size
}
