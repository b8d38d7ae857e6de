/** By hand, without a query: number and sum of joins by status in windows of ten seconds. */
import { textLines } from './text-lines.ts'
import { writeAll } from './write-all.ts'

interface Event {
  readonly after: { readonly status: string; readonly amount: string; readonly created_at: string }
  readonly source: { readonly table: string }
}

const windowMs = 10_000
const windows = new Map<string, { end: number; status: string; joins: number; cents: bigint }>()

for await (const lines of textLines()) {
  for (const line of lines) {
    const { after, source } = JSON.parse(line) as Event
    if (source.table !== 'joins') continue
    const end = (Math.floor(Date.parse(`${after.created_at}Z`) / windowMs) + 1) * windowMs
    const key = `${end} ${after.status}`
    let window = windows.get(key)
    if (window === undefined) {
      window = { end, status: after.status, joins: 0, cents: 0n }
      windows.set(key, window)
    }
    window.joins++
    window.cents += BigInt(after.amount.replace('.', ''))
  }
}
for (const { end, status, joins, cents } of windows.values()) {
  const window_end = new Date(end).toISOString().slice(0, -1) // a time without a zone
  const amount = `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`
  await writeAll(`${JSON.stringify({ window_end, status, joins, amount })}\n`)
}
