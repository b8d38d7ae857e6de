import { ToolError } from '../../cli/index.ts'
import type { Lines, PartitionStates, PartitionsChange } from '../ports.ts'
import type { Assignment } from './assignment.ts'
import { firstKey } from './batches.ts'
import type { Cluster } from './cluster.ts'
import { checkCoPartitioned } from './co-partitioning.ts'
import type { Fetched } from './fetch.ts'

/** How partitions are worked on apart. */
export interface Apart {
  readonly states: PartitionStates
  /** The columns by which rows belong together: those of a group have to lie in one partition. null: they do. */
  readonly columns: readonly string[] | null
}

/** Partitions that are worked on apart, each with a state of its own. Those of one number in several topics go together. */
export class PartitionsApart {
  readonly #cluster: Cluster
  readonly #assignment: Assignment
  readonly #apart: Apart
  readonly #warn: (message: string) => void
  /** How many partitions there are, whoever reads them. */
  #count = 0
  /** Topics whose keys have been looked at. */
  readonly #looked = new Set<string>()
  #lines: Lines[] = []

  constructor(cluster: Cluster, assignment: Assignment, apart: Apart, warn: (message: string) => void) {
    this.#cluster = cluster
    this.#assignment = assignment
    this.#apart = apart
    this.#warn = warn
  }

  /** To be committed with the offset of a partition. */
  note(partition: number): string {
    return this.#apart.states.note(partition)
  }

  /** What is read from here on, after partitions were divided. @throws ToolError SERVER */
  async change(): Promise<PartitionsChange> {
    const { partitions, fresh } = this.#assignment
    const all = [...new Set(partitions.map(({ partition }) => partition))]
    this.#count = 0
    for (const topic of new Set(partitions.map(({ topic }) => topic))) {
      const size = (await this.#cluster.persist(() => this.#cluster.topic(topic)))?.leaders.length ?? 0
      this.#count = Math.max(this.#count, size)
      const own = partitions.filter(place => place.topic === topic)
      if (own.length === all.filter(partition => partition < size).length) continue
      throw new ToolError(
        'SERVER',
        `${this.#cluster.name}: the group has given partitions of one number to several members`,
        { hint: 'topics that are read together need the same number of partitions' }
      )
    }
    return { kind: 'partitions', all, fresh, count: this.#count }
  }

  /**
   * Takes the lines of a partition.
   * @param from the offset that was asked for
   * @throws ToolError USAGE when rows that belong together are not in one partition
   */
  add(fetched: Fetched, from: number, bytes: Buffer, firstLine: number): void {
    const { topic, partition } = fetched
    this.#lines.push({ kind: 'lines', bytes: Buffer.from(bytes), firstLine, partition })
    const { columns } = this.#apart
    if (columns === null || this.#looked.has(topic)) return
    const key = firstKey(fetched, from)
    if (key === undefined) return
    this.#looked.add(topic)
    const warning = checkCoPartitioned(topic, this.#count, key, columns)
    if (warning !== null) this.#warn(warning)
  }

  /** The lines since the last call, a block a partition. */
  take(): Lines[] {
    const lines = this.#lines
    this.#lines = []
    return lines
  }
}
