import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { randomNumbers } from '../support/random.ts'
import { change, created, type Row, run, tableOf } from './events.ts'

/** The six uses of the pipeline, each against the same question asked of the rows by hand. */

const example = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../examples/analytics', `${name}.sql`), 'utf8')

const random = randomNumbers(20261124)
const below = (n: number): number => Math.floor(random() * n)
const start = Date.UTC(2026, 10, 24, 18)
const iso = (ms: number): string => new Date(ms).toISOString()
const local = (ms: number): string => iso(ms).slice(0, -1)
const money = (cents: number): string => (cents / 100).toFixed(2)
const rowsOf = (name: string, lines: string[]): Row[] => {
  const { rows, rejected, warnings } = run(example(name), lines)
  assert.deepEqual([rejected, warnings], [[], []])
  return rows
}
const sorted = (rows: Row[]): string[] => rows.map(row => JSON.stringify(row)).sort()

type Join = {
  id: number
  contest_id: number
  user_id: number
  coupon_id: number | null
  amount: string
  ms: number
}
const joins = Array.from({ length: 400 }, (_, i): Join => {
  const coupon_id = below(3) === 0 ? 1 + below(2) : null
  const ms = start + i * 9_000 + below(3_000)
  return {
    id: i + 1,
    contest_id: 1 + below(3),
    user_id: 1 + below(60),
    coupon_id,
    amount: money(900 + below(9) * 100),
    ms
  }
})
const joinRow = ({ ms, ...row }: Join): Row => ({ ...row, created_at: iso(ms) })
const joinLines = joins.map(row => created(joinRow(row), 'contest_joins'))

test('contest-joins: the last five minutes, each minute', () => {
  const wanted: Row[] = []
  for (let end = start + 60_000; end < start + 80 * 60_000; end += 60_000) {
    const inWindow = joins.filter(({ ms }) => ms >= end - 300_000 && ms < end)
    for (const [contest_id, of] of Map.groupBy(inWindow, row => row.contest_id)) {
      wanted.push({
        window_start: local(end - 300_000),
        window_end: local(end),
        contest_id,
        joins: of.length,
        players: new Set(of.map(row => row.user_id)).size,
        fees: money(of.reduce((sum, { amount }) => sum + Math.round(Number(amount) * 100), 0)),
        joins_per_minute: of.length / 5
      })
    }
  }
  assert.deepEqual(sorted(rowsOf('contest-joins', joinLines)), sorted(wanted))
})

test('payment-gateways: each gateway as its payments are now', () => {
  const payments = new Map<number, Row>()
  const lines: string[] = []
  for (let i = 0; i < 300; i++) {
    const id = 1 + below(80)
    const old = payments.get(id) ?? null
    const status = old === null ? 'PENDING' : ['SUCCESS', 'FAILED'][below(2)]
    const row =
      old === null ? { id, gateway: ['paytm', 'razorpay'][below(2)], amount: money(100 * below(50)) } : old
    const now = { ...row, status }
    payments.set(id, now)
    lines.push(change(old === null ? 'c' : 'u', old, now, 'payments'))
  }
  const wanted = [...Map.groupBy(payments.values(), row => row.gateway)].map(([gateway, of]) => {
    const count = (status: string): number => of.filter(row => row.status === status).length
    const revenue = of
      .filter(row => row.status === 'SUCCESS')
      .reduce((sum, { amount }) => sum + Number(amount) * 100, 0)
    const [pending, paid, failed] = [count('PENDING'), count('SUCCESS'), count('FAILED')]
    const success_rate = paid + failed === 0 ? null : paid / (paid + failed)
    return { gateway, pending, paid, failed, revenue: money(revenue), success_rate }
  })
  assert.deepEqual(tableOf(rowsOf('payment-gateways', lines)), sorted(wanted))
})

test('contest-fill: the contests that are at least 90 % full', () => {
  const contests = [40, 60, 30].map(
    (size, i): Row => ({ id: i + 1, name: `c${i + 1}`, size, starts_at: local(start) })
  )
  const inside = new Map<number, number>()
  const left = new Set<number>()
  const lines = contests.map(row => change('r', null, row, 'contests'))
  for (const row of joins.slice(0, 130)) {
    lines.push(created(joinRow(row), 'contest_joins'))
    inside.set(row.contest_id, (inside.get(row.contest_id) ?? 0) + 1)
    if (below(6) > 0) continue
    left.add(row.id)
    lines.push(change('d', joinRow(row), null, 'contest_joins'))
    inside.set(row.contest_id, (inside.get(row.contest_id) ?? 0) - 1)
  }
  const wanted = contests.flatMap(({ id, name, size, starts_at }): Row[] => {
    const [joined, all] = [inside.get(Number(id)) ?? 0, Number(size)]
    if (joined * 10 < all * 9) return []
    const at = String(starts_at).slice(0, 19)
    return [
      {
        id,
        name,
        size,
        joined,
        places: all - joined,
        fill_percent: Math.floor((100 * joined) / all),
        starts_at: at
      }
    ]
  })
  assert.ok(wanted.length > 0 && wanted.length < 3)
  assert.deepEqual(tableOf(rowsOf('contest-fill', lines)), sorted(wanted))
})

test('campaign-outcome: what became of the messages within a day', () => {
  const day = 86_400_000
  const messages = Array.from({ length: 60 }, (_, i) => {
    return { id: i + 1, campaign_id: 1 + (i % 2), user_id: 1 + below(30), ms: start + i * 600_000 }
  })
  const late = joins.map(row => ({ ...row, ms: row.ms + below(3 * day) })).sort((a, b) => a.ms - b.ms)
  const lines = [
    ...messages.map(({ ms, ...row }) => ({
      ms,
      line: created({ ...row, sent_at: iso(ms) }, 'campaign_messages')
    })),
    ...late.map(row => ({ ms: row.ms, line: created(joinRow(row), 'contest_joins') }))
  ]
  const hour = 3_600_000
  const groups = Map.groupBy(messages, row => `${Math.floor(row.ms / hour)}/${row.campaign_id}`)
  const wanted = [...groups.values()].map((of): Row => {
    const answers = of.map(({ user_id, ms }) =>
      late.filter(row => row.user_id === user_id && row.ms >= ms && row.ms <= ms + day)
    )
    const all = answers.flat()
    const [{ ms, campaign_id }] = of as [(typeof of)[0]]
    return {
      window_start: local(Math.floor(ms / hour) * hour),
      campaign_id,
      messages: of.length,
      answered: answers.filter(list => list.length > 0).length,
      joins: all.length,
      revenue: money(all.reduce((sum, { amount }) => sum + Math.round(Number(amount) * 100), 0))
    }
  })
  const results = rowsOf(
    'campaign-outcome',
    lines.sort((a, b) => a.ms - b.ms).map(({ line }) => line)
  )
  assert.deepEqual(sorted(results), sorted(wanted))
})

test('coupon-use: in each ten minutes of the two hours after the launch', () => {
  const coupons = [
    { id: 1, code: 'TOSS50', cents: 5000, ms: start + 300_000 },
    { id: 2, code: 'FINAL', cents: 1050, ms: start + 1_800_000 }
  ]
  const couponRow = ({ id, code, cents, ms }: (typeof coupons)[0]): Row => ({
    id,
    code,
    discount: money(cents),
    launched_at: iso(ms)
  })
  const lines = [
    ...joinLines.slice(0, 50),
    ...coupons.map(c => created(couponRow(c), 'coupons')),
    ...joinLines.slice(50)
  ]
  const used = joins.flatMap(row => {
    const coupon = coupons.find(({ id }) => id === row.coupon_id)
    if (coupon === undefined || row.ms < coupon.ms || row.ms >= coupon.ms + 7_200_000) return []
    return [{ row, coupon, minutes: Math.floor((row.ms - coupon.ms) / 600_000) * 10 }]
  })
  const wanted = [...Map.groupBy(used, use => `${use.coupon.id}/${use.minutes}`).values()].map((of): Row => {
    const [{ coupon, minutes }] = of as [(typeof of)[0]]
    const players = new Set(of.map(({ row }) => row.user_id)).size
    return {
      code: coupon.code,
      minutes_after_launch: minutes,
      uses: of.length,
      players,
      given_away: money(of.length * coupon.cents)
    }
  })
  assert.deepEqual(tableOf(rowsOf('coupon-use', lines)), sorted(wanted))
})

test('traffic-last-week: each hour beside that of a week ago', () => {
  const hour = 3_600_000
  const hours = 9 * 24
  const counts: [requests: number, errors: number][] = []
  const lines: string[] = []
  for (let h = 0; h < hours; h++) {
    const requests = h === 30 ? 0 : 1 + below(4)
    let errors = 0
    for (let i = 0; i < requests; i++) {
      const status = below(5) === 0 ? 503 : 200
      if (status === 503) errors++
      lines.push(JSON.stringify({ path: '/', status, time: iso(start + h * hour + i * 60_000) }))
    }
    counts.push([requests, errors])
  }
  const wanted = counts.flatMap(([requests, errors], h): Row[] => {
    if (requests === 0) return []
    const [before = 0] = counts[h - 7 * 24] ?? []
    const last_week = before === 0 ? null : before
    const ratio = last_week === null ? null : requests / last_week
    return [{ hour: local(start + h * hour), requests, errors, last_week, ratio }]
  })
  assert.deepEqual(sorted(rowsOf('traffic-last-week', lines)), sorted(wanted))
})
