import type { Log } from '../cli/index.ts'

/** Why a line cannot become a document, in words that tell what to do. */
export interface Refusal {
  readonly reason: string
  /** Refusals of one field and kind have the same one. */
  readonly about: string
}

interface Explanation {
  readonly field: string
  readonly kind: string
  /** What is the matter, and what to do. */
  readonly text: string
}

type Explain = (match: readonly string[], words: string, index: string) => Explanation

const VALUE_SHOWN = 60
const WORDS_SHOWN = 600
/** A term has at most 32,766 bytes, a character at most four. */
const LONGEST_TERM = 8191

/** Types of which the servers can keep a document without a value that is none. */
const MAY_BE_MALFORMED =
  /^(?:byte|short|integer|long|unsigned_long|float|half_float|double|scaled_float|date|date_nanos|ip|boolean|geo_point|geo_shape)$/

/** How the servers say it (Elasticsearch 9, OpenSearch 3), and what it means. The first that fits counts. */
const EXPLANATIONS: readonly (readonly [pattern: RegExp, explain: Explain])[] = [
  [
    /immense term in field="(.+?)"/,
    ([field = ''], _, index) => tooLong(field.replace(/\._value(?:AndPath)?$/, ''), index)
  ],
  [
    /failed to parse field \[(.+?)\] of type \[(\w+)\].*?Preview of field's value: '(.*)/s,
    ([field = '', type = '', rest = ''], words, index) => unparsed(field, type, rest, words, index)
  ],
  [
    /object mapping for \[(.+?)\] tried to parse field \[.*?\] as object, but found a concrete value/,
    ([field = ''], _, index) => ({
      field,
      kind: 'concrete',
      text: `'${field}' is an object in ${index}, and a single value came; ${anotherType(field)}`
    })
  ],
  [
    /can't merge a non object mapping \[(.+?)\] with an object mapping/,
    ([field = ''], _, index) => ({
      field,
      kind: 'object',
      text: `'${field}' is a single value in ${index}, and an object came; ${anotherType(field)}`
    })
  ],
  [
    /mapper \[(.+?)\] cannot be changed from type \[(\w+)\] to \[(\w+)\]/,
    ([field = '', there = '', came = ''], _, index) => ({
      field,
      kind: 'type',
      text: `'${field}' is ${there} in ${index}, and what came would make it ${came}; ${anotherType(field)}`
    })
  ],
  [
    /The \[dense_vector\] field \[(.+?)\].*?dimensions \[(\d+)\] than defined in the mapping \[(\d+)\]/s,
    ([field = '', came = '', there = ''], _, index) => ({
      field,
      kind: 'dimensions',
      text: `'${field}' has vectors of ${there} numbers in ${index}, and one of ${came} came; {"type":"float","index":false} takes any, for '${field}' in --mappings and a new index`
    })
  ],
  [
    /[Ll]imit of total fields \[(\d+)\] has been exceeded/,
    ([limit = ''], _, index) => ({
      field: '',
      kind: 'fields',
      text: `${index} has the ${limit} fields that it may have, and further ones came; in --mappings, a type of its own for a column of many keys (flattened, or flat_object of OpenSearch) or "dynamic": false, for new indices; or PUT ${index}/_settings {"index.mapping.total_fields.limit": …}`
    })
  ],
  [
    /mapping set to strict, dynamic introduction of \[(.+?)\] within \[(.+?)\]/,
    ([name = '', within = ''], _, index) => {
      const field = within === '_doc' ? name : `${within}.${name}`
      return {
        field,
        kind: 'strict',
        text: `${index} takes no fields but those of its mapping ("dynamic": "strict"), and '${field}' came; add it with PUT ${index}/_mapping, and to --mappings`
      }
    }
  ]
]

/**
 * @param words of the server: `type: reason (cause)`
 * @param index that the document was for
 */
export function explainRefusal(words: string, index = 'the index'): Refusal {
  const told = shorten(words, WORDS_SHOWN)
  for (const [pattern, explain] of EXPLANATIONS) {
    const match = pattern.exec(words)
    if (match === null) continue
    const { field, kind, text } = explain(match.slice(1), words, index)
    return { reason: `${text} (${told})`, about: field === '' ? kind : `'${field}', ${kind}` }
  }
  return { reason: told, about: words.split(':')[0] ?? '' }
}

function unparsed(field: string, type: string, rest: string, words: string, index: string): Explanation {
  const isLong = /immense term|bytes can be at most/.test(words)
  if (isLong) return tooLong(field, index)
  // The preview is cut by nothing but the quote before the cause.
  const value = rest.replace(/'(?: \(.*)?$/s, '')
  const what = shorten(value, VALUE_SHOWN)
  if (type === 'flattened' || type === 'flat_object') {
    return {
      field,
      kind: 'concrete',
      text: `'${field}' is ${type} in ${index}, which takes objects, and '${what}' came; --mappings {"properties":{${JSON.stringify(field)}:{"type":"keyword"}}} for lists and single values, {"type":"object","enabled":false} for whatever comes, in a new index`
    }
  }
  const isRange = /out of range|finite values/.test(words)
  const isObject = /START_OBJECT|object as number/.test(words)
  const lenient =
    !isObject && MAY_BE_MALFORMED.test(type)
      ? `; with "ignore_malformed": true in its mapping such documents are taken, without this field in the index`
      : ''
  if (isRange) {
    return {
      field,
      kind: 'range',
      text: `'${field}' is ${type} in ${index}, which ${what} does not fit; ${anotherType(field)}${lenient}`
    }
  }
  return {
    field,
    kind: isObject ? 'object' : 'value',
    text: `'${field}' is ${type} in ${index}, and ${isObject ? 'an object' : `'${what}'`} came; ${anotherType(field)}${lenient}`
  }
}

function tooLong(field: string, index: string): Explanation {
  return {
    field,
    kind: 'length',
    text: `'${field}' is indexed as a whole in ${index}, and more than 32,766 bytes came; --mappings {"properties":{${JSON.stringify(field)}:{"type":"keyword","ignore_above":${LONGEST_TERM}}}} leaves long ones out of the index, {"type":"text"} splits them into words`
  }
}

function anotherType(field: string): string {
  return `a field keeps its type: give '${field}' one that takes both in --mappings, and _reindex into a new index`
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}

/** Warns of the first refusal about each field and kind, and counts the others. */
export class RefusalWarnings {
  readonly #log: Log
  readonly #further = new Map<string, number>()

  constructor(log: Log) {
    this.#log = log
  }

  /** @param line of the input */
  tell(line: number, { reason, about }: Refusal): void {
    const count = this.#further.get(about)
    this.#further.set(about, count === undefined ? 0 : count + 1)
    if (count === undefined) this.#log.warn(`line ${line} is refused: ${reason}`)
  }

  /** Tells how many were like those. */
  end(): void {
    for (const [about, count] of this.#further) {
      if (count > 0) this.#log.warn(`refused like the first: ${count} more (${about})`)
    }
  }
}
