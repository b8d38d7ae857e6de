import { ToolError } from '../cli/index.ts'

/** Half-open [start, end). */
interface Interval {
  start: number
  end: number
}

/**
 * A set of MySQL GTIDs, `uuid:1-5:7,uuid2:1`; tagged ones of MySQL 8.3+ are `uuid:tag:1-5`. Intervals of a source are
 * kept sorted and merged.
 */
export class GtidSet {
  /** By `uuid` or `uuid:tag`. */
  readonly #sources = new Map<string, Interval[]>()

  /** @throws ToolError USAGE */
  static parse(text: string): GtidSet {
    const set = new GtidSet()
    for (const part of text.replace(/\s+/g, '').split(',')) {
      if (part === '') continue
      const [uuid = '', ...rest] = part.split(':')
      if (
        !/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(uuid) ||
        rest.length === 0
      ) {
        throw new ToolError('USAGE', `'${part}' is not a GTID set (uuid:1-5)`)
      }
      let source = uuid.toLowerCase()
      for (const item of rest) {
        const range = /^(\d+)(?:-(\d+))?$/.exec(item)
        if (range !== null) set.#add(source, Number(range[1]), Number(range[2] ?? range[1]) + 1)
        else if (/^[a-z_][a-z0-9_]{0,31}$/.test(item)) source = `${uuid.toLowerCase()}:${item}`
        else throw new ToolError('USAGE', `'${part}' is not a GTID set (uuid:1-5)`)
      }
    }
    return set
  }

  add(source: string, number: number): void {
    const intervals = this.#sources.get(source)
    const last = intervals?.at(-1)
    // Nearly always the next number of the same source.
    if (last !== undefined && last.end === number) last.end++
    else this.#add(source, number, number + 1)
  }

  has(source: string, number: number): boolean {
    return this.#sources.get(source)?.some(({ start, end }) => start <= number && number < end) ?? false
  }

  /** Whether every GTID of `other` is in this set. */
  includes(other: GtidSet): boolean {
    for (const [source, intervals] of other.#sources) {
      const own = this.#sources.get(source) ?? []
      for (const { start, end } of intervals) {
        if (!own.some(interval => interval.start <= start && end <= interval.end)) return false
      }
    }
    return true
  }

  /** What is in this set and not in `other`. */
  subtract(other: GtidSet): GtidSet {
    const result = new GtidSet()
    for (const [source, intervals] of this.#sources) {
      for (const { start, end } of intervals) {
        let from = start
        for (const hole of other.#sources.get(source) ?? []) {
          if (hole.end <= from || hole.start >= end) continue
          if (hole.start > from) result.#add(source, from, hole.start)
          from = Math.max(from, hole.end)
        }
        if (from < end) result.#add(source, from, end)
      }
    }
    return result
  }

  get isEmpty(): boolean {
    return this.#sources.size === 0
  }

  toString(): string {
    const parts: string[] = []
    for (const source of [...this.#sources.keys()].sort()) {
      const ranges = (this.#sources.get(source) as Interval[]).map(({ start, end }) =>
        end === start + 1 ? `${start}` : `${start}-${end - 1}`
      )
      parts.push(`${source}:${ranges.join(':')}`)
    }
    return parts.join(',')
  }

  /**
   * The encoding of COM_BINLOG_DUMP_GTID and PREVIOUS_GTIDS_LOG_EVENT: number of sources; for each its uuid, number of
   * intervals, start and end of each, all numbers 8 bytes little-endian. In a set with tagged GTIDs the first number has
   * the count in its middle six bytes between two bytes of 1, and after each uuid comes its tag, with twice its length
   * in front. Source: `Gtid_set::encode`, sql/rpl_gtid_set.cc.
   */
  encode(): Buffer {
    const isTagged = [...this.#sources.keys()].some(source => source.includes(':'))
    const count = this.#sources.size
    const parts: Buffer[] = [int64(isTagged ? (1n << 56n) | (BigInt(count) << 8n) | 1n : count)]
    for (const [source, intervals] of this.#sources) {
      const [uuid = '', tag = ''] = source.split(':')
      parts.push(Buffer.from(uuid.replaceAll('-', ''), 'hex'))
      if (isTagged) parts.push(Buffer.from([tag.length << 1]), Buffer.from(tag, 'latin1'))
      parts.push(int64(intervals.length))
      for (const { start, end } of intervals) parts.push(int64(start), int64(end))
    }
    return Buffer.concat(parts)
  }

  #add(source: string, start: number, end: number): void {
    const merged: Interval[] = []
    let added = { start, end }
    for (const interval of this.#sources.get(source) ?? []) {
      if (interval.end < added.start) merged.push(interval)
      else if (interval.start > added.end) {
        merged.push(added)
        added = interval
      } else {
        added = { start: Math.min(added.start, interval.start), end: Math.max(added.end, interval.end) }
      }
    }
    merged.push(added)
    this.#sources.set(source, merged)
  }
}

function int64(value: number | bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
