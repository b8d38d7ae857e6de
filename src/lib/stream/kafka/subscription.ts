import { usageError } from '../../cli/index.ts'
import type { Cluster } from './cluster.ts'
import { TryAgain } from './errors.ts'
import type { Partition } from './offsets.ts'

/** Topics by name, or by a pattern that begins with ^; those that come later are found, too. */
export class Subscription {
  readonly #names: readonly string[]
  readonly #patterns: readonly RegExp[]

  /** @param text names and patterns with commas between. @throws ToolError USAGE */
  constructor(text: string, what: string) {
    const parts = text.split(',').filter(part => part !== '')
    if (parts.length === 0) throw usageError(`${what}: names no topic`, 'write kafka://broker/topic')
    this.#names = parts.filter(part => !part.startsWith('^'))
    this.#patterns = parts
      .filter(part => part.startsWith('^'))
      .map(part => {
        try {
          return new RegExp(`${part}$`, 'u')
        } catch (error) {
          throw usageError(`${what}: ${part}: ${(error as Error).message}`)
        }
      })
  }

  /** The topics that are there. @throws TryAgain when one that is named is not */
  async topics(cluster: Cluster): Promise<string[]> {
    for (const name of this.#names) {
      if ((await cluster.topic(name)) === null) throw new TryAgain(`topic ${name} does not exist`)
    }
    if (this.#patterns.length === 0) return [...this.#names]
    const all = await cluster.topicNames()
    const matching = all.filter(topic => this.#patterns.some(pattern => pattern.test(topic)))
    return [...new Set([...this.#names, ...matching])].sort()
  }
}

/** All partitions of topics. @throws TryAgain */
export async function partitionsOf(cluster: Cluster, topics: readonly string[]): Promise<Partition[]> {
  const partitions: Partition[] = []
  for (const topic of topics) {
    const count = (await cluster.topic(topic))?.leaders.length ?? 0
    for (let partition = 0; partition < count; partition++) partitions.push({ topic, partition })
  }
  return partitions
}
