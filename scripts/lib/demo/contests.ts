import type { Random } from './random.ts'
import { literal } from './statements.ts'

export interface Contest {
  readonly id: number
  readonly name: string
  readonly size: number
  readonly fee: string
  /** How much it is liked: seats are taken in proportion to it. */
  readonly heat: number
  filled: number
}

/** Kinds of contests: what share of all seats a contest has (0: two seats), and its entry fee. */
const kinds = [
  { name: 'Mega', share: 0.12, fee: '49.00' },
  { name: 'Winner takes all', share: 0.02, fee: '99.00' },
  { name: 'Practice', share: 0.01, fee: '5.00' },
  { name: 'Hot', share: 0.006, fee: '29.50' },
  { name: 'Small league', share: 0.003, fee: '199.00' },
  { name: 'Head to head', share: 0, fee: '1000.00' }
]
const matches = ['IND v AUS', 'MUM v CHE', 'KOL v BLR', 'ENG v NZ']
const perMatch = 24
const startsAt = "'2026-11-24 19:30:00'"

/** The contests of the evening, how full they are, and which of them have changed since they were last written. */
export class Contests {
  readonly #random: Random
  readonly #all: Contest[] = []
  /** Each contest's share of the demand, summed up, for a pick in proportion. */
  readonly #demand: number[] = []
  readonly #changed = new Set<Contest>()

  /** @param expected how many entries are to be expected in all; a third more than that find a seat */
  constructor(random: Random, expected: number) {
    this.#random = random
    const kindOf = (i: number) => kinds[i % kinds.length] ?? { name: '', share: 0, fee: '' }
    const shares = Array.from({ length: matches.length * perMatch }, (_, i) => kindOf(i).share)
    const scale = (expected * 1.33) / shares.reduce((sum, share) => sum + share, 0)
    let demand = 0
    shares.forEach((share, i) => {
      const { name, fee } = kindOf(i)
      const size = Math.max(2, Math.round(share * scale))
      const match = matches[Math.floor(i / perMatch)] ?? ''
      const heat = 0.3 + random.next() * 1.4
      this.#all.push({
        id: i + 1,
        name: `${match} ${name} ${1 + Math.floor((i % perMatch) / kinds.length)}`,
        size,
        fee,
        heat,
        filled: 0
      })
      demand += size * heat
      this.#demand.push(demand)
    })
  }

  /** The rows of the table at the beginning. */
  rows(now: string): string[] {
    return this.#all.map(({ id, name, size, fee }) =>
      [id, literal(name), size, literal(fee), 0, "'OPEN'", startsAt, now].join()
    )
  }

  /** Takes a seat in a contest, a liked one more probably; undefined when all of a few picks are full. */
  join(): Contest | undefined {
    for (let attempt = 0; attempt < 8; attempt++) {
      const contest = this.#pick()
      if (contest.filled >= contest.size) continue
      contest.filled++
      this.#changed.add(contest)
      return contest
    }
    return undefined
  }

  leave(id: number): void {
    const contest = this.#all[id - 1]
    if (contest === undefined) throw new RangeError(`no contest ${id}`)
    contest.filled--
    this.#changed.add(contest)
  }

  /** The contests that have changed since this was asked last. */
  takeChanged(): Contest[] {
    const changed = [...this.#changed]
    this.#changed.clear()
    return changed
  }

  /** Writes how full contests are. MySQL assigns from left to right: `status` sees the new `filled`. */
  update(contests: readonly Contest[], now: string): string {
    const cases = contests.map(({ id, filled }) => `WHEN ${id} THEN ${filled}`).join(' ')
    return (
      `UPDATE contests SET filled = CASE id ${cases} END, status = IF(filled >= size, 'FULL', 'OPEN'), ` +
      `updated_at = ${now} WHERE id IN (${contests.map(({ id }) => id)})`
    )
  }

  #pick(): Contest {
    const target = this.#random.next() * (this.#demand.at(-1) ?? 0)
    let low = 0
    let high = this.#demand.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#demand[middle] ?? 0) > target) high = middle
      else low = middle + 1
    }
    const contest = this.#all[low]
    if (contest === undefined) throw new RangeError('there are no contests')
    return contest
  }
}
