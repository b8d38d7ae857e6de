import { isPattern } from './fields.ts'
import { isDecimal } from './predicate.ts'
import type { Query } from './query.ts'

/**
 * Bytes that a line must hold to pass a filter: of each group at least one needle. No group: any line may pass. A group without
 * needles: none can.
 *
 * A needle is what JSON writes for a name or a string, so it is only taken where every writer spells it alike: escapes such as
 * `\/` exist for a few characters, which are not used; escapes by code (`\u0041`) exist for all, so lines that contain
 * `\u` must be parsed whatever their needles say.
 */
export type Needles = Buffer[][]

const SPELLED_IN_MANY_WAYS = /["\\/\u0000-\u001f]/

function spelledAlike(text: string): boolean {
  return text.isWellFormed() && !SPELLED_IN_MANY_WAYS.test(text)
}

/** The end of the last key on the way to a field, with its quote: `table"` for source.table. */
function keyNeedles(field: string): Needles {
  if (isPattern(field)) return []
  const names = [field]
  if (field.endsWith('.keyword')) names.push(field.slice(0, -'.keyword'.length))
  const keys = names.map(name => name.slice(name.lastIndexOf('.') + 1))
  return keys.every(k => k !== '' && spelledAlike(k)) ? [keys.map(k => Buffer.from(`${k}"`))] : []
}

function weight(group: Buffer[]): number {
  return group.reduce((least, needle) => Math.min(least, needle.length), Number.MAX_SAFE_INTEGER)
}

/** The longest needles say most. */
function best(groups: Needles): Buffer[] | undefined {
  return groups.reduce<Buffer[] | undefined>(
    (a, b) => (a === undefined || weight(b) > weight(a) ? b : a),
    undefined
  )
}

export function needlesOf(query: Query): Needles {
  switch (query.is) {
    case 'none':
      return [[]]
    case 'and':
      return query.of.flatMap(needlesOf)
    case 'or': {
      const each = query.of.map(q => best(needlesOf(q)))
      return each.every(g => g !== undefined) ? [each.flat()] : []
    }
    case 'term': {
      const { value } = query
      // true and 12 may also stand in the line as they are, or in other spellings: 12.0
      const exact =
        typeof value === 'string' &&
        !query.ignoreCase &&
        spelledAlike(value) &&
        !isDecimal(value) &&
        !/^(?:true|false)$/.test(value)
      return exact ? [[Buffer.from(`"${value}"`)]] : keyNeedles(query.field)
    }
    case 'exists':
    case 'prefix':
    case 'wildcard':
    case 'regexp':
    case 'fuzzy':
    case 'range':
      return keyNeedles(query.field)
    case 'nested':
      return keyNeedles(query.path)
    case 'text':
    case 'word pattern':
    case 'word regexp':
    case 'word fuzzy':
      return query.field === undefined ? [] : keyNeedles(query.field)
    case 'all':
    case 'not':
      return []
  }
}
