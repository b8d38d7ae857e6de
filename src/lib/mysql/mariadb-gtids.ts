import { ToolError } from '../cli/index.ts'

interface Last {
  readonly server: number
  readonly sequence: number
}

/**
 * A position in MariaDB's GTIDs: the last transaction of each domain, `0-1-100,1-2-5` (domain, server id, sequence
 * number). Within a domain all transactions have one order.
 *
 * Source: https://mariadb.com/docs/server/ha-and-performance/standard-replication/gtid
 */
export class MariadbGtids {
  readonly #domains = new Map<number, Last>()

  /** @throws ToolError USAGE */
  static parse(text: string): MariadbGtids {
    const gtids = new MariadbGtids()
    for (const part of text.replace(/\s+/g, '').split(',')) {
      if (part === '') continue
      const [, domain, server, sequence] = /^(\d{1,10})-(\d{1,10})-(\d{1,20})$/.exec(part) ?? []
      if (sequence === undefined || gtids.#domains.has(Number(domain))) {
        throw new ToolError('USAGE', `'${part}' is not a GTID of MariaDB (0-1-100), one for each domain`)
      }
      gtids.add(Number(domain), Number(server), Number(sequence))
    }
    return gtids
  }

  /** The next transaction of a domain. */
  add(domain: number, server: number, sequence: number): void {
    this.#domains.set(domain, { server, sequence })
  }

  /** Whether everything up to `other` lies before this position. */
  includes(other: MariadbGtids): boolean {
    return other.beyond(this).isEmpty
  }

  /** The domains in which this position is farther than another. */
  beyond(other: MariadbGtids): MariadbGtids {
    const result = new MariadbGtids()
    for (const [domain, { server, sequence }] of this.#domains) {
      if (sequence > (other.#domains.get(domain)?.sequence ?? 0)) result.add(domain, server, sequence)
    }
    return result
  }

  get isEmpty(): boolean {
    return this.#domains.size === 0
  }

  toString(): string {
    return [...this.#domains]
      .sort(([a], [b]) => a - b)
      .map(([domain, { server, sequence }]) => `${domain}-${server}-${sequence}`)
      .join(',')
  }
}
