import type { Fuzziness } from './edit-distance.ts'
import { QueryError } from './query.ts'

/** `0`, `1`, `2` or `AUTO`, with its usual lengths. */
export function readFuzziness(value: unknown, path: readonly (string | number)[]): Fuzziness {
  const text = String(value)
  if (/^AUTO(?::3,6)?$/i.test(text)) return 'auto'
  if (/^[012]$/.test(text)) return Number(text)
  throw new QueryError('fuzziness is 0, 1, 2 or AUTO', path)
}
