import { firstJoinAt } from './joins.ts'
import { linesFile } from './rows.ts'

/** Events of each key, one in each pass over all of them; a pass takes so long. */
export const EVENTS_A_KEY = 3
const PASS_MS = 200_000
/** So many keys are not heard of after the first pass. */
const QUIET = 1000
/** As many others have a burst when all is quiet: so many events each, a second apart. */
const BURST_KEYS = 1000
const BURST = 10
const BURST_AT = 800_000
/** Tells the time of the last evaluations. */
const LAST_AT = 905_000

const STATUSES = ['JOINED', 'PENDING', 'PAID']

/**
 * Rows of a third as many keys, about 160 bytes each, the keys in no order, in a quarter of an hour of event time; and of
 * a few of the keys what rules find.
 * @returns the file's path
 */
export function keyedFile(rows: number, log: (message: string) => void): Promise<string> {
  const keys = rows / EVENTS_A_KEY
  return linesFile('keyed', rows + 1, n => (n === rows ? ending() : passing(n, keys)), log)
}

function passing(n: number, keys: number): string {
  const pass = Math.floor(n / keys)
  const key = ((n % keys) * 7919) % keys
  if (pass > 0 && key < QUIET) return ''
  const contest = ((key + pass) % 997) + pass * 1000
  return row(key, (PASS_MS * n) / keys, STATUSES[key % 3] as string, 10 + (key % 50), contest)
}

function ending(): string {
  const burst = Array.from({ length: BURST * BURST_KEYS }, (_, i) => {
    const turn = Math.floor(i / BURST_KEYS)
    return row(QUIET + (i % BURST_KEYS), BURST_AT + turn * 1000, 'REFUNDED', 1000, 5000 + turn)
  })
  return burst.join('') + row(QUIET + BURST_KEYS, LAST_AT, 'PAID', 10, 1)
}

/** A row of a key at a time, in ms from the start. */
export function row(key: number, at: number, status: string, amount: number, contest: number): string {
  const time = new Date(firstJoinAt + Math.floor(at)).toISOString()
  const address = `10.${key & 255}.${(key >> 8) & 255}.${key >> 16}`
  return `{"@timestamp":"${time}","user":"user-${String(key).padStart(8, '0')}","status":"${status}","amount":${amount},"contest":${contest},"address":"${address}","device":"android-${key % 50}"}\n`
}
