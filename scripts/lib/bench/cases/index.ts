import type { BenchCase } from '../case.ts'
import { snapshot, tail } from './cdc-tail.ts'
import { lines, passThrough } from './lines.ts'
import { firstOutput, startup } from './startup.ts'

export const cases: readonly BenchCase[] = [tail, snapshot, lines, passThrough, startup, firstOutput]
