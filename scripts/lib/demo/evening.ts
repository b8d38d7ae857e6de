/**
 * A fantasy-sports evening: players come, pay into their wallet through one of four gateways, and join contests until
 * those are full. Half-way one gateway begins to refuse most payments.
 *
 * A second of the demo is a minute of the evening, which begins at 18:30 on a fixed day. All that happens, down to each
 * timestamp, is decided by the seed, the length and the rate.
 */
import { Contests } from './contests.ts'
import { Random } from './random.ts'
import { insert, literal, moment } from './statements.ts'

export const database = 'millrace_demo'

/** The tables, each with its primary key `id`, in the order in which they are created. */
export const tables = ['users', 'contests', 'coupons', 'payments', 'contest_joins'] as const
export type TableName = (typeof tables)[number]

export interface EveningOptions {
  readonly seed: number
  readonly seconds: number
  /** Row changes a second, on average; it grows from 60 % of that at the beginning to 140 % at the end. */
  readonly rate: number
}

/** One transaction of the evening. */
export interface Transaction {
  /** When it is due, in ms of real time after the start. */
  readonly dueMs: number
  /** The evening's own clock, in ms since the epoch. */
  readonly clock: number
  readonly statements: readonly string[]
  /** How many rows the statements insert, update and delete. */
  readonly rows: number
  /** How many rows are inserted into contest_joins, and one of them that is never deleted. */
  readonly joins: number
  readonly lasting: number | undefined
}

export const eveningBegins = Date.UTC(2026, 10, 24, 18, 30)
export const minuteMs = 60_000
const compression = minuteMs / 1000
const tickMs = 20

const gateways = ['upi', 'paytm', 'razorpay', 'card']
const failingGateway = 'paytm'
const usualFailures = 0.005
const failuresOfFailing = 0.7
/** Payments settle within 5 to 30 s of the evening. */
const settleTicks = { least: 5, most: 25 }
const amounts = ['49.00', '99.00', '199.50', '499.00', '1200.00']
const cities = ['Mumbai', 'Delhi', 'Bengaluru', 'Chennai', 'Kolkata', 'Jaipur', 'Kochi', 'Pune']
const firstNames = [
  'Aarav',
  'Diya',
  'Zoë',
  'Kabir',
  'अर्जुन',
  'Meera',
  'Rohan',
  'Ishita',
  "Shaun O'Neill",
  'Anaya'
]
const couponCount = 12

/** Row changes that one payment brings about: itself twice, an entry, and its share of contests, coupons and users. */
const rowsPerPayment = 3.65

interface Payment {
  readonly id: number
  readonly user: number
  readonly gateway: string
  readonly amount: string
}

export class Evening {
  readonly #options: EveningOptions
  readonly #random: Random
  readonly #contests: Contests
  readonly #users: number
  #nextUser: number
  #nextPayment = 1
  #nextJoin = 1
  /** Payments that are under way, by the tick in which they settle. */
  readonly #pending = new Map<number, Payment[]>()
  /** Entries that may still be withdrawn: of each hundredth player. */
  #regretting: { join: number; contest: number }[] = []

  constructor(options: EveningOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
    const events = options.seconds * options.rate
    this.#users = Math.max(100, Math.round(events / 60))
    this.#nextUser = this.#users + 1
    this.#contests = new Contests(this.#random, events / rowsPerPayment)
  }

  /** The rows that are there when the evening begins, as statements. */
  setup(): { statements: string[]; rows: number } {
    const now = moment(eveningBegins)
    const users = Array.from({ length: this.#users }, (_, i) => this.#user(i + 1, now))
    const coupons = Array.from({ length: couponCount }, (_, i) =>
      [i + 1, literal(`MATCH${(i + 1) * 5}`), literal(((i + 1) * 2.5).toFixed(2)), 0, now].join()
    )
    const contests = this.#contests.rows(now)
    return {
      statements: [
        ...chunks(users, 2000).map(rows => insert('users', rows)),
        insert('coupons', coupons),
        insert('contests', contests)
      ],
      rows: users.length + coupons.length + contests.length
    }
  }

  /** What happens, in order. To be taken once. */
  *transactions(): Generator<Transaction> {
    const { seconds, rate } = this.#options
    const ticks = Math.round((seconds * 1000) / tickMs)
    let owed = 0
    for (let tick = 0; tick < ticks; tick++) {
      const share = tick / ticks
      owed += ((rate * tickMs) / 1000 / rowsPerPayment) * (0.6 + 0.8 * share)
      const payments = Math.floor(owed)
      owed -= payments
      const transaction = this.#transaction(tick, payments, share >= 0.5)
      if (transaction.rows > 0) yield transaction
    }
  }

  #transaction(tick: number, payments: number, failing: boolean): Transaction {
    const dueMs = tick * tickMs
    const clock = eveningBegins + dueMs * compression
    const now = moment(clock)
    const statements: string[] = []
    let rows = 0
    const run = (statement: string, changed: number): void => {
      if (changed === 0) return
      statements.push(statement)
      rows += changed
    }

    const newcomers: string[] = []
    const opened = Array.from({ length: payments }, () => {
      if (this.#random.chance(0.05)) newcomers.push(this.#user(this.#nextUser++, now))
      return this.#open(tick, now)
    })
    run(insert('users', newcomers), newcomers.length)
    run(insert('payments', opened), opened.length)

    const settled = this.#pending.get(tick) ?? []
    this.#pending.delete(tick)
    const { succeeded, failed } = this.#settle(settled, failing)
    run(settle(succeeded, "status = 'SUCCESS'", now), succeeded.length)
    run(settle(failed, "status = 'FAILED', error = 'gateway timed out'", now), failed.length)

    const left = this.#regretting.length > 20 ? this.#regretting.splice(0, 5) : []
    for (const { contest } of left) this.#contests.leave(contest)
    run(`DELETE FROM contest_joins WHERE id IN (${left.map(({ join }) => join)})`, left.length)
    const { joins, lasting, coupons } = this.#join(succeeded, now)
    run(insert('contest_joins', joins), joins.length)
    for (const [uses, ids] of coupons) {
      run(`UPDATE coupons SET uses = uses + ${uses}, updated_at = ${now} WHERE id IN (${ids})`, ids.length)
    }
    const filled = this.#contests.takeChanged()
    run(this.#contests.update(filled, now), filled.length)
    return { dueMs, clock, statements, rows, joins: joins.length, lasting }
  }

  #user(id: number, now: string): string {
    const name = `${this.#random.pick(firstNames)} ${id}`
    return [id, literal(name), literal(this.#random.pick(cities)), now].join()
  }

  /** A payment begins; its row. */
  #open(tick: number, now: string): string {
    const { least, most } = settleTicks
    const payment = {
      id: this.#nextPayment++,
      user: 1 + this.#random.below(this.#nextUser - 1),
      gateway: this.#random.pick(gateways),
      amount: this.#random.pick(amounts)
    }
    const due = tick + least + this.#random.below(most - least + 1)
    const others = this.#pending.get(due)
    if (others === undefined) this.#pending.set(due, [payment])
    else others.push(payment)
    const { id, user, gateway, amount } = payment
    return [id, user, literal(gateway), literal(amount), "'PENDING'", 'NULL', now, now].join()
  }

  #settle(payments: readonly Payment[], failing: boolean): { succeeded: Payment[]; failed: Payment[] } {
    const succeeded: Payment[] = []
    const failed: Payment[] = []
    for (const payment of payments) {
      const isDown = failing && payment.gateway === failingGateway
      const fails = this.#random.chance(isDown ? failuresOfFailing : usualFailures)
      const outcome = fails ? failed : succeeded
      outcome.push(payment)
    }
    return { succeeded, failed }
  }

  /** Who has paid joins a contest, unless all are full. */
  #join(
    payments: readonly Payment[],
    now: string
  ): { joins: string[]; lasting: number | undefined; coupons: Map<number, number[]> } {
    let lasting: number | undefined
    const joins: string[] = []
    const uses = new Map<number, number>()
    for (const { id: payment, user } of payments) {
      const contest = this.#contests.join()
      if (contest === undefined) continue
      const id = this.#nextJoin++
      const coupon = this.#random.chance(0.1) ? 1 + this.#random.below(couponCount) : undefined
      if (coupon !== undefined) uses.set(coupon, (uses.get(coupon) ?? 0) + 1)
      if (this.#random.chance(0.01)) this.#regretting.push({ join: id, contest: contest.id })
      else lasting ??= id
      joins.push([id, contest.id, user, payment, coupon ?? 'NULL', literal(contest.fee), now].join())
    }
    const coupons = new Map<number, number[]>()
    for (const [coupon, count] of uses) coupons.set(count, [...(coupons.get(count) ?? []), coupon])
    return { joins, lasting, coupons }
  }
}

function settle(payments: readonly Payment[], change: string, now: string): string {
  return `UPDATE payments SET ${change}, updated_at = ${now} WHERE id IN (${payments.map(({ id }) => id)})`
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size)
  )
}
