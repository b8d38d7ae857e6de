import type { BenchCase, CaseOptions, Contest, Contestant } from '../case.ts'
import { program, tool } from '../commands.ts'
import { envelopeFile } from '../data/envelopes.ts'
import { agreement, writesLines } from '../proofs.ts'

/** Half of the joins. */
export const filterQuery = 'SELECT id, user_id, amount FROM joins WHERE quantity < 500'

const tumbleQuery = `SELECT window_end, status, COUNT(*) AS joins, SUM(amount) AS amount
  FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end, status`

/** WHERE and a list of columns. */
export const filter: BenchCase = {
  name: 'enrich-filter',
  measures: 'a query that takes half of the rows and half of the columns',
  unit: 'rows',
  rows: 1_000_000,
  prepare: options => query(filterQuery, 'peers/filter.ts', options)
}

/** Aggregates in windows of event time. */
export const tumble: BenchCase = {
  name: 'enrich-tumble',
  measures: 'COUNT and SUM by four keys in windows of ten seconds',
  unit: 'rows',
  rows: 1_000_000,
  prepare: options => query(tumbleQuery, 'peers/tumble.ts', options)
}

/** Keys in no order, two rows of each. */
const spillQuery = (keys: number): string =>
  `SELECT contest, COUNT(*) AS joins, SUM(amount) AS amount
  FROM (SELECT MOD(id * 1000003, ${keys}) AS contest, amount FROM joins) GROUP BY contest`

/** A state that is larger than what it may take in memory. */
export const spill: BenchCase = {
  name: 'enrich-spill',
  measures: 'COUNT and SUM by five million keys, with 200 MB of them in memory and with all',
  unit: 'rows',
  rows: 10_000_000,
  runs: 3,
  async prepare({ rows, log }): Promise<Contest> {
    const stdin = await envelopeFile(rows, log)
    const sameAnswer = agreement()
    const contestant = (name: string, memory: string): Contestant => ({
      name,
      command: () => ({
        argv: tool('enrich', '-e', spillQuery(rows / 2), '--state-memory', memory),
        stdin
      }),
      proof: sameAnswer
    })
    return {
      servers: [],
      judged: [contestant('200 MB', '200m')],
      peers: [contestant('in memory', '64g')],
      async [Symbol.asyncDispose]() {}
    }
  }
}

/** enrich against the same work written by hand, with the same answer, and against a stage that only passes lines on. */
async function query(sql: string, peer: string, { rows, log }: CaseOptions): Promise<Contest> {
  const stdin = await envelopeFile(rows, log)
  const contestant = (name: string, argv: string[], proof: Contestant['proof']): Contestant => ({
    name,
    command: () => ({ argv, stdin }),
    proof
  })
  const sameAnswer = agreement()
  return {
    servers: [],
    judged: [contestant('enrich', tool('enrich', '-e', sql), sameAnswer)],
    peers: [
      contestant('by hand on JSON.parse', program(peer), sameAnswer),
      contestant('pass-through', program('programs/pass-through.ts'), writesLines(rows))
    ],
    async [Symbol.asyncDispose]() {}
  }
}
