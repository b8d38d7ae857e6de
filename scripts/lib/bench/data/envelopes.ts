import { firstJoinAt, join } from './joins.ts'
import { linesFile } from './rows.ts'

/**
 * A file of change events as cdc-tail writes them, about 400 bytes each, one a join.
 * @returns its path
 */
export const envelopeFile = (rows: number, log: (message: string) => void): Promise<string> =>
  linesFile('envelopes', rows, envelope, log)

const transactionRows = 1000

function envelope(n: number): string {
  const { id, userId, quantity, amount, status, createdAt } = join(n)
  const transaction = Math.floor(n / transactionRows)
  const committed = firstJoinAt + transaction * transactionRows
  const event = {
    before: null,
    after: { id, user_id: userId, quantity, amount, status, created_at: createdAt.replace(' ', 'T') },
    source: {
      version: '0.1.0',
      connector: 'mysql',
      name: 'bench',
      ts_ms: committed,
      snapshot: 'false',
      db: 'bench',
      table: 'joins',
      server_id: 1,
      gtid: `3e11fa47-71ca-11e1-9e33-c80aa9429562:${transaction + 1}`,
      file: 'binlog.000003',
      pos: 994 + transaction * 41_500,
      row: n % transactionRows
    },
    op: 'c',
    ts_ms: committed + 7
  }
  return `${JSON.stringify(event)}\n`
}
