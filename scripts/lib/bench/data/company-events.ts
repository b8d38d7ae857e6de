import { firstJoinAt } from './joins.ts'
import { linesFile } from './rows.ts'

/**
 * A file of events of a company for fantasy sports, about 300 bytes each, one a millisecond: payments, joins of contests,
 * contests and requests, as its services would log them.
 * @returns its path
 */
export const companyEventFile = (rows: number, log: (message: string) => void): Promise<string> =>
  linesFile('company', rows, companyEvent, log)

export const GATEWAYS = ['paytm', 'razorpay', 'cashfree', 'phonepe', 'juspay', 'payu', 'billdesk', 'stripe']
export const BANKS = ['HDFC', 'ICICI', 'SBI', 'AXIS', 'KOTAK', 'YES', 'PNB', 'BOB', 'IDFC', 'CANARA']
export const SPORTS = [
  'cricket',
  'football',
  'kabaddi',
  'basketball',
  'hockey',
  'baseball',
  'volleyball',
  'rugby'
]
export const STATES = [
  'MH',
  'DL',
  'KA',
  'TN',
  'UP',
  'GJ',
  'WB',
  'RJ',
  'KL',
  'PB',
  'HR',
  'BR',
  'MP',
  'AP',
  'OD'
]
export const VERSIONS = ['6.12.1', '6.12.0', '6.11.4', '6.11.2', '6.10.9', '5.98.3', '5.97.0', '4.80.1']
export const PATHS = [
  '/v1/contests',
  '/v1/contests/join',
  '/v1/teams',
  '/v1/login',
  '/v1/wallet',
  '/v1/scores',
  '/health/live',
  '/v2/leaderboard'
]
const METHODS = ['upi', 'card', 'netbanking', 'wallet']
const COUNTRIES = ['IN', 'IN', 'IN', 'IN', 'IN', 'IN', 'NP', 'LK', 'AE', 'US']

/** Whole numbers below a limit that follow from the number of an event and the place where they stand in it. */
function numbers(n: number): (below: number) => number {
  let seed = (n + 1) | 0
  return below => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

/** Numbers of customers and contests follow each other on: some are seen often, many seldom. */
const skewed = (next: (below: number) => number, below: number): number => next(next(below) + 1)

function companyEvent(n: number): string {
  const next = numbers(Math.imul(n, 0x9e3779b1))
  const pick = <T>(list: readonly T[]): T => list[skewed(next, list.length)] as T
  const time = new Date(firstJoinAt + n).toISOString()
  const kind = next(100)
  const user = 10_000_000 + skewed(next, 200_000)
  const contest = 700_000 + skewed(next, 5000)
  const host = (service: string): string => `${service}-${10 + next(20)}.bom1`
  const trace = `${next(2 ** 31)
    .toString(16)
    .padStart(8, '0')}${next(2 ** 31)
    .toString(16)
    .padStart(8, '0')}`
  let event: object
  if (kind < 30) {
    const failed = next(100) < 8
    event = {
      '@timestamp': time,
      type: 'payment',
      service: 'payments-api',
      host: host('pay'),
      payment_id: 90_000_000 + n,
      user_id: user,
      contest_id: contest,
      gateway: pick(GATEWAYS),
      method: pick(METHODS),
      bank: pick(BANKS),
      amount: `${next(100) < 5 ? 1000 + next(49_000) : 10 + next(990)}.00`,
      currency: 'INR',
      status: failed ? 'FAILED' : next(100) < 4 ? 'PENDING' : 'SUCCESS',
      error_code: failed ? pick(['U30', 'U69', 'Z9', 'BT']) : null,
      latency_ms: 40 + next(failed ? 4000 : 400),
      country: COUNTRIES[next(COUNTRIES.length)]
    }
  } else if (kind < 60) {
    event = {
      '@timestamp': time,
      type: 'join',
      service: 'contest-api',
      host: host('con'),
      join_id: 50_000_000 + n,
      user_id: user,
      contest_id: contest,
      team_id: 8_000_000 + next(1_000_000),
      sport: pick(SPORTS),
      entry_fee: `${[0, 19, 49, 99, 575][next(5)]}.00`,
      status: next(100) < 92 ? 'JOINED' : pick(['REJECTED', 'REFUNDED']),
      platform: pick(['android', 'ios', 'web']),
      app_version: pick(VERSIONS),
      state: pick(STATES),
      latency_ms: 5 + next(200)
    }
  } else if (kind < 65) {
    event = {
      '@timestamp': time,
      type: 'contest',
      service: 'contest-admin',
      host: host('adm'),
      contest_id: contest,
      sport: SPORTS[contest % SPORTS.length],
      status: pick(['OPEN', 'FULL', 'LIVE', 'COMPLETED', 'CANCELLED']),
      prize_pool: 1000 * (1 + next(5000)),
      spots: 100 * (1 + (contest % 500)) + (next(200) === 0 ? 50 : 0),
      filled: next(50_000),
      operator: `ops-${contest % 40}`,
      message: `contest ${contest} is updated by the scheduler`,
      trace
    }
  } else {
    const wrong = next(100)
    event = {
      '@timestamp': time,
      type: 'request',
      service: 'edge',
      host: host('edg'),
      method: pick(['GET', 'POST', 'PUT']),
      path: pick(PATHS),
      status: wrong < 2 ? 500 + next(4) : wrong < 8 ? 404 : 200,
      latency_ms: 1 + next(300),
      bytes: next(40_000),
      user_id: user,
      ip: `10.${next(4)}.${next(250)}.${next(250)}`,
      agent: `FantasyApp/${pick(VERSIONS)} (Android 14; SM-A${100 + next(800)}F)`,
      state: pick(STATES),
      trace
    }
  }
  return `${JSON.stringify(event)}\n`
}
