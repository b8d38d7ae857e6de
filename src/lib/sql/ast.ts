import type { Span } from './errors.ts'
import type { SqlType } from './types.ts'
import type { UserFunction } from './user-function.ts'

/** The syntax tree: what was written and where, nothing resolved. */

/** A single name, such as an alias or one part of `db.table`. */
export type Identifier = Span & { name: string }

/** Units of intervals and of EXTRACT, FLOOR, TIMESTAMPDIFF, in capitals and singular. */
export type TimeUnit =
  | 'YEAR'
  | 'QUARTER'
  | 'MONTH'
  | 'WEEK'
  | 'DAY'
  | 'HOUR'
  | 'MINUTE'
  | 'SECOND'
  | 'MILLISECOND'
  | 'MICROSECOND'
  | 'NANOSECOND'
  | 'EPOCH'
  | 'DOW'
  | 'ISODOW'
  | 'DOY'
  | 'ISOYEAR'
  | 'DECADE'
  | 'CENTURY'
  | 'MILLENNIUM'

export type BinaryOperator =
  | 'OR'
  | 'AND'
  | '='
  | '<>'
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '||'

export type Expression = Span &
  (
    | { kind: 'number'; text: string }
    | { kind: 'string'; text: string }
    /** `x'0aff'` */
    | { kind: 'bytes'; hex: string }
    | { kind: 'boolean'; value: boolean }
    | { kind: 'null' }
    | { kind: 'temporal'; type: 'DATE' | 'TIME' | 'TIMESTAMP'; text: string }
    /** `months` for year-month intervals, else `milliseconds`. */
    | { kind: 'interval'; months?: number; milliseconds?: number; unit: string }
    /** `a.b.c`: table, column or nested field, told apart by the binder. */
    | { kind: 'reference'; parts: Identifier[] }
    | { kind: 'field'; input: Expression; name: Identifier }
    | { kind: 'index'; input: Expression; index: Expression }
    | { kind: 'unary'; operator: 'NOT' | '-' | '+'; operand: Expression }
    | { kind: 'binary'; operator: BinaryOperator; left: Expression; right: Expression }
    | { kind: 'is'; operand: Expression; test: 'NULL' | 'TRUE' | 'FALSE' | 'UNKNOWN'; negated: boolean }
    | { kind: 'distinctFrom'; left: Expression; right: Expression; negated: boolean }
    | {
        kind: 'between'
        operand: Expression
        low: Expression
        high: Expression
        /** Whether the bounds may be the other way round. */
        symmetric: boolean
        negated: boolean
      }
    | { kind: 'in'; operand: Expression; list: Expression[]; negated: boolean }
    | { kind: 'inQuery'; operand: Expression; query: Query; negated: boolean }
    | { kind: 'exists'; query: Query }
    /** A subquery of one column and at most one row, as a value. */
    | { kind: 'scalarQuery'; query: Query }
    /** LIKE, or SIMILAR TO. */
    | {
        kind: 'like'
        operand: Expression
        pattern: Expression
        similar: boolean
        escape?: Expression
        negated: boolean
      }
    | {
        kind: 'case'
        operand?: Expression
        whens: { when: Expression; result: Expression }[]
        otherwise?: Expression
      }
    | { kind: 'cast'; operand: Expression; type: SqlType; safe: boolean }
    | {
        kind: 'call'
        name: Identifier
        args: Expression[]
        /** COUNT(*) */
        star: boolean
        distinct: boolean
        filter?: Expression
        options?: CallOptions
        /** What CREATE FUNCTION made of the name. */
        user?: UserFunction
        over?: WindowSpecification
        /** The unit in EXTRACT(unit FROM x), FLOOR(x TO unit), TIMESTAMPDIFF(unit, a, b). */
        unit?: TimeUnit
      }
  )

/** One of the values that rows are sorted by. */
export type SortItem = Span & { value: Expression; descending: boolean; nullsFirst: boolean }

/** What stands after OVER; with `base` it is the window of that name in WINDOW, which the rest adds to. */
export type WindowSpecification = Span & {
  base?: Identifier
  partitionBy: Expression[]
  orderBy: SortItem[]
  frame?: WindowFrame
}

/** `ROWS BETWEEN from AND to`. */
export type WindowFrame = Span & { unit: 'ROWS' | 'RANGE'; from: FrameBound; to: FrameBound }

/** `offset` of rows or of time before or after the current row; without it all rows on that side. */
export type FrameBound = Span &
  ({ kind: 'current' } | { kind: 'preceding' | 'following'; offset: Expression | undefined })

/** What stands as words in a call. A DEFAULT's expression is one of the arguments, of this number. */
export type CallOptions = {
  nulls?: 'IGNORE' | 'RESPECT' | 'NULL' | 'ABSENT'
  returning?: SqlType
  wrapper?: 'WITHOUT' | 'CONDITIONAL' | 'UNCONDITIONAL'
  onEmpty?: JsonFallback
  onError?: JsonFallback
}

/** What a JSON function gives where there is nothing, or an error. */
export type JsonFallback =
  | { kind: 'NULL' | 'ERROR' | 'EMPTY ARRAY' | 'EMPTY OBJECT' | 'TRUE' | 'FALSE' | 'UNKNOWN' }
  | { kind: 'DEFAULT'; argument: number }

export type CallExpression = Extract<Expression, { kind: 'call' }>

export type SelectItem = Span &
  ({ kind: 'star'; table?: Identifier } | { kind: 'item'; value: Expression; alias?: Identifier })

export type WindowKind = 'TUMBLE' | 'HOP' | 'CUMULATE' | 'SESSION'

export type JoinType = 'inner' | 'left' | 'right' | 'full'

export type TableReference = Span &
  (
    | {
        kind: 'table'
        path: Identifier[]
        alias?: Identifier
        columns?: Identifier[]
        /** The time of FOR SYSTEM_TIME AS OF. */
        asOf?: Expression
      }
    | { kind: 'subquery'; query: Query; alias?: Identifier; columns?: Identifier[] }
    /** The members of a collection of the table to the left as rows. */
    | { kind: 'unnest'; value: Expression; ordinality: boolean; alias?: Identifier; columns?: Identifier[] }
    | {
        kind: 'join'
        type: JoinType
        left: TableReference
        right: TableReference
        /** Neither `on` nor `using` in a cross join and in `FROM a, b`. */
        on?: Expression
        using?: Identifier[]
      }
    | {
        kind: 'window'
        window: WindowKind
        input: TableReference
        /** The column of DESCRIPTOR. */
        time: Identifier
        /** TUMBLE: size; HOP: slide, size; CUMULATE: step, size; SESSION: gap. */
        intervals: Expression[]
        offset?: Expression
        /** PARTITION BY of SESSION. */
        partition: Identifier[]
        alias?: Identifier
      }
  )

export type Select = Span & {
  kind: 'select'
  distinct: boolean
  items: SelectItem[]
  from?: TableReference
  where?: Expression
  groupBy: Expression[]
  /** Lists of expressions in `groupBy`, by each of which all rows are grouped, where GROUP BY has grouping sets. */
  groupingSets?: Expression[][]
  having?: Expression
  /** The named windows of WINDOW. */
  windows: { name: Identifier; specification: WindowSpecification }[]
  qualify?: Expression
}

/** UNION ALL, or UNION when `distinct`, of two or more queries. */
export type Union = Span & { kind: 'union'; inputs: Query[]; distinct: boolean }

/** INTERSECT or EXCEPT, each row once or, with `all`, as often as it is there. */
export type SetOperation = Span & { kind: 'intersect' | 'except'; left: Query; right: Query; all: boolean }

/** ORDER BY and LIMIT of a query, at least one of them. */
export type Ordered = Span & {
  kind: 'ordered'
  query: Query
  orderBy: SortItem[]
  offset: number
  limit: number | undefined
}

/** A query with the views that it declares for itself. */
export type With = Span & { kind: 'with'; views: { name: Identifier; query: Query }[]; query: Query }

export type Query = Select | Union | SetOperation | Ordered | With

export type ColumnDefinition = Span & { name: Identifier } & (
    | { kind: 'physical'; type: SqlType; notNull: boolean }
    | { kind: 'computed'; value: Expression }
    /** What is known of a row beside it, under the name `key`. A virtual one is only read. */
    | { kind: 'metadata'; type: SqlType; key: string; virtual: boolean }
  )

/** What a table takes from another by LIKE. */
export type LikePart = 'CONSTRAINTS' | 'GENERATED' | 'METADATA' | 'OPTIONS' | 'WATERMARKS'

export type CreateTable = Span & {
  kind: 'createTable'
  name: Identifier
  columns: ColumnDefinition[]
  primaryKey: Identifier[]
  watermark?: Span & { column: Identifier; value: Expression }
  options: Map<string, Span & { value: string }>
  /** Another table, which it takes these parts and all columns from. */
  like?: { table: Identifier; including: ReadonlySet<LikePart> }
}

export type Insert = Span & { kind: 'insert'; target: Identifier; columns: Identifier[]; query: Query }

export type Statement =
  | CreateTable
  | (Span & { kind: 'createView'; name: Identifier; columns: Identifier[]; query: Query })
  | Insert
  | (Span & { kind: 'explain'; statement: Insert | Query })
  /** SET 'key' = 'value'. */
  | (Span & { kind: 'set'; key: string; value: string })
  | Query
