import { isObject, type JsonObject } from './fields.ts'
import { pythonFormat, pythonPercent, pythonRepr, pythonStr } from './python-format.ts'
import { identity, isTruthy, PythonFloat, pythonRound } from './python-values.ts'

type Filter = (...args: unknown[]) => unknown

/** The last argument of a call when it holds those that were given by name. */
function named(args: unknown[]): JsonObject {
  const last = args.at(-1)
  return isObject(last) && Object.hasOwn(last, '__keywords') ? last : {}
}

function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  if (typeof value === 'string') return [...value]
  return isObject(value) ? Object.keys(value) : []
}

function attribute(value: unknown, path: unknown): unknown {
  return String(path)
    .split('.')
    .reduce<unknown>(
      (v, step) => (Array.isArray(v) ? v[Number(step)] : isObject(v) ? v[step] : undefined),
      value
    )
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [x, y] = [pythonStr(a).toLowerCase(), pythonStr(b).toLowerCase()]
  return x < y ? -1 : x > y ? 1 : 0
}

function extreme(sign: number): Filter {
  return (value, ...args) => {
    const by = named(args).attribute
    const key = (v: unknown): unknown => (by === undefined ? v : attribute(v, by))
    return listOf(value).reduce((a, b) => (compare(key(b), key(a)) * sign > 0 ? b : a))
  }
}

function fileSize(bytes: number, binary: boolean): string {
  const base = binary ? 1024 : 1000
  if (bytes === 1) return '1 Byte'
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`
  const units = [...'kMGTPEZY'].map(u => (binary ? `${u.toUpperCase()}iB` : `${u}B`))
  let unit = 0
  while (unit < units.length - 1 && bytes >= base ** (unit + 2)) unit++
  return `${(bytes / base ** (unit + 1)).toFixed(1)} ${units[unit]}`
}

function truncated(text: string[], length: number, killWords: boolean, end: string, leeway: number): string {
  if (text.length <= length + leeway) return text.join('')
  const kept = text.slice(0, length - end.length).join('')
  const space = kept.lastIndexOf(' ')
  return (killWords || space < 0 ? kept : kept.slice(0, space)) + end
}

/** `json.dumps(value, sort_keys=True)`, with what HTML would read otherwise escaped. */
function toJson(value: unknown, indent: unknown): string {
  const sorted = (v: unknown): unknown => {
    if (Array.isArray(v)) return v.map(sorted)
    if (!isObject(v)) return v
    return Object.fromEntries(
      Object.keys(v)
        .sort()
        .map(k => [k, sorted(v[k])])
    )
  }
  const text =
    typeof indent === 'number' ? JSON.stringify(sorted(value) ?? null, null, indent) : flatten(sorted(value))
  return text.replace(/[<>&'\u0080-\uffff]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function flatten(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatten).join(', ')}]`
  if (!isObject(value)) return JSON.stringify(value ?? null)
  const pairs = Object.entries(value).map(([k, v]) => `${JSON.stringify(k)}: ${flatten(v)}`)
  return `{${pairs.join(', ')}}`
}

function plain(value: unknown): unknown {
  return value instanceof PythonFloat ? value.valueOf() : value
}

const HTML: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' }

function escapedHtml(value: unknown): string {
  return pythonStr(value).replace(/[&<>"']/g, c => HTML[c] as string)
}

/** Filters of Jinja that nunjucks lacks, or has otherwise. */
export const FILTERS: Record<string, Filter> = {
  string: value => pythonStr(value),
  join: (value, separator, by) =>
    listOf(value)
      .map(v => pythonStr(isObject(by) || by === undefined ? v : attribute(v, by)))
      .join(typeof separator === 'string' ? separator : ''),
  upper: value => pythonStr(value).toUpperCase(),
  lower: value => pythonStr(value).toLowerCase(),
  truncate: (value, ...args) => {
    const by = named(args)
    const [length, killWords, end, leeway] = ['length', 'killwords', 'end', 'leeway'].map((n, i) =>
      by[n] !== undefined ? by[n] : isObject(args[i]) ? undefined : args[i]
    )
    return truncated(
      [...pythonStr(value)],
      Number(length ?? 255),
      killWords === true,
      String(end ?? '...'),
      Number(leeway ?? 5)
    )
  },
  float: (value, otherwise) => {
    const number = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value)
    return new PythonFloat(Number.isNaN(number) ? Number(otherwise ?? 0) : number)
  },
  round: (value, ...args) => {
    const by = named(args)
    const digits = Number(by.precision ?? (isObject(args[0]) ? 0 : (args[0] ?? 0)))
    const method = by.method ?? (isObject(args[1]) ? undefined : args[1])
    const number = Number(value)
    // a whole number stays one
    if (Number.isInteger(value) && digits >= 0 && (method ?? 'common') === 'common') return value
    const how = method === 'ceil' ? Math.ceil : method === 'floor' ? Math.floor : undefined
    return new PythonFloat(
      how === undefined ? pythonRound(number, digits) : how(number * 10 ** digits) / 10 ** digits
    )
  },
  sum: (value, ...args) => {
    const by = named(args)
    const path = by.attribute ?? (isObject(args[0]) ? undefined : args[0])
    const start = Number(by.start ?? (isObject(args[1]) ? 0 : (args[1] ?? 0)))
    return listOf(value).reduce<number>(
      (sum, v) => sum + Number(path === undefined ? v : attribute(v, path)),
      start
    )
  },
  escape: escapedHtml,
  e: escapedHtml,
  count: value => listOf(value).length,
  length: value => listOf(value).length,
  items: value => (isObject(value) ? Object.entries(value) : []),
  attr: (value, name) => attribute(value, name),
  min: extreme(-1),
  max: extreme(1),
  unique: (value, ...args) => {
    const by = named(args).attribute
    const seen = new Set<string>()
    return listOf(value).filter(v => {
      const found = by === undefined ? v : attribute(v, by)
      const key = identity(typeof found === 'string' ? found.toLowerCase() : found)
      return !seen.has(key) && seen.add(key) !== undefined
    })
  },
  tojson: (value, ...args) => toJson(value, named(args).indent ?? args[0]),
  pprint: value => pythonRepr(value),
  format: (value, ...args) => {
    const by = named(args)
    return pythonPercent(pythonStr(value), Object.keys(by).length > 0 ? by : args.map(plain))
  },
  filesizeformat: (value, ...args) => fileSize(Number(value), (named(args).binary ?? args[0]) === true)
}

/** The filter `map`, which takes others by their name. */
export function mapFilter(filterOf: (name: string) => Filter): Filter {
  return (value, ...args) => {
    const { attribute: by, default: otherwise } = named(args)
    if (by !== undefined) return listOf(value).map(v => attribute(v, by) ?? otherwise)
    const [name, ...rest] = args
    const filter = filterOf(String(name))
    return listOf(value).map(v => filter(v, ...rest))
  }
}

/** select, reject, selectattr and rejectattr: what passes, or fails, a test, of itself or of an attribute. */
export function selectFilter(
  testOf: (name: string) => Filter,
  passes: boolean,
  ofAttribute: boolean
): Filter {
  return (value, ...args) => {
    const [path, name, ...rest] = ofAttribute ? args : [undefined, ...args]
    const test = name === undefined ? isTruthy : testOf(String(name))
    return listOf(value).filter(v => Boolean(test(ofAttribute ? attribute(v, path) : v, ...rest)) === passes)
  }
}

/** Tests of Jinja that nunjucks lacks, or has otherwise. */
export const TESTS: Record<string, (...args: unknown[]) => boolean> = {
  none: value => value === null,
  boolean: value => typeof value === 'boolean',
  true: value => value === true,
  false: value => value === false,
  integer: value => Number.isInteger(value),
  float: value => typeof value === 'number' && !Number.isInteger(value),
  sequence: value => Array.isArray(value) || typeof value === 'string' || isObject(value),
  mapping: value => isObject(value),
  in: (value, list) =>
    typeof list === 'string' ? list.includes(String(value)) : listOf(list).some(v => v === value),
  truthy: value => isTruthy(value),
  falsy: value => !isTruthy(value)
}

/** A method, character or length of a text. */
export function textMethod(text: string, name: string): unknown {
  const method = Object.hasOwn(TEXT_METHODS, name) ? TEXT_METHODS[name] : undefined
  return method === undefined ? undefined : (...args: unknown[]) => method(text, ...args)
}

const escaped = (chars: unknown): string =>
  typeof chars === 'string' ? `[${chars.replace(/[\\\]^-]/g, '\\$&')}]` : '\\s'

const TEXT_METHODS: Record<string, (text: string, ...args: unknown[]) => unknown> = {
  upper: text => text.toUpperCase(),
  lower: text => text.toLowerCase(),
  title: text => text.toLowerCase().replace(/(?<!\p{L})\p{L}/gu, c => c.toUpperCase()),
  capitalize: text => text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase(),
  strip: (text, chars) => text.replace(new RegExp(`^${escaped(chars)}+|${escaped(chars)}+$`, 'gu'), ''),
  lstrip: (text, chars) => text.replace(new RegExp(`^${escaped(chars)}+`, 'u'), ''),
  rstrip: (text, chars) => text.replace(new RegExp(`${escaped(chars)}+$`, 'u'), ''),
  startswith: (text, start) => text.startsWith(String(start)),
  endswith: (text, end) => text.endsWith(String(end)),
  replace: (text, from, to) => text.replaceAll(String(from), () => String(to)),
  split: (text, separator, most) => {
    const parts = typeof separator === 'string' ? text.split(separator) : text.trim().split(/\s+/)
    if (typeof most !== 'number' || most < 0 || typeof separator !== 'string') return parts
    return parts.length <= most + 1 ? parts : [...parts.slice(0, most), parts.slice(most).join(separator)]
  },
  splitlines: text => text.replace(/\r?\n$/, '').split(/\r?\n/),
  join: (text, list) => listOf(list).map(pythonStr).join(text),
  find: (text, part) => text.indexOf(String(part)),
  count: (text, part) => text.split(String(part)).length - 1,
  isdigit: text => /^\p{Nd}+$/u.test(text),
  zfill: (text, width) => text.padStart(Number(width), '0'),
  format: (text, ...args) => {
    const by = named(args)
    return pythonFormat(text, (Object.keys(by).length > 0 ? args.slice(0, -1) : args).map(plain), by)
  }
}
