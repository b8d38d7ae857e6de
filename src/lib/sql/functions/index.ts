import { collectionFunctions } from './collection.ts'
import { conditionalFunctions } from './conditional.ts'
import type { ScalarFunction } from './define.ts'
import { jsonFunctions } from './json.ts'
import { numericFunctions } from './numeric.ts'
import { regexFunctions } from './regex.ts'
import { temporalFunctions } from './temporal.ts'
import { textFunctions } from './text.ts'

/** Every scalar function of the subset by its name in capitals. */
export const scalarFunctions: ReadonlyMap<string, ScalarFunction> = new Map(
  Object.entries({
    ...collectionFunctions,
    ...jsonFunctions,
    ...regexFunctions,
    ...textFunctions,
    ...numericFunctions,
    ...temporalFunctions,
    ...conditionalFunctions
  })
)

/** Functions of Flink whose result depends on when or where the query runs, so that a replay would differ. */
export const nondeterministicFunctions: ReadonlySet<string> = new Set([
  'NOW',
  'RAND',
  'RAND_INTEGER',
  'UUID',
  'PROCTIME',
  'CURRENT_TIMESTAMP',
  'CURRENT_TIME',
  'CURRENT_DATE',
  'CURRENT_ROW_TIMESTAMP',
  'LOCALTIME',
  'LOCALTIMESTAMP',
  'CURRENT_WATERMARK'
])
