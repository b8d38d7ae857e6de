import assert from 'node:assert/strict'
import type { Connection, RowDataPacket } from 'mysql2/promise'
import type { ChangeEvent } from './tail.ts'

/** What tells a table's rows apart, by the table's name; null: nothing does. */
export type Keys = Readonly<Record<string, readonly string[] | null>>

/** Tables as their events make them; every event is checked against what came before. */
export class Folded {
  readonly #keys: Keys
  readonly #rows = new Map<string, Map<string, string>>()
  readonly #counts = new Map<string, Map<string, number>>()

  constructor(keys: Keys) {
    this.#keys = keys
  }

  take({ op, before, after, source }: ChangeEvent): void {
    const columns = this.#keys[source.table]
    if (columns === undefined) return
    const what = (): string =>
      `${source.table}: ${op} of ${JSON.stringify(after ?? before)} at ${source.file}:${source.pos}`
    if (columns === null) {
      if (before !== null) this.#count(source.table, JSON.stringify(before), -1)
      if (after !== null) this.#count(source.table, JSON.stringify(after), 1)
      return
    }
    const rows = this.#rows.get(source.table) ?? new Map<string, string>()
    this.#rows.set(source.table, rows)
    const keyOf = (row: Record<string, unknown>): string => JSON.stringify(columns.map(column => row[column]))
    if (op === 't') rows.clear()
    if (before !== null) {
      assert.equal(rows.get(keyOf(before)), JSON.stringify(before), what())
      rows.delete(keyOf(before))
    }
    if (after !== null) {
      assert.ok(!rows.has(keyOf(after)), `${what()}: is there already`)
      rows.set(keyOf(after), JSON.stringify(after))
    }
  }

  #count(table: string, row: string, change: number): void {
    const counts = this.#counts.get(table) ?? new Map<string, number>()
    this.#counts.set(table, counts)
    const count = (counts.get(row) ?? 0) + change
    assert.ok(count >= 0, `${table}: ${row} was deleted before it came`)
    if (count === 0) counts.delete(row)
    else counts.set(row, count)
  }

  /** Rows as JSON, sorted. */
  rows(table: string): string[] {
    const counts = this.#counts.get(table)
    const rows =
      counts === undefined
        ? [...(this.#rows.get(table)?.values() ?? [])]
        : [...counts].flatMap(([row, count]) => Array.from({ length: count }, () => row))
    return rows.sort()
  }

  /** Compares with what the server has, telling the first row that differs. */
  async assertEquals(connection: Connection): Promise<void> {
    for (const table of Object.keys(this.#keys)) {
      const [rows] = await connection.query<RowDataPacket[]>(`SELECT * FROM ${table}`)
      const expected = rows.map(row => JSON.stringify(row)).sort()
      const found = this.rows(table)
      const at = expected.findIndex((row, i) => row !== found[i])
      assert.equal(at, -1, `${table}: ${found[at]} in the place of ${expected[at]}`)
      assert.equal(found.length, expected.length, table)
    }
  }
}
