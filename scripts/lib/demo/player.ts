import { setTimeout as delay } from 'node:timers/promises'
import type { EveningDatabase } from './database.ts'
import type { Transaction } from './evening.ts'

/**
 * Runs transactions as they come due; those that are overdue follow each other at once.
 * @param committed is told each one when MySQL has said that it is committed, at a moment of performance.now()
 */
export async function play(
  database: EveningDatabase,
  transactions: Iterable<Transaction>,
  stop: AbortSignal,
  committed: (transaction: Transaction, at: number) => void
): Promise<void> {
  const start = performance.now()
  for (const transaction of transactions) {
    const early = start + transaction.dueMs - performance.now()
    if (early > 1) await delay(early, undefined, { signal: stop })
    stop.throwIfAborted()
    await database.transact(transaction.statements)
    committed(transaction, performance.now())
  }
}
