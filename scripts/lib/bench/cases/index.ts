import type { BenchCase } from '../case.ts'
import { smallTransactions, snapshot, tail } from './cdc-tail.ts'
import { filter, tumble } from './enrich.ts'
import { sink } from './es-sink.ts'
import { lines, passThrough } from './lines.ts'
import { firstOutput, startup } from './startup.ts'

export const cases: readonly BenchCase[] = [
  tail,
  smallTransactions,
  snapshot,
  filter,
  tumble,
  sink,
  lines,
  passThrough,
  startup,
  firstOutput
]
