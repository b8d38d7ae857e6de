/**
 * Values and templates as Python writes them, because ElastAlert's alert texts are Python format strings.
 * Source: Python Library Reference, "Format String Syntax" and "Format Specification Mini-Language".
 */

import { isObject } from './fields.ts'
import { PythonFloat } from './python-values.ts'

/** `repr` of a float: exponents from 1e16 on and below 1e-4, with at least two digits. */
function formatFloat(n: number): string {
  if (n === 0) return Object.is(n, -0) ? '-0.0' : '0'
  const size = Math.abs(n)
  if (Number.isInteger(n) && size < 2 ** 53) return String(n)
  if (size >= 1e16 || size < 1e-4) {
    return n.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
  }
  return String(n)
}

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text
    .replace(/\\/g, '\\\\')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
    .replaceAll(quote, `\\${quote}`)
  return quote + escaped + quote
}

/** Python's `repr` of a JSON value. */
export function pythonRepr(value: unknown): string {
  if (typeof value === 'string') return quoted(value)
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`
  if (isObject(value)) {
    return `{${Object.entries(value)
      .map(([k, v]) => `${quoted(k)}: ${pythonRepr(v)}`)
      .join(', ')}}`
  }
  return pythonStr(value)
}

/** Python's `str` of a JSON value: `True`, `None`, `{'a': 1}`. */
export function pythonStr(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number') return formatFloat(value)
  return value instanceof PythonFloat ? value.toString() : pythonRepr(value)
}

/** `json.dumps(value, sort_keys=True, indent=4, ensure_ascii=False)`. */
export function pythonJson(value: unknown, indent = ''): string {
  const deeper = `${indent}    `
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]'
    return `[\n${value.map(v => deeper + pythonJson(v, deeper)).join(',\n')}\n${indent}]`
  }
  if (isObject(value)) {
    const keys = Object.keys(value).sort()
    if (keys.length === 0) return '{}'
    return `{\n${keys.map(k => `${deeper}${JSON.stringify(k)}: ${pythonJson(value[k], deeper)}`).join(',\n')}\n${indent}}`
  }
  return typeof value === 'number' ? formatFloat(value) : JSON.stringify(value)
}

/** A piece of a format string: text, or a replacement field. */
type Piece = string | { name: string; steps: string[]; conversion: string; spec: string }

export class FormatError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'FormatError'
  }
}

const FIELD = /^([^.[!:]*)((?:\.[^.[!:]+|\[[^\]]+\])*)(?:!([rsa]))?(?::([^{}]*))?$/

function parse(template: string): Piece[] {
  const pieces: Piece[] = []
  let text = ''
  let automatic = 0
  for (let i = 0; i < template.length; i++) {
    const c = template[i]!
    if (c !== '{' && c !== '}') {
      text += c
      continue
    }
    if (template[i + 1] === c) {
      text += c
      i++
      continue
    }
    const end = template.indexOf('}', i)
    if (c === '}' || end < 0) throw new FormatError(`a single ${c} in a format string: write ${c}${c}`)
    const m = FIELD.exec(template.slice(i + 1, end))
    if (m === null) throw new FormatError(`{${template.slice(i + 1, end)}} is no replacement field`)
    pieces.push(text, {
      name: m[1] === '' ? String(automatic++) : m[1]!,
      steps: (m[2]!.match(/[^.[\]]+/g) ?? []).map(String),
      conversion: m[3] ?? '',
      spec: m[4] ?? ''
    })
    text = ''
    i = end
  }
  pieces.push(text)
  return pieces
}

const SPEC = /^(?:(.)?([<>=^]))?([+\- ])?#?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/su

function group(digits: string, separator: string): string {
  const [whole = '', fraction] = digits.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, separator)
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

function number(n: number, type: string, precision: number | undefined): string {
  switch (type) {
    case 'd':
    case 'n':
      return String(Math.trunc(n))
    case 'x':
    case 'X':
    case 'b':
    case 'o': {
      const digits = Math.trunc(n).toString({ x: 16, X: 16, b: 2, o: 8 }[type])
      return type === 'X' ? digits.toUpperCase() : digits
    }
    case '%':
      return `${(n * 100).toFixed(precision ?? 6)}%`
    case 'e':
    case 'E': {
      const text = n.toExponential(precision ?? 6).replace(/e([+-])(\d)$/, 'e$10$2')
      return type === 'E' ? text.toUpperCase() : text
    }
    case 'f':
    case 'F':
      return n.toFixed(precision ?? 6)
    default:
      return precision === undefined ? formatFloat(n) : formatFloat(Number(n.toPrecision(precision || 1)))
  }
}

function applySpec(value: unknown, spec: string): string {
  if (spec === '') return pythonStr(value)
  const m = SPEC.exec(spec)
  if (m === null) throw new FormatError(`:${spec} is no format specification`)
  const [, fill = m[4] ?? ' ', align, sign = '-', zero, width = '0', separator, precision, type = ''] = m
  const isNumber = typeof value === 'number'
  if (!isNumber && type !== '' && type !== 's') {
    throw new FormatError(`:${spec} needs a number, not ${pythonRepr(value)}`)
  }
  let body: string
  let minus = ''
  if (isNumber) {
    body = number(Math.abs(value), type, precision === undefined ? undefined : +precision)
    if (separator !== undefined) body = group(body, separator)
    minus = value < 0 ? '-' : sign === '-' ? '' : sign
  } else {
    body = pythonStr(value)
    if (precision !== undefined) body = [...body].slice(0, +precision).join('')
  }
  const missing = Math.max(0, +width - [...(minus + body)].length)
  const side = align ?? (isNumber ? (zero === undefined ? '>' : '=') : '<')
  if (side === '=') return minus + fill.repeat(missing) + body
  const left = side === '>' ? missing : side === '^' ? Math.floor(missing / 2) : 0
  return fill.repeat(left) + minus + body + fill.repeat(missing - left)
}

/**
 * `template.format(*args, **named)`.
 * @throws FormatError for a field without a value or a specification that does not fit
 */
export function pythonFormat(template: string, args: unknown[], named: Record<string, unknown> = {}): string {
  let text = ''
  for (const piece of parse(template)) {
    if (typeof piece === 'string') {
      text += piece
      continue
    }
    const numbered = /^\d+$/.test(piece.name)
    if (numbered ? +piece.name >= args.length : !Object.hasOwn(named, piece.name)) {
      throw new FormatError(`{${piece.name}} has no value`)
    }
    let value = numbered ? args[+piece.name] : named[piece.name]
    for (const step of piece.steps) {
      value = Array.isArray(value) ? value[+step] : isObject(value) ? value[step] : undefined
      if (value === undefined) throw new FormatError(`{${piece.name}} has no ${step}`)
    }
    text += applySpec(
      piece.conversion === 'r' ? pythonRepr(value) : piece.conversion === 's' ? pythonStr(value) : value,
      piece.spec
    )
  }
  return text
}

/**
 * What a template asks for: the highest position (-1 for none) and the names.
 * @throws FormatError for a template that cannot be read
 */
export function formatFields(template: string): { positions: number; names: string[] } {
  const fields = parse(template).filter(p => typeof p !== 'string')
  const numbers = fields.filter(f => /^\d+$/.test(f.name)).map(f => +f.name)
  return {
    positions: Math.max(-1, ...numbers),
    names: fields.filter(f => !/^\d+$/.test(f.name)).map(f => f.name)
  }
}

/** One `%` directive: `%05d` has the flags 0, the size 5 and the code d. */
export function percentField(flags: string, size: string, code: string, value: unknown): string {
  const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  const align = flags.includes('-') ? '<' : '>'
  const fill = flags.includes('0') && align === '>' ? '0' : ''
  const isText = code === 's' || code === 'r'
  const given = code === 'r' ? pythonRepr(value) : isText ? pythonStr(value) : value
  const whole = code === 'd' || code === 'i'
  const n = whole && typeof given === 'number' ? Math.trunc(given) : given
  return pythonFormat(
    `{:${fill === '' || isText ? align : ''}${isText ? '' : sign + fill}${size}${isText ? '' : whole ? 'd' : code}}`,
    [n]
  )
}

const DIRECTIVE = /%(?:\((\w+)\))?([-+ 0#]*)(\d*(?:\.\d+)?)([diosrfFeEgGxX%])/g

/**
 * `template % args`, or `template % named`.
 * @throws FormatError for a directive without a value
 */
export function pythonPercent(template: string, values: unknown[] | Record<string, unknown>): string {
  let next = 0
  return template.replace(
    DIRECTIVE,
    (_, name: string | undefined, flags: string, size: string, code: string) => {
      if (code === '%') return '%'
      const value = Array.isArray(values) ? values[next++] : name === undefined ? undefined : values[name]
      if (value === undefined) throw new FormatError(`%${name ?? code} has no value`)
      return percentField(flags, size, code, value)
    }
  )
}
