import { apiVersionsV3 } from '@platformatic/kafka'
import { ToolError } from '../../cli/index.ts'
import { ClassicGroup } from './classic-group.ts'
import type { Cluster } from './cluster.ts'
import { ConsumerGroup, ProtocolRefused } from './consumer-group.ts'
import type { Group } from './group.ts'
import type { Standing } from './group-standing.ts'
import type { Partition, PartitionOffset } from './offsets.ts'

export const PROTOCOLS = ['classic', 'consumer'] as const

export interface GroupOptions {
  readonly id: string
  /** Undefined: the consumer protocol where the brokers have it for this group, the classic one otherwise. */
  readonly protocol: (typeof PROTOCOLS)[number] | undefined
  /** Of the classic protocol; in the other one it is the brokers' to say. */
  readonly sessionTimeoutMs: number
}

const CONSUMER_GROUP_HEARTBEAT = 68
/** The first version that is not a preview, of Kafka 4.0. */
const FIRST_VERSION = 1

/** A member by the protocol that the brokers have, which is known when it joins. */
export class ChosenGroup implements Group {
  readonly id: string
  readonly #cluster: Cluster
  readonly #options: GroupOptions
  #group: Group | null = null
  #isTogether = false

  constructor(cluster: Cluster, options: GroupOptions) {
    this.#cluster = cluster
    this.#options = options
    this.id = options.id
  }

  /** Partitions of one number of several topics are to go to one member, as the brokers' `range` gives them anyway. */
  keepTogether(): void {
    this.#isTogether = true
  }

  async join(topics: readonly string[], reading: readonly Partition[]): Promise<Partition[]> {
    const { id, protocol } = this.#options
    this.#group ??= await this.#choose()
    try {
      return await this.#group.join(topics, reading)
    } catch (error) {
      if (!(error instanceof ProtocolRefused)) throw error
      if (protocol === 'consumer') throw this.#missing(`group ${id}: ${error.message}`, error)
      this.#group = this.#classic(true)
      return this.#group.join(topics, reading)
    }
  }

  async #choose(): Promise<Group> {
    const { id, protocol } = this.#options
    const node = await this.#cluster.coordinator('group', id)
    const { apiKeys } = await this.#cluster.ask(apiVersionsV3, node, 'millrace', '1')
    const heartbeat = apiKeys.find(({ apiKey }) => apiKey === CONSUMER_GROUP_HEARTBEAT)
    const isThere = (heartbeat?.maxVersion ?? 0) >= FIRST_VERSION
    if (protocol === 'consumer' && !isThere)
      throw this.#missing('the brokers do not have the consumer protocol')
    return isThere && protocol !== 'classic' ? new ConsumerGroup(this.#cluster, id) : this.#classic(isThere)
  }

  #classic(isDescribed: boolean): Group {
    const { id, sessionTimeoutMs } = this.#options
    const isTogether = (): boolean => this.#isTogether
    return new ClassicGroup(this.#cluster, { id, sessionTimeoutMs, isTogether, isDescribed })
  }

  #missing(what: string, cause?: unknown): ToolError {
    return new ToolError('SERVER', `${this.#cluster.name}: ${what}`, {
      hint: 'leave group-protocol=consumer away, and the classic protocol is used where it is needed',
      cause
    })
  }

  get member(): string {
    return this.#group?.member ?? ''
  }

  get generation(): number {
    return this.#group?.generation ?? -1
  }

  get isMoving(): boolean {
    return this.#group?.isMoving ?? false
  }

  get isLost(): boolean {
    return this.#group?.isLost ?? false
  }

  get failure(): unknown {
    return this.#group?.failure ?? null
  }

  get isWaitedFor(): boolean {
    return this.#group?.isWaitedFor ?? true
  }

  goes(partition: Partition): boolean {
    return this.#group?.goes(partition) ?? false
  }

  async commit(offsets: readonly PartitionOffset[]): Promise<boolean> {
    return (await this.#group?.commit(offsets)) ?? false
  }

  async renew(known: number): Promise<void> {
    await this.#group?.renew(known)
  }

  async standing(): Promise<Standing> {
    return (await this.#group?.standing()) ?? 'moving'
  }

  lose(): void {
    this.#group?.lose()
  }

  async leave(): Promise<void> {
    await this.#group?.leave()
  }
}
