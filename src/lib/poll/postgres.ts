import type { FieldDef } from 'pg'
import type { Clock, PollColumn, PollDatabase, PollTable, RowSink, TableName, Term } from './database.ts'
import { ImageWriter } from './json.ts'
import { isLost, PostgresConnection, quoteText, type Values } from './postgres-connection.ts'
import { type PostgresType, valueWriter } from './postgres-values.ts'
import type { ColumnTreatments } from './rules.ts'
import type { PostgresTarget } from './url.ts'

const SYSTEM = "nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"
/** Bytes of rows that are asked for at a time. */
const FETCH_BYTES = 256 * 1024
const FIRST_ROWS = 20
const MOST_ROWS = 1000
const INTEGERS = new Set(['int2', 'int4', 'int8'])

interface Described extends PollTable {
  readonly from: string
  readonly image: ImageWriter<string>
}

/** PostgreSQL as a database to poll, over `pg`. */
export class PostgresDatabase implements PollDatabase {
  readonly connector = 'postgresql'
  readonly display: string
  readonly #target: PostgresTarget
  readonly #rules: ColumnTreatments
  readonly #zone: string | undefined
  #connection: PostgresConnection | undefined

  /** @param zone of times without one; undefined: the server's for this user and database */
  constructor(target: PostgresTarget, rules: ColumnTreatments, zone: string | undefined) {
    this.#target = target
    this.display = target.display
    this.#rules = rules
    this.#zone = zone
  }

  async connect(): Promise<void> {
    this.#connection = await PostgresConnection.open(this.#target)
  }

  isLost(error: unknown): boolean {
    return isLost(error)
  }

  close(): void {
    this.#connection?.end()
    this.#connection = undefined
  }

  interrupt(): void {
    this.#connection?.end()
  }

  async tables(): Promise<TableName[]> {
    const rows = await this.#open.query(
      `SELECT nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace ` +
        `WHERE relkind IN ('r', 'p') AND NOT relispartition AND ${SYSTEM} ORDER BY 1, 2`
    )
    return rows.map(([database, name]) => ({ database: database as string, name: name as string }))
  }

  async columns(tables: readonly TableName[]): Promise<{ database: string; table: string; name: string }[]> {
    const rows = await this.#open.query(
      `SELECT nspname, relname, attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid ` +
        `JOIN pg_namespace n ON n.oid = relnamespace WHERE attnum > 0 AND NOT attisdropped AND ${SYSTEM}`
    )
    return rows
      .map(
        ([database, table, name]) =>
          ({ database, table, name }) as Record<'database' | 'table' | 'name', string>
      )
      .filter(row => tables.some(({ database, name }) => database === row.database && name === row.table))
  }

  async describe({ database, name }: TableName): Promise<Described | null> {
    const from = `${this.quote(database)}.${this.quote(name)}`
    const [found] = await this.#open.query(`SELECT to_regclass(${quoteText(from)})::oid`)
    const oid = found?.[0]
    if (oid == null) return null
    const attributes = await this.#open.query(
      `SELECT attname, attnotnull, attidentity <> '' OR COALESCE(pg_get_expr(adbin, adrelid) LIKE 'nextval(%', false) ` +
        `FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum ` +
        `WHERE attrelid = ${oid} AND attnum > 0 AND NOT attisdropped`
    )
    const key = await this.#open.query(
      `SELECT attname FROM pg_index JOIN LATERAL unnest(indkey) WITH ORDINALITY k(num, i) ON true ` +
        `JOIN pg_attribute ON attrelid = indrelid AND attnum = num WHERE indrelid = ${oid} AND indisprimary ORDER BY i`
    )
    const known = new Map(attributes.map(([column, ...rest]) => [column, rest]))
    return this.#describe(
      { database, name, schema: database },
      from,
      key.map(([column]) => column as string),
      column => {
        const [notNull, numbered] = known.get(column) ?? []
        return { nullable: notNull !== 't', numbered: numbered === 't' }
      }
    )
  }

  describeQuery(sql: string, { database, name }: TableName): Promise<Described> {
    const details = { nullable: false, numbered: false }
    return this.#describe({ database, name, schema: null }, `(${sql}) AS query`, [], () => details)
  }

  async #describe(
    { database, name, schema }: TableName & { readonly schema: string | null },
    from: string,
    keyNames: readonly string[],
    details: (column: string) => { nullable: boolean; numbered: boolean }
  ): Promise<Described> {
    const { fields } = await this.#open.run(`SELECT * FROM ${from} LIMIT 0`)
    const types = await this.#types(fields)
    const columns = fields.map((field): PollColumn => {
      const type = types.get(field.dataTypeID) as PostgresType
      const time = type.name === 'timestamptz' ? 'instant' : type.name === 'timestamp' ? 'wall' : null
      const integer = INTEGERS.has(type.name)
      return {
        name: field.name,
        type: type.name,
        integer,
        time,
        touched: false,
        ordered: true,
        ...details(field.name)
      }
    })
    const key = keyNames.map(column => columns.findIndex(each => each.name === column))
    const writers = fields.map((field, i) => ({
      name: field.name,
      write: valueWriter(types.get(field.dataTypeID) as PostgresType, field.dataTypeModifier),
      i
    }))
    const treatments = this.#rules.of({ database, name }, columns, key)
    return {
      database,
      name,
      source: { db: this.#target.database, schema },
      columns,
      key,
      from,
      image: new ImageWriter(writers, treatments, this.#rules)
    }
  }

  /** Types by oid. Values of a domain come as those of the type that it is made of. */
  async #types(fields: readonly FieldDef[]): Promise<Map<number, PostgresType>> {
    const oids = [...new Set(fields.map(field => field.dataTypeID))]
    const rows = await this.#open.query(
      `SELECT t.oid, t.typname, t.typdelim, e.typname, e.typdelim FROM pg_type t ` +
        // Fixed-length types (name, point) have an element type, too, and are no arrays.
        `LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typlen = -1 AND t.typcategory = 'A' ` +
        `WHERE t.oid IN (${oids.join(',') || 0})`
    )
    return new Map(
      rows.map(([oid, name, delimiter, element, elementDelimiter]) => [
        Number(oid),
        {
          name: name as string,
          delimiter: delimiter as string,
          element:
            element === null
              ? null
              : { name: element as string, delimiter: elementDelimiter as string, element: null }
        }
      ])
    )
  }

  async clock(_table: PollTable, term: Term | null, beforeMs: number): Promise<Clock> {
    const local = term?.column.time === 'wall' ? ` AT TIME ZONE ${this.#zoneText}` : ''
    const [row] = await this.#open.query(
      `SELECT floor(extract(epoch FROM now) * 1000)::bigint, now${local}, ` +
        `(now - interval '${beforeMs} milliseconds')${local} FROM (SELECT clock_timestamp() AS now) AS clock`
    )
    const [ms, now, earlier] = row as string[]
    return { ms: Number(ms), now: now as string, earlier: earlier as string }
  }

  quote(name: string): string {
    return `"${name.replaceAll('"', '""')}"`
  }

  text({ sql }: Term): string {
    return `(${sql})::text`
  }

  /** It takes the type of what it is compared with. */
  literal(_term: Term, text: string): string {
    return quoteText(text)
  }

  bound(_table: PollTable, term: Term, text: string): string {
    return this.literal(term, text)
  }

  milliseconds(_table: PollTable, { sql, column }: Term): string {
    const zone = column.time === 'wall' ? ` AT TIME ZONE ${this.#zoneText}` : ''
    // An infinite time has none.
    return `CASE WHEN isfinite(${sql}) THEN floor(extract(epoch FROM (${sql})${zone}) * 1000)::bigint END`
  }

  async value(table: PollTable, expression: string, rest: string): Promise<string | null> {
    const [row] = await this.#open.query(
      `SELECT (${expression})::text FROM ${(table as Described).from}${rest}`
    )
    return row?.[0] ?? null
  }

  async select(table: PollTable, extras: readonly string[], rest: string, sink: RowSink): Promise<boolean> {
    const { from, image } = table as Described
    const names = image.names.map(name => this.quote(name))
    // Names of their own, so that none is taken for a column in ORDER BY.
    const named = extras.map((extra, i) => `${extra} AS "millrace ${i}"`)
    let values: Values = []
    const writeImage = (w: Parameters<typeof image.write>[0]): void => image.write(w, values, extras.length)
    const select = `SELECT ${[...named, ...names].join(', ') || 'NULL'} FROM ${from}${rest}`
    try {
      // A cursor: a result of any size comes in pieces, all as of one moment.
      await this.#open.query(`BEGIN; DECLARE rows NO SCROLL CURSOR FOR ${select}`)
      let count = FIRST_ROWS
      for (;;) {
        const rows = await this.#open.query(`FETCH ${count} FROM rows`)
        let bytes = 0
        for (values of rows) {
          for (const value of values) bytes += value?.length ?? 0
          sink.row(values.slice(0, extras.length), writeImage)
        }
        if (!(await sink.pause())) return false
        if (rows.length < count) break
        count = Math.max(1, Math.min(MOST_ROWS, Math.floor((FETCH_BYTES * rows.length) / Math.max(1, bytes))))
      }
    } catch (error) {
      if (!isLost(error)) await this.#open.query('ROLLBACK')
      throw error
    }
    await this.#open.query('COMMIT')
    return true
  }

  get #open(): PostgresConnection {
    if (this.#connection === undefined) throw new Error('connect() comes first')
    return this.#connection
  }

  /** As SQL, the zone of times without one. */
  get #zoneText(): string {
    const zone = this.#zone ?? this.#open.zone
    // An offset as text would be taken with the opposite sign, as POSIX has it.
    return `${/^[+-]/.test(zone) ? 'INTERVAL ' : ''}${quoteText(zone)}`
  }
}
