import { createRequire } from 'node:module'
import { ToolError } from '../cli/index.ts'

const { Charsets } = createRequire(import.meta.url)('mysql2') as { Charsets: Record<string, number> }

/** Ids that mysql2 does not list: from, to, character set. */
const RANGES: readonly (readonly [from: number, to: number, charset: string])[] = [
  // MySQL's utf8mb4_*_0900_*
  [255, 400, 'utf8mb4'],
  // MariaDB's own of the old kind
  [576, 607, 'utf8mb3'],
  [608, 639, 'utf8mb4'],
  [640, 671, 'ucs2'],
  [672, 703, 'utf16'],
  [736, 767, 'utf32'],
  // MariaDB's uca1400
  [2048, 2303, 'utf8mb3'],
  [2304, 2559, 'utf8mb4'],
  [2560, 2815, 'ucs2'],
  [2816, 3071, 'utf16'],
  [3072, 3327, 'utf32']
]
/** MariaDB has `nopad` twins of the old collations, this much above them. */
const NOPAD = 1024

let byId: Map<number, string> | undefined

/**
 * The character set of a collation where no server can be asked: ids are the same on all of them.
 * @throws ToolError DATA
 */
export function charsetOfCollation(id: number): string {
  byId ??= new Map(
    Object.entries(Charsets).map(([name, number]) => [number, (name.split('_')[0] as string).toLowerCase()])
  )
  const charset = byId.get(id) ?? RANGES.find(([from, to]) => from <= id && id <= to)?.[2]
  if (charset !== undefined) return charset
  if (id > NOPAD && id < 2 * NOPAD) return charsetOfCollation(id - NOPAD)
  throw new ToolError('DATA', `collation ${id} is not known`)
}
