import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { messageOf, ToolError } from '../../cli/index.ts'
import { loadSqlite } from '../../stream/index.ts'
import { keyRange } from './key-codec.ts'

/** An entry in the store: its number in the order in which those of its map came, when it was written (ms), its bytes. */
export type StoredEntry = readonly [seq: number, time: number | null, value: Uint8Array]

/** The least that SQLite keeps of its file in memory, bytes. */
const leastCache = 1024 * 1024

/** SQLITE_FULL and SQLITE_IOERR_WRITE: the disk, a quota or a limit of file sizes lets nothing more in. */
const full = 13
const notWritten = 778

/**
 * Entries of states on disk, in SQLite. Without a path they lie in a temporary file that nobody else sees and that is
 * gone with the process, however that ends.
 *
 * With a path it can be brought back to any mark whose snapshot is still there: the first change of an entry after a mark
 * notes, in the same transaction, what the entry was then. What was done after the mark that is resumed from is undone
 * so, whether it was committed or not. A mark is durable here before its snapshot is written.
 */
export class StateStore {
  private readonly path: string | null
  private readonly name: string
  private readonly database: DatabaseSync
  private readonly statements = new Map<string, StatementSync>()
  /** The mark after which the open transaction's changes are. */
  private mark: number

  /**
   * @param mark the one after which it is used, if it is new
   * @param cache what is kept of the file in memory, bytes
   * @throws ToolError STATE
   */
  constructor(path: string | null, mark: number, cache: number) {
    this.path = path
    this.mark = mark
    this.name = path ?? 'the temporary file of --state-memory'
    const { DatabaseSync } = loadSqlite()
    try {
      this.database = new DatabaseSync(path ?? '')
      // Nobody else reads it. Without a path nothing outlives the process, so that nothing has to be whole.
      const durability =
        path === null
          ? 'PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF'
          : 'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 67108864'
      this.database.exec(`PRAGMA locking_mode = EXCLUSIVE; ${durability}; PRAGMA cache_size = -${Math.ceil(Math.max(cache, leastCache) / 1024)};
        CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, seq INTEGER, time INTEGER, value BLOB) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS times ON entries (time) WHERE time IS NOT NULL;
        CREATE TABLE IF NOT EXISTS undo (mark INTEGER, key BLOB, seq INTEGER, time INTEGER, value BLOB,
          PRIMARY KEY (mark, key)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS marks (last INTEGER, oldest INTEGER);
        INSERT INTO marks SELECT ${mark}, 0 WHERE NOT EXISTS (SELECT 1 FROM marks);
        BEGIN`)
    } catch (error) {
      throw this.failure('cannot open', error)
    }
  }

  read(key: Uint8Array): StoredEntry | undefined {
    try {
      return this.prepared('SELECT seq, time, value FROM entries WHERE key = ?').get(key) as unknown as
        | StoredEntry
        | undefined
    } catch (error) {
      throw this.failure('cannot read', error)
    }
  }

  /** @param isNew whether it is known that there is none under the key */
  write(key: Uint8Array, seq: number, time: number | null, value: Uint8Array, isNew: boolean): void {
    try {
      if (this.isUndone) this.note(key, isNew)
      this.prepared('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?)').run(key, seq, time, value)
    } catch (error) {
      throw this.failure('cannot write', error)
    }
  }

  delete(key: Uint8Array): void {
    try {
      if (this.isUndone) this.note(key, false)
      this.prepared('DELETE FROM entries WHERE key = ?').run(key)
    } catch (error) {
      throw this.failure('cannot write', error)
    }
  }

  /** The keys of a map; nothing is changed meanwhile. */
  *keys(map: number): Generator<Uint8Array> {
    const statement = this.prepare('SELECT key FROM entries WHERE key >= ? AND key < ?')
    try {
      for (const row of statement.iterate(...keyRange(map)) as Iterable<unknown>)
        yield (row as [Uint8Array])[0]
    } catch (error) {
      throw this.failure('cannot read', error)
    }
  }

  /** The entries of a map as they are now, in the order in which they came. */
  *entries(map: number): Generator<[key: Uint8Array, entry: StoredEntry]> {
    // Sorted, all is read before the first comes out: what is changed meanwhile is not seen. A cursor of its own, since
    // what takes an entry may ask for those of the map again.
    const statement = this.prepare(
      'SELECT key, seq, time, value FROM entries WHERE key >= ? AND key < ? ORDER BY seq'
    )
    try {
      for (const row of statement.iterate(...keyRange(map)) as Iterable<unknown>) {
        const [key, seq, time, value] = row as [Uint8Array, ...StoredEntry]
        yield [key, [seq, time, value]]
      }
    } catch (error) {
      throw this.failure('cannot read', error)
    }
  }

  /**
   * Deletes the entries of a map, or those that were written at `until` (ms) or before.
   * @returns how many
   */
  deleteAll(map: number, until: number | null = null): number {
    const which =
      until === null
        ? 'WHERE key >= ? AND key < ?'
        : 'INDEXED BY times WHERE key >= ? AND key < ? AND time IS NOT NULL AND time <= ?'
    const values = until === null ? keyRange(map) : [...keyRange(map), until]
    try {
      if (this.isUndone)
        this.prepared(`INSERT OR IGNORE INTO undo SELECT ?, key, seq, time, value FROM entries ${which}`).run(
          this.mark,
          ...values
        )
      return Number(this.prepared(`DELETE FROM entries ${which}`).run(...values).changes)
    } catch (error) {
      throw this.failure('cannot write', error)
    }
  }

  /** Ends a transaction, so that its pages may leave the log. */
  settle(): void {
    if (this.path !== null) this.transact(() => {})
  }

  /** Makes what was done so far durable, also if the power is lost: it is as of mark `n`. */
  commit(n: number): void {
    this.mark = n
    this.transact(() => this.run(`UPDATE marks SET last = ${n}`), 'FULL')
  }

  /** No mark before `n` is asked for any more. */
  forget(n: number): void {
    try {
      this.prepared('DELETE FROM undo WHERE mark < ?').run(n)
      this.prepared('UPDATE marks SET oldest = ? WHERE oldest < ?').run(n, n)
    } catch (error) {
      throw this.failure('cannot write', error)
    }
  }

  /**
   * Brings all entries back to what they were at mark `n`.
   * @throws ToolError STATE when that is not known
   */
  restore(n: number): void {
    this.mark = n
    const [[last, oldest] = [0, 0]] = this.all('SELECT last, oldest FROM marks')
    if (n > last || n < oldest) {
      throw new ToolError('STATE', `${this.name} knows the marks from ${oldest} to ${last}, not ${n}`, {
        hint: 'it does not belong to the snapshots beside it; restore the directory from a backup, or begin with a new --state'
      })
    }
    this.transact(() => {
      for (const [mark] of this.all('SELECT DISTINCT mark FROM undo WHERE mark >= ? ORDER BY mark DESC', n)) {
        this.run(`
          INSERT OR REPLACE INTO entries SELECT key, seq, time, value FROM undo
            WHERE mark = ${mark} AND seq IS NOT NULL;
          DELETE FROM entries WHERE key IN (SELECT key FROM undo WHERE mark = ${mark} AND seq IS NULL)`)
      }
      this.run(`DELETE FROM undo WHERE mark >= ${n}; UPDATE marks SET last = ${n}`)
    })
  }

  /** Begins anew. */
  clear(): void {
    this.mark = 0
    this.transact(() =>
      this.run('DELETE FROM entries; DELETE FROM undo; UPDATE marks SET last = 0, oldest = 0')
    )
  }

  close(): void {
    this.database.close()
  }

  /** Notes what an entry was at the last mark, if nothing was noted of it since. */
  private note(key: Uint8Array, isNew: boolean): void {
    const sql = isNew
      ? 'INSERT OR IGNORE INTO undo VALUES (?, ?, NULL, NULL, NULL)'
      : 'INSERT OR IGNORE INTO undo SELECT ?1, ?2, seq, time, value FROM (SELECT 1) LEFT JOIN entries ON key = ?2'
    this.prepared(sql).run(this.mark, key)
  }

  /** Whether changes may have to be undone: not where nothing is resumed, or that which is resumed is nothing. */
  private get isUndone(): boolean {
    return this.path !== null && this.mark > 0
  }

  /** @param synchronous FULL waits until it is on the disk, with all that was committed before */
  private transact(work: () => void, synchronous: 'NORMAL' | 'FULL' = 'NORMAL'): void {
    try {
      if (synchronous === 'FULL') this.run('COMMIT; PRAGMA synchronous = FULL; BEGIN')
      work()
      this.run('COMMIT; PRAGMA synchronous = NORMAL; BEGIN')
    } catch (error) {
      throw this.failure('cannot write', error)
    }
  }

  private run(sql: string): void {
    this.database.exec(sql)
  }

  private all(sql: string, ...values: number[]): [number, number][] {
    return this.prepare(sql).all(...values) as unknown as [number, number][]
  }

  /** A statement that is used again and again. */
  private prepared(sql: string): StatementSync {
    let statement = this.statements.get(sql)
    if (statement === undefined) {
      statement = this.prepare(sql)
      this.statements.set(sql, statement)
    }
    return statement
  }

  private prepare(sql: string): StatementSync {
    const statement = this.database.prepare(sql)
    statement.setReturnArrays(true)
    return statement
  }

  private failure(what: string, error: unknown): unknown {
    if (error instanceof ToolError) return error
    const { errcode } = error as { errcode?: number }
    const isFull = errcode === full || errcode === notWritten
    const reason = errcode === full ? 'no space left' : messageOf(error)
    return new ToolError(isFull ? 'OUTPUT' : 'STATE', `${what} ${this.name}: ${reason}`, {
      cause: error,
      ...(isFull
        ? {
            hint: 'free some space and start again, or give --state-memory more: nothing beyond the last mark counts as done'
          }
        : {})
    })
  }
}
