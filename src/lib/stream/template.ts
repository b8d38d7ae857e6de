import { usageError } from '../cli/index.ts'

/**
 * Templates such as `joins-{created_at:GGGG.[w]WW}` and `{contest_id}@{window_end}`, the same in all tools: a field by
 * its dotted path, with an optional date format for it. `{{` and `}}` are braces.
 */
export interface Template {
  readonly text: string
  /** The dotted paths of its fields, each once. */
  readonly fields: readonly string[]
  readonly pieces: readonly TemplatePiece[]
  /**
   * @param values of `fields`, in order; undefined for NULL and for an absent one
   * @returns the text, or the name of the field that has no usable value
   */
  render(values: readonly (string | undefined)[]): { text: string } | { missing: string }
}

/** Text as it stands, or the value of a field: an index into `fields`, and the format of a date. */
export type TemplatePiece = string | { readonly index: number; readonly format: DateFormat | undefined }
export interface DateFormat {
  text(time: Date): string
  /** How many characters of the time in ISO 8601, UTC, decide about the text: 10 for a date, 13 for an hour. */
  readonly precision: number
}

type Formatter = (time: Date) => string

/** @throws ToolError USAGE for a template that cannot be read; `what` names the flag */
export function parseTemplate(text: string, what: string): Template {
  const fields: string[] = []
  const pieces: TemplatePiece[] = []
  const pattern = /\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+/g
  for (const match of text.matchAll(pattern)) {
    const [whole, field] = match
    if (whole === '{{' || whole === '}}') pieces.push(whole[0] as string)
    else if (field !== undefined) pieces.push(parseField(field, fields, text, what))
    else if (whole === '{' || whole === '}') {
      throw usageError(
        `${what} '${text}': unmatched ${whole} at column ${match.index + 1}`,
        'a literal brace is doubled: {{'
      )
    } else pieces.push(whole)
  }
  return { text, fields, pieces, render: values => render(pieces, fields, values) }
}

function parseField(source: string, fields: string[], text: string, what: string): TemplatePiece {
  const colon = source.indexOf(':')
  const path = (colon < 0 ? source : source.slice(0, colon)).trim()
  if (!/^[^.\s]+(\.[^.\s]+)*$/.test(path)) throw usageError(`${what} '${text}': {${source}} names no field`)
  let index = fields.indexOf(path)
  if (index < 0) index = fields.push(path) - 1
  return { index, format: colon < 0 ? undefined : parseDateFormat(source.slice(colon + 1), text, what) }
}

function render(
  pieces: readonly TemplatePiece[],
  fields: readonly string[],
  values: readonly (string | undefined)[]
): { text: string } | { missing: string } {
  let text = ''
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      text += piece
      continue
    }
    const value = values[piece.index]
    const missing = { missing: fields[piece.index] as string }
    if (value === undefined) return missing
    if (piece.format === undefined) {
      text += value
    } else {
      const time = parseTime(value)
      if (time === undefined) return missing
      text += piece.format.text(time)
    }
  }
  return { text }
}

const TOKEN = /\[([^\]]*)\]|YYYY|GGGG|YY|GG|MM|DDDD|DD|HH|mm|ss|SSS|WW|E|./gs

/**
 * Date formats in UTC: YYYY YY MM DD HH mm ss SSS, DDDD (day of the year), GGGG GG WW E (ISO 8601 week-numbering year,
 * week, weekday); `[text]` stands for itself.
 */
function parseDateFormat(format: string, text: string, what: string): DateFormat {
  const parts: (string | Formatter)[] = []
  let precision = 10
  for (const [token, literal] of format.matchAll(TOKEN)) {
    const formatter = FORMATTERS[token]
    if (literal !== undefined) parts.push(literal)
    else if (formatter !== undefined) {
      parts.push(formatter)
      precision = Math.max(precision, PRECISION[token] ?? 10)
    } else if (/[A-Za-z]/.test(token)) {
      throw usageError(
        `${what} '${text}': unknown date token '${token}' in '${format}'`,
        'text stands in brackets: [w]WW'
      )
    } else parts.push(token)
  }
  return {
    text: time => parts.map(part => (typeof part === 'string' ? part : part(time))).join(''),
    precision
  }
}

const pad = (value: number, width: number): string => String(value).padStart(width, '0')

/** Of those that need more than the date. */
const PRECISION: Record<string, number> = { HH: 13, mm: 16, ss: 19, SSS: 23 }

const FORMATTERS: Record<string, Formatter> = {
  YYYY: time => pad(time.getUTCFullYear(), 4),
  YY: time => pad(time.getUTCFullYear() % 100, 2),
  MM: time => pad(time.getUTCMonth() + 1, 2),
  DD: time => pad(time.getUTCDate(), 2),
  DDDD: time => pad(dayOfYear(time), 3),
  HH: time => pad(time.getUTCHours(), 2),
  mm: time => pad(time.getUTCMinutes(), 2),
  ss: time => pad(time.getUTCSeconds(), 2),
  SSS: time => pad(time.getUTCMilliseconds(), 3),
  GGGG: time => pad(thursday(time).getUTCFullYear(), 4),
  GG: time => pad(thursday(time).getUTCFullYear() % 100, 2),
  WW: time => pad(Math.ceil(dayOfYear(thursday(time)) / 7), 2),
  E: time => String(time.getUTCDay() || 7)
}

function dayOfYear(time: Date): number {
  const firstDay = new Date(time)
  firstDay.setUTCMonth(0, 1)
  return Math.round((time.getTime() - firstDay.getTime()) / 86_400_000) + 1
}

/** The Thursday of the ISO week: its year is the week's year (ISO 8601). */
function thursday(time: Date): Date {
  return new Date(time.getTime() + (4 - (time.getUTCDay() || 7)) * 86_400_000)
}

/** ISO 8601 or SQL time, in UTC unless it names a zone; whole numbers are seconds or milliseconds since the epoch. */
export function parseTime(text: string): Date | undefined {
  if (/^\d{9,}$/.test(text)) {
    const number = Number(text)
    return validTime(new Date(number < 1e11 ? number * 1000 : number))
  }
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
    text
  )
  if (match === null) return undefined
  const [, day, clock = '00:00', zone = 'Z'] = match
  return validTime(new Date(`${day}T${clock}${zone}`))
}

function validTime(time: Date): Date | undefined {
  return Number.isNaN(time.getTime()) ? undefined : time
}
