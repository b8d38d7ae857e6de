/** A change that others may still follow: rows as JSON text. */
export type PendingChange = { before: string | null; after: string | null }

/**
 * Changes that are kept back, chained: of a row that changes three times one change is left, of one that comes and goes
 * none. They leave in the order of their last links, so that a row that went and came again under its key does so after.
 */
export class Pending {
  /** The changes that end in a row, by that row; several where equal rows are there more than once. */
  private byRow = new Map<string, PendingChange[]>()
  private changes = new Set<PendingChange>()

  add(before: string | null, after: string | null): void {
    const change = (before === null ? undefined : this.unlink(before)) ?? { before, after: null }
    this.changes.delete(change)
    change.after = after
    if (change.before === after) return
    this.changes.add(change)
    if (after === null) return
    const others = this.byRow.get(after)
    if (others === undefined) this.byRow.set(after, [change])
    else others.push(change)
  }

  /** All changes; none is left. */
  take(): PendingChange[] {
    const taken = [...this.changes]
    this.clear()
    return taken
  }

  clear(): void {
    this.byRow = new Map()
    this.changes = new Set()
  }

  /** The change that ends in the row, which another now follows. */
  private unlink(row: string): PendingChange | undefined {
    const changes = this.byRow.get(row)
    const change = changes?.pop()
    if (changes?.length === 0) this.byRow.delete(row)
    return change
  }
}
