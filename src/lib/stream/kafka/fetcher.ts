import { setTimeout as sleep } from 'node:timers/promises'
import type { Assignment } from './assignment.ts'
import type { Cluster } from './cluster.ts'
import { errorName, reasonOf, TryAgain } from './errors.ts'
import { type Fetched, fetchRecords, type Place } from './fetch.ts'
import { EARLIEST, leaderOf, listOffsets, partitionKey } from './offsets.ts'

const IDLE_MS = 20

/** Keeps one request on its way to each leader of the partitions that are ours. */
export class Fetcher {
  readonly #cluster: Cluster
  readonly #assignment: Assignment
  readonly #warn: (message: string) => void
  #requests = new Map<number, Promise<{ leader: number; fetched: readonly Fetched[] | Error }>>()

  constructor(cluster: Cluster, assignment: Assignment, warn: (message: string) => void) {
    this.#cluster = cluster
    this.#assignment = assignment
    this.#warn = warn
  }

  /** What is on its way was asked for by another assignment. */
  restart(): void {
    this.#requests = new Map()
  }

  /** The next answer of some leader; null when there was none for a while. @throws ToolError SERVER */
  async next(): Promise<readonly Fetched[] | null> {
    try {
      await this.#request()
      if (this.#requests.size === 0) {
        await sleep(IDLE_MS)
        return null
      }
      const { leader, fetched } = await Promise.race(this.#requests.values())
      this.#requests.delete(leader)
      if (fetched instanceof Error) throw new TryAgain(reasonOf(fetched), { cause: fetched })
      return fetched
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error
      await this.#leadersAnswer(error)
      return null
    }
  }

  async #leadersAnswer(failure: TryAgain): Promise<void> {
    this.restart()
    let isFirst = true
    await this.#cluster.persist(async () => {
      if (isFirst) {
        isFirst = false
        throw failure
      }
      for (const partition of this.#assignment.reading) await leaderOf(this.#cluster, partition)
    })
  }

  /** Asks ahead, while what has come is worked on; what goes wrong is seen by `next`. */
  async ahead(): Promise<void> {
    await this.#request().catch(() => {})
  }

  /** Asks all leaders that are not being asked. @throws TryAgain */
  async #request(): Promise<void> {
    const byLeader = new Map<number, Place[]>()
    for (const partition of this.#assignment.reading) {
      const leader = await leaderOf(this.#cluster, partition)
      if (this.#requests.has(leader)) continue
      const place = { ...partition, offset: this.#assignment.position(partition) ?? 0 }
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), place])
    }
    for (const [leader, places] of byLeader) {
      const connection = await this.#cluster.connection(leader)
      const request = fetchRecords(connection, places).then(
        fetched => ({ leader, fetched }),
        (error: Error) => ({ leader, fetched: error })
      )
      this.#requests.set(leader, request)
    }
  }

  /** A partition that cannot be read from where it was. @throws ToolError SERVER, TryAgain */
  async refused({ topic, partition, code, logStart }: Fetched, position: number): Promise<void> {
    const what = `${topic} partition ${partition}`
    if (errorName(code) !== 'OFFSET_OUT_OF_RANGE') {
      this.#cluster.forget()
      this.#cluster.check(code, what)
      return
    }
    const ends = await this.#cluster.persist(() =>
      listOffsets(this.#cluster, [{ topic, partition }], EARLIEST)
    )
    const begin = Math.max(logStart, ends.get(partitionKey({ topic, partition })) ?? 0)
    this.#warn(`${what}: offset ${position} is not there any more; goes on at ${begin}`)
    this.#assignment.advance({ topic, partition }, begin)
  }
}
