/**
 * Times by a cron expression, in UTC, as ElastAlert takes them from croniter: five fields (minute, hour, day of month, month,
 * day of week) of lists, ranges, steps and names; L for the last day of the month, `fri#2` for a day's n-th in its month. When
 * both days are given, one of them is enough. Source: crontab(5), croniter.
 */

const MINUTE = 60e6
const DAY_MS = 86_400_000
/** A leap day of one weekday comes back after at most 40 years, over the turn of a century. */
const DAYS_MOST = 40 * 366

interface FieldSpec {
  name: string
  min: number
  max: number
  names: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

const FIELDS: readonly FieldSpec[] = [
  { name: 'minute', min: 0, max: 59, names: [] },
  { name: 'hour', min: 0, max: 23, names: [] },
  { name: 'day of month', min: 1, max: 31, names: [] },
  { name: 'month', min: 1, max: 12, names: MONTHS },
  { name: 'day of week', min: 0, max: 7, names: WEEKDAYS }
]

const ALIASES: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *'
}

/** What is wrong with an expression. */
export class CronError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CronError'
  }
}

function numberOf(text: string, spec: FieldSpec): number {
  const named = spec.names.indexOf(text.toLowerCase())
  if (named >= 0) return named + spec.min
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= spec.min && value <= spec.max) return value
  throw new CronError(`${text} is no ${spec.name}: ${spec.min} to ${spec.max}`)
}

function addRange(values: Set<number>, part: string, spec: FieldSpec): void {
  const m = /^([^/-]+)(?:-([^/]+))?(?:\/(\d+))?$/.exec(part)
  if (m === null) throw new CronError(`${part} is no ${spec.name}`)
  const [, first = '', last, stepText] = m
  const step = stepText === undefined ? 1 : Number(stepText)
  if (step === 0) throw new CronError(`${part} has a step of 0`)
  const all = first === '*' || first === '?'
  const isWeekday = spec.max === 7
  const from = all ? spec.min : numberOf(first, spec)
  const highest = isWeekday ? 6 : spec.max
  const to = last !== undefined ? numberOf(last, spec) : all || stepText !== undefined ? highest : from
  const add = (v: number): unknown => values.add(isWeekday ? v % 7 : v)
  if (from <= to) for (let v = from; v <= to; v += step) add(v)
  else {
    // fri-mon, 22-2: over the end and on from the start
    const size = highest - spec.min + 1
    for (let v = from; v <= to + size; v += step) add(spec.min + ((v - spec.min) % size))
  }
}

interface Days {
  values: Set<number>
  /** The last day of the month. */
  last: boolean
  /** Day of week and which of its days in a month. */
  nth: [weekday: number, n: number][]
  any: boolean
}

function readDays(text: string, spec: FieldSpec): Days {
  const days: Days = { values: new Set(), last: false, nth: [], any: text === '*' || text === '?' }
  for (const part of text.split(',')) {
    const nth = /^(\w+)#([1-5])$/.exec(part)
    if (nth !== null && spec.max === 7) days.nth.push([numberOf(nth[1]!, spec) % 7, Number(nth[2])])
    else if (spec.max === 31 && /^l$/i.test(part)) days.last = true
    else addRange(days.values, part, spec)
  }
  return days
}

export class Cron {
  readonly #minutes: number[]
  readonly #hours: number[]
  readonly #months: Set<number>
  readonly #monthDays: Days
  readonly #weekDays: Days

  /** @throws CronError */
  constructor(expression: string) {
    const fields = (ALIASES[expression.trim().toLowerCase()] ?? expression).trim().split(/\s+/)
    if (fields.length !== 5)
      throw new CronError(
        `"${expression}" is no cron expression: minute, hour, day of month, month, day of week`
      )
    const plain = [0, 1, 3].map(i => {
      const values = new Set<number>()
      for (const part of fields[i]!.split(',')) addRange(values, part, FIELDS[i]!)
      return values
    })
    this.#minutes = [...plain[0]!].sort((a, b) => a - b)
    this.#hours = [...plain[1]!].sort((a, b) => a - b)
    this.#months = plain[2]!
    this.#monthDays = readDays(fields[2]!, FIELDS[2]!)
    this.#weekDays = readDays(fields[4]!, FIELDS[4]!)
    // a list of every day is any day, unless the other field then decides nothing
    if (this.#monthDays.values.size === 31 && fields[4]!.includes('*')) this.#monthDays.any = true
    if (this.#weekDays.values.size === 7 && fields[2]!.includes('*')) this.#weekDays.any = true
    if (this.next(0) === undefined) throw new CronError(`"${expression}" names a day that never comes`)
  }

  /** Whether the minute of a time, in microseconds, is one of the expression's. */
  includes(micros: number): boolean {
    const minute = Math.floor(micros / MINUTE) * MINUTE
    return this.next(minute - 1) === minute
  }

  /** The first time after one, in microseconds. */
  next(micros: number): number | undefined {
    const from = Math.floor(micros / MINUTE) * MINUTE + MINUTE
    let day = Math.floor(from / 1000 / DAY_MS) * DAY_MS
    for (let i = 0; i < DAYS_MOST; i++, day += DAY_MS) {
      if (!this.#hasDay(new Date(day))) continue
      for (const hour of this.#hours) {
        for (const minute of this.#minutes) {
          const at = (day + hour * 3_600_000 + minute * 60_000) * 1000
          if (at >= from) return at
        }
      }
    }
    return undefined
  }

  #hasDay(date: Date): boolean {
    if (!this.#months.has(date.getUTCMonth() + 1)) return false
    const of = date.getUTCDate()
    const weekday = date.getUTCDay()
    const { values, last } = this.#monthDays
    const isMonthDay =
      values.has(of) || (last && new Date(date.getTime() + DAY_MS).getUTCMonth() !== date.getUTCMonth())
    const isWeekDay =
      this.#weekDays.values.has(weekday) ||
      this.#weekDays.nth.some(([day, n]) => day === weekday && Math.ceil(of / 7) === n)
    // with an n-th day croniter asks for nothing else
    if (this.#monthDays.any || this.#weekDays.nth.length > 0) return this.#weekDays.any || isWeekDay
    return this.#weekDays.any ? isMonthDay : isMonthDay || isWeekDay
  }
}
