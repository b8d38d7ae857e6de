import { offsetOf } from './event.ts'
import { FieldFinder } from './field-finder.ts'
import { type Fields, isObject, type JsonObject, lookup } from './fields.ts'
import { sourceFilter } from './include.ts'
import { pythonStr } from './python-format.ts'
import type { Rule } from './rule.ts'
import { pythonIso } from './time.ts'
import type { Key } from './types/index.ts'

/** What a rule makes of events: their key, and the documents of its matches. */
export class RuleDocuments {
  readonly #rule: Rule
  readonly #included: (document: JsonObject) => JsonObject
  /** Of a query_key of several fields their names. */
  readonly #compound: string[] | undefined
  readonly #single: FieldFinder | undefined

  constructor(rule: Rule) {
    this.#rule = rule
    const { queryKey } = rule
    if (queryKey !== undefined && queryKey.fields.length > 1) this.#compound = queryKey.fields
    else if (queryKey !== undefined) this.#single = new FieldFinder(queryKey.name)
    this.#included = rule.include === undefined ? document => ({ ...document }) : sourceFilter(rule.include)
  }

  key(event: Fields): Key {
    if (this.#compound !== undefined) return compoundKey(event, this.#compound)
    const value = this.#single?.of(event)
    if (value === undefined || value === null) return null
    return typeof value === 'object' ? pythonStr(value) : (value as Key)
  }

  /** The document as ElastAlert has it after a query: the time in its form, a compound key as a field of its own. */
  document(event: Fields, micros: number): JsonObject {
    const { queryKey, timestamp, aggregation } = this.#rule
    let document = this.#included(event.row)
    const own = event.row[timestamp.field]
    const found = own === undefined ? lookup(event, timestamp.field) : own
    const time = pythonIso(micros, offsetOf(found, timestamp))
    if (own === undefined && found !== undefined)
      document = withValue(document, timestamp.field.split('.'), time) ?? document
    else document[timestamp.field] = time
    if (queryKey !== undefined && queryKey.fields.length > 1) document[queryKey.name] = this.key(event)
    const grouped = aggregation?.key
    if (grouped !== undefined && grouped.fields.length > 1)
      document[grouped.name] = compoundKey(event, grouped.fields)
    return document
  }

  /** The start of a match that no event is behind. */
  evaluation(key: Key | undefined, micros: number): JsonObject {
    const { queryKey, timestamp } = this.#rule
    const row: JsonObject = { [timestamp.field]: pythonIso(micros) }
    if (queryKey !== undefined && key !== undefined) row[queryKey.name] = key
    return row
  }
}

/** A copy of a document in which a dotted name has another value; undefined where it leads to none. */
function withValue(document: JsonObject, path: string[], value: unknown): JsonObject | undefined {
  for (let n = path.length; n > 0; n--) {
    const key = path.slice(0, n).join('.')
    const rest = path.slice(n)
    if (!Object.hasOwn(document, key)) continue
    const inner = document[key]
    const changed = rest.length === 0 ? value : isObject(inner) ? withValue(inner, rest, value) : undefined
    return changed === undefined ? undefined : { ...document, [key]: changed }
  }
  return undefined
}

function compoundKey(event: Fields, fields: string[]): string {
  return fields.map(field => pythonStr(lookup(event, field))).join(', ')
}

/** A key as alerts have it. */
export function nameOf(key: Key): string | null {
  return key === null ? null : pythonStr(key)
}
