import { leaveGroupV5, offsetCommitV8 } from '@platformatic/kafka'
import { ClassicDivision, COOPERATIVE, type DivisionOptions, LOST } from './classic-division.ts'
import type { Cluster } from './cluster.ts'
import { errorName, TryAgain } from './errors.ts'
import { type Group, HEARTBEAT_EVERY_MS } from './group.ts'
import { classicStandingOf, type Standing, standingOf } from './group-standing.ts'
import { Holding } from './holding.ts'
import { commitTopics, type Partition, type PartitionOffset } from './offsets.ts'

export interface ClassicOptions extends DivisionOptions {
  /** The brokers know groups of the consumer protocol, and this may be a guest in one. */
  readonly isDescribed: boolean
}

/**
 * A member by the classic protocol: the members divide the partitions themselves, each time that one comes or goes.
 *
 * Where all know how to (`cooperative-sticky`) a member tells the one that divides what it has in hand, and reads on
 * meanwhile. What others shall have is missing then in its share: it finishes that and joins again, and only then is it
 * given to them. Where some only know `range` all finish what they have before they join, and all is divided anew.
 */
export class ClassicGroup implements Group {
  readonly id: string
  readonly #cluster: Cluster
  readonly #options: ClassicOptions
  readonly #division: ClassicDivision
  #topics: readonly string[] = []
  #isCooperative = true
  readonly #holding = new Holding()
  /** The generation in which it was given that. */
  #givenIn = -1
  /** The others have to hear of other topics, or divide more partitions. */
  #hasNews = false
  /** All wait for this member, which has to finish everything before it joins. */
  #isCalled = false
  /** While the partitions are divided. */
  #dividing: Promise<void> | null = null
  /** A division that did not come to its end is begun again with the next beat. */
  #isDue = false
  #timer: NodeJS.Timeout | null = null
  #isBeating = false
  #hasEntered = false
  #hasLeft = false
  isLost = false
  failure: unknown = null

  constructor(cluster: Cluster, options: ClassicOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#division = new ClassicDivision(cluster, options)
    this.id = options.id
  }

  get member(): string {
    return this.#division.member
  }

  get generation(): number {
    return this.#division.generation
  }

  get isMoving(): boolean {
    return this.isLost || this.#isCalled || this.#holding.isMoving
  }

  get isWaitedFor(): boolean {
    return !this.#isCooperative
  }

  goes(partition: Partition): boolean {
    return !this.#isCooperative || !this.#holding.isGiven(partition)
  }

  async join(topics: readonly string[], reading: readonly Partition[]): Promise<Partition[]> {
    const isOutdated = topics.join() !== this.#topics.join() || (await this.#division.isOutdated())
    this.#topics = topics
    this.#hasNews ||= isOutdated
    const isEager = this.#hasEntered && !this.#isCooperative && reading.length === 0
    if (isEager && !this.isLost && (this.#isCalled || this.#hasNews)) {
      await this.#divideAnew()
      if (this.isLost) return []
    }
    if (!this.#hasEntered || this.isLost) await this.#enter()
    const partitions = this.#holding.take(reading)
    if (this.#mustJoin) this.#divideBeside()
    return partitions
  }

  /** Under a name of its own each time: what was begun under an earlier one can never be committed. */
  async #enter(): Promise<void> {
    this.#hasEntered = false
    const { member } = this
    await this.#depart()
    await this.#divided()
    if (this.member !== member) await this.#depart()
    this.#division.forget()
    this.#holding.clear()
    this.#givenIn = -1
    await this.#divide(async () => {
      do {
        if (this.#hasLeft) throw new TryAgain(`group ${this.id} was left`)
      } while (!(await this.#joinOnce()))
    })
    this.isLost = false
    this.#hasEntered = true
    if (!this.#hasLeft) this.#timer = setInterval(() => this.#beat(), HEARTBEAT_EVERY_MS)
  }

  // --- divisions ---

  get #mustJoin(): boolean {
    return this.#isCooperative && (this.#hasNews || this.#holding.hasGivenBack)
  }

  #divide(work: () => Promise<void>): Promise<void> {
    this.#isDue = false
    this.#dividing = work().finally(() => {
      this.#dividing = null
    })
    return this.#dividing
  }

  /** Waits for the end of a division, however that is. */
  async #divided(): Promise<void> {
    await this.#dividing?.catch(() => {})
  }

  async #joinUntilDivided(): Promise<void> {
    while (!(await this.#joinOnce()) || this.#mustJoin) if (this.isLost) return
  }

  /** Everything is finished. @throws TryAgain, ToolError SERVER */
  async #divideAnew(): Promise<void> {
    await this.#divided()
    this.#isCalled = true
    this.#holding.clear()
    await this.#divide(() => this.#joinUntilDivided())
  }

  /** While what this member has is read on. */
  #divideBeside(): void {
    if (this.#dividing !== null || this.#hasLeft || this.isLost) return
    this.#divide(() => this.#joinUntilDivided()).catch(error => {
      this.#isDue = true
      this.#failed(error)
    })
  }

  /** @returns false when it has to be tried again, or the place in the group is gone */
  async #joinOnce(): Promise<boolean> {
    const topics = new Set(this.#topics)
    this.#hasNews = false
    const words = { topics, owned: this.#holding.tell(), generation: this.#givenIn }
    const outcome = await this.#division.join(words)
    if (outcome === 'lost') this.#forget()
    if (outcome === 'again' || outcome === 'lost') return false
    this.#givenIn = this.generation
    this.#isCooperative = outcome.protocol === COOPERATIVE
    this.#isCalled = false
    const { owned } = this.#holding
    this.#holding.give(outcome.share)
    if (this.#isCooperative || owned.length === 0) return true
    // All is divided anew, once the members have finished what they read on with; or the one that divides does not wait.
    if (owned.every(partition => this.#holding.isGiven(partition))) this.#isCalled = true
    else this.isLost = true
    return true
  }

  #forget(): void {
    this.#division.forget()
    this.isLost = true
  }

  // --- heartbeats ---

  async #beat(): Promise<void> {
    if (this.#isBeating || this.#dividing !== null || this.isLost) return
    if (this.#isDue) {
      this.#divideBeside()
      return
    }
    this.#isBeating = true
    const { generation, member } = this
    try {
      const answer = await this.#division.beat()
      // It may have come to the broker behind a request to join, and then tells of a generation that is over.
      const isCurrent = generation === this.generation && member === this.member && this.#dividing === null
      if (isCurrent) this.#hear(answer)
    } catch (error) {
      this.#failed(error)
    } finally {
      this.#isBeating = false
    }
  }

  #hear(name: string): void {
    if (name === 'REBALANCE_IN_PROGRESS') {
      if (this.#isCooperative) this.#divideBeside()
      else this.#isCalled = true
    } else if (LOST.has(name)) this.#forget()
    else if (name !== 'NONE') this.#cluster.forget()
  }

  /** Where the coordinator is away, or another broker is it now, the next beat asks anew. */
  #failed(error: unknown): void {
    if (error instanceof TryAgain) this.#cluster.forget()
    else this.failure = error
  }

  // --- offsets ---

  async commit(offsets: readonly PartitionOffset[]): Promise<boolean> {
    if (offsets.length === 0) return true
    for (;;) {
      if (this.isLost) return false
      const { generation, member } = this
      const isBeside = this.#isCooperative
      const answers = await this.#commitAs(generation, member, offsets)
      const isOutside = answers.some(({ name }) => LOST.has(name))
      const isEarly = answers.some(({ name }) => name === 'REBALANCE_IN_PROGRESS')
      // The group goes to its next generation, in which the partitions are this member's still.
      if (isBeside && answers.some(({ name }) => name === 'ILLEGAL_GENERATION')) {
        await this.renew(generation)
        if (this.generation !== generation) continue
        if (this.#isDue) throw new TryAgain(`group ${this.id} is in another generation`)
      }
      if (isBeside && isEarly) {
        if (this.#isDue) throw new TryAgain(`group ${this.id} divides its partitions`)
        await this.#divided()
        continue
      }
      if (isOutside && member === this.member) this.#forget()
      // The others are joining already: what is not committed comes again.
      if (isEarly) this.#isCalled = true
      if (isOutside || isEarly) return false
      for (const { what, code } of answers) this.#cluster.check(code, `${what} (group ${this.id})`)
      return true
    }
  }

  async #commitAs(
    generation: number,
    member: string,
    offsets: readonly PartitionOffset[]
  ): Promise<{ code: number; name: string; what: string }[]> {
    const node = await this.#cluster.coordinator('group', this.id)
    const topics = commitTopics(offsets)
    const answer = await this.#cluster.ask(offsetCommitV8, node, this.id, generation, member, null, topics)
    return answer.topics.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex, errorCode }) => ({
        code: errorCode,
        name: errorName(errorCode),
        what: `offset of ${topic} partition ${partitionIndex}`
      }))
    )
  }

  async renew(known: number): Promise<void> {
    if (this.generation !== known) return
    if (this.#isDue) this.#divideBeside()
    await this.#divided()
  }

  // --- the place in the group ---

  async standing(): Promise<Standing> {
    if (this.isMoving || this.#holding.isMissing || this.#dividing !== null) return 'moving'
    return this.#options.isDescribed
      ? standingOf(this.#cluster, this.id, this.member, this.#topics)
      : classicStandingOf(this.#cluster, this.id, this.#topics)
  }

  lose(): void {
    this.isLost = true
  }

  async leave(): Promise<void> {
    this.#hasLeft = true
    await this.#depart()
  }

  async #depart(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    const { member } = this
    if (member === '') return
    try {
      const node = await this.#cluster.coordinator('group', this.id)
      await this.#cluster.ask(leaveGroupV5, node, this.id, [{ memberId: member, groupInstanceId: null }])
    } catch (error) {
      // The group finds out by itself when the session runs out.
      if (!(error instanceof TryAgain)) throw error
    }
  }
}
