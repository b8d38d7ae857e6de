/** By hand, without rules: how many events pass each of the first ten rules' filters. No windows, no alerts. */
import { textLines } from './text-lines.ts'

interface Event {
  readonly type: string
  readonly service: string
  readonly host: string
  readonly status: string | number
  readonly gateway?: string
  readonly platform?: string
  readonly entry_fee?: string
  readonly amount?: string
  readonly path?: string
  readonly state?: string
  readonly sport?: string
  readonly app_version?: string
  readonly latency_ms: number
}

const filters: readonly ((event: Event) => boolean)[] = [
  e => e.type === 'payment' && (e.status === 'FAILED' || e.status === 'PENDING'),
  e => e.type === 'join' && e.status === 'JOINED' && e.platform === 'android' && e.entry_fee === '0.00',
  e =>
    e.type === 'payment' &&
    (e.gateway === 'paytm' || e.gateway === 'razorpay') &&
    e.status !== 'FAILED' &&
    !(Number(e.amount) > 200),
  e =>
    e.type === 'request' &&
    e.path?.startsWith('/v1/contests') === true &&
    (e.state === 'MH' || e.state === 'TN'),
  e => e.service === 'contest-admin' && (e.sport === 'cricket' || e.sport === 'basketball'),
  e => e.type === 'payment' && Number(e.amount) >= 10_000,
  e => e.host.startsWith('pay-1') && e.host.endsWith('.bom1') && e.latency_ms > 300,
  e =>
    e.service === 'edge' &&
    e.path?.startsWith('/v1/contests') === true &&
    (e.state === 'MH' || e.state === 'DL'),
  e =>
    e.type === 'join' &&
    (e.app_version === '6.12.1' || e.app_version === '6.12.0') &&
    Number(e.entry_fee) >= 19,
  e =>
    e.type === 'request' &&
    Number(e.status) >= 500 &&
    e.path?.startsWith('/health') !== true &&
    e.state !== 'MH'
]

const counts = filters.map(() => 0)
for await (const lines of textLines()) {
  for (const line of lines) {
    const event = JSON.parse(line) as Event
    for (let i = 0; i < filters.length; i++) if (filters[i]?.(event)) counts[i]! += 1
  }
}
process.stdout.write(`${counts.join(' ')}\n`)
