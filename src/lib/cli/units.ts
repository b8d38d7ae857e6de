import { usageError } from './errors.ts'

const DURATION_MS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000
}

const BYTES: Record<string, number> = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  gib: 1024 ** 3
}

/**
 * `500ms`, `1s`, `1.5m`, `2h`, `1d` in milliseconds; a bare number is seconds. Several parts add up: `1h30m`.
 * @throws ToolError USAGE, naming `what`
 */
export function parseDuration(text: string, what: string): number {
  const compact = text.trim().replace(/\s+/g, '')
  if (/^\d+(\.\d+)?$/.test(compact)) return Math.round(Number(compact) * 1000)
  let total = 0
  let rest = compact
  while (rest !== '') {
    const match = /^(\d+(?:\.\d+)?)(ms|min|s|m|h|d|w)/.exec(rest)
    if (match === null) {
      throw usageError(`${what}: '${text}' is not a duration (write 500ms, 30s, 15m, 2h or 1d)`)
    }
    total += Number(match[1]) * (DURATION_MS[match[2] as string] as number)
    rest = rest.slice(match[0].length)
  }
  if (compact === '') throw usageError(`${what}: a duration is missing (write 500ms, 30s, 15m, 2h or 1d)`)
  return Math.round(total)
}

/**
 * `65536`, `64k`, `16MiB` in bytes; all units are powers of 1024.
 * @throws ToolError USAGE, naming `what`
 */
export function parseBytes(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim())
  const unit = match === null ? undefined : BYTES[(match[2] as string).toLowerCase()]
  if (match === null || unit === undefined) {
    throw usageError(`${what}: '${text}' is not a size (write 65536, 64k, 16M or 1G)`)
  }
  return Math.floor(Number(match[1]) * unit)
}

/** @throws ToolError USAGE, naming `what` */
export function parseInteger(text: string, what: string): number {
  const value = Number(text)
  if (!/^-?\d+$/.test(text.trim()) || !Number.isSafeInteger(value)) {
    throw usageError(`${what}: '${text}' is not a whole number`)
  }
  return value
}

/** 1234 → `1.2 s`, 65 → `65 ms`, 90 000 → `1 min 30 s`: for messages, not for parsing. */
export function formatDuration(ms: number): string {
  // The limits are those of rounding: 999.6 ms is 1.0 s.
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_500) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`
  const seconds = Math.round(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** 12 345 678 → `11.8 MiB`: for messages. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (Number(value.toFixed(1)) >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 || Number.isInteger(value) ? value : value.toFixed(1)} ${units[unit]}`
}

/** 60 000 → `1m`: as `parseDuration` reads it. */
export function durationText(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000]
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`
  }
  return `${ms}ms`
}
