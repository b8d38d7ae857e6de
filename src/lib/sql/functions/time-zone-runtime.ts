/** Clocks of time zones, by the database that Node brings along. */

const formats = new Map<string, Intl.DateTimeFormat | null>()

/** Null for a zone that there is not, which Java takes for GMT. */
function formatOf(zone: string): Intl.DateTimeFormat | null {
  let format = formats.get(zone)
  if (format === undefined) {
    const offset = /^GMT([+-]\d{1,2}(?::?\d\d)?)$/.exec(zone)?.[1]
    const name = offset === undefined ? zone : offset.replace(/^([+-])(\d)(?=:|$)/, '$10$2')
    try {
      if (/^[+-]/.test(zone)) throw new RangeError('a bare offset is no zone in Java')
      format = new Intl.DateTimeFormat('en-US', {
        timeZone: name.length === 3 && offset !== undefined ? `${name}:00` : name,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric'
      })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      format = null
    }
    if (formats.size >= 256) formats.clear()
    formats.set(zone, format)
  }
  return format
}

/** What a clock of the zone shows at an instant, as ms since the epoch as if it were UTC. */
export function toLocal(instant: number, zone: string): number {
  const format = formatOf(zone)
  if (format === null) return instant
  const parts: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(instant)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((instant % 1000) + 1000) % 1000)
}

/** The instant at which a clock of the zone shows a time; of two the later, in a gap by the clock before it, as in Java. */
export function toInstant(local: number, zone: string): number {
  const day = 86_400_000
  const [before, after] = [local - day, local + day].map(at => toLocal(at, zone) - at) as [number, number]
  const candidates = [local - after, local - before].filter(at => toLocal(at, zone) === local)
  return candidates.length === 0 ? local - before : Math.max(...candidates)
}
