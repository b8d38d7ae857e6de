import type { CreateTable, Identifier } from './ast.ts'
import { ExpressionBinder } from './bind-expression.ts'
import { type Bound, describe } from './bound.ts'
import { cast } from './cast.ts'
import { didYouMean, SqlError } from './errors.ts'
import { lookupConnectors, lookupOptions } from './lookup/options.ts'
import { metadataColumn } from './metadata.ts'
import type { Scan, TableSource } from './plan.ts'
import { type Field, type Relation, resolveName, scanColumn } from './relation.ts'
import { isTimestamp, type SqlType, sameType, TIMESTAMP_3, typeName } from './types.ts'

/** A declared table: where its rows come from (`stdout`: where results go), and what its columns are. */
export type Table = { declaration: CreateTable; source: TableSource | 'stdout'; text: string }

const knownOptions: Record<string, string[]> = {
  stdin: ['connector', 'format', 'table'],
  stdout: ['connector', 'format'],
  kafka: ['connector', 'format', 'table', 'topic', 'value.format', 'scan.startup.mode', 'scan.bounded.mode'],
  ...lookupConnectors
}

/**
 * Why a table of a topic cannot be read from an input. Lines do not say which topic they are from: rows are told from those
 * of other topics only by their change events.
 */
function topicMistake(
  { name, options }: CreateTable,
  format: string,
  input: string | undefined
): string | undefined {
  const topics = options
    .get('topic')
    ?.value.split(';')
    .map(topic => topic.trim())
  if (topics === undefined) return `table ${name.name} needs 'topic'`
  const read = /^kafka:\/\/[^/]+\/([^?]*)/
    .exec(input ?? '')?.[1]
    ?.split(',')
    .map(decodeURIComponent)
  const given = `--in kafka://BROKER/${topics.join(',')}`
  if (read === undefined)
    return `table ${name.name} is the topic ${topics.join(', ')}: it is read with ${given}`
  const missing = topics.find(topic => !read.includes(topic))
  if (missing !== undefined) return `--in reads ${read.join(', ')}, not the topic ${missing}: give ${given}`
  const other = format === 'json' ? read.find(topic => !topics.includes(topic)) : undefined
  if (other === undefined) return undefined
  return `rows of ${name.name} cannot be told from those of the topic ${other} that --in reads, too`
}

/**
 * Checks a CREATE TABLE; throws SqlError for options and columns that cannot be.
 * @param input where lines come from, as in --in
 */
export function declareTable(declaration: CreateTable, text: string, input: string | undefined): Table {
  const option = (name: string): string | undefined => declaration.options.get(name)?.value
  const fail = (reason: string, name?: string): never => {
    const at = (name === undefined ? undefined : declaration.options.get(name)) ?? declaration.name
    throw new SqlError(name === undefined ? 'syntax' : 'unsupported', reason, text, at)
  }
  const connector =
    option('connector') ??
    fail(`table ${declaration.name.name} needs WITH ('connector' = 'stdin', 'format' = 'json')`)
  const options = Object.hasOwn(knownOptions, connector) ? knownOptions[connector] : undefined
  if (options === undefined) {
    return fail(
      `connector '${connector}' is not in the subset; there are ${Object.keys(knownOptions).join(', ')}${didYouMean(connector, Object.keys(knownOptions))}`,
      'connector'
    )
  }
  const formatOptions = (name: string): boolean =>
    name.startsWith('json.') || name.startsWith('debezium-json.')
  for (const name of declaration.options.keys()) {
    if (!options.includes(name) && !(connector === 'kafka' && name.startsWith('properties.'))) {
      fail(
        `option '${name}' is not in the subset${formatOptions(name) ? '' : didYouMean(name, options)}`,
        name
      )
    }
  }
  const format = option('format') ?? option('value.format') ?? 'json'
  const names = new Set<string>()
  for (const column of declaration.columns) {
    if (names.has(column.name.name))
      throw new SqlError('name', `column ${column.name.name} is declared twice`, text, column)
    names.add(column.name.name)
  }
  if (connector === 'stdout') return { declaration, source: 'stdout', text }
  if (Object.hasOwn(lookupConnectors, connector))
    return {
      declaration,
      source: { kind: 'lookup', lookup: lookupOptions(declaration, connector, fail) },
      text
    }
  if (connector === 'kafka') {
    const wrong = topicMistake(declaration, format, input)
    if (wrong !== undefined) fail(wrong, declaration.options.has('topic') ? 'topic' : 'connector')
  }
  if (format === 'json') {
    if (option('table') !== undefined) fail("'table' goes with 'format' = 'debezium-json'", 'table')
    return { declaration, source: { kind: 'json' }, text }
  }
  if (format !== 'debezium-json')
    fail(`format '${format}' is not in the subset; there are json and debezium-json`, 'format')
  const [table, database] = (option('table') ?? declaration.name.name).split('.').reverse()
  return { declaration, source: { kind: 'changes', database, table: table as string }, text }
}

/** The relation of a declared table, read anew for each place where it stands in a FROM. */
export function scanTable(table: Table): Relation {
  const { declaration, text } = table
  const name = declaration.name.name
  if (table.source === 'stdout') {
    throw new SqlError('name', `${name} is an output: it cannot be read`, text, declaration.name)
  }
  const scan: Scan = { kind: 'scan', name, source: table.source, columns: [], eventTime: undefined }
  const fields: Field[] = []
  const relation: Relation = {
    input: scan,
    condition: undefined,
    fields,
    alias: name,
    open: false,
    window: undefined
  }
  for (const column of declaration.columns) {
    if (column.kind !== 'metadata') continue
    const { type, key, name: identifier } = column
    const found = metadataColumn(scan, key, column)
    if (typeof found === 'string') throw new SqlError('unsupported', found, text, column)
    const value = sameType(found.type, type) ? found : cast(found, type)
    if (value === undefined) {
      const reason = `metadata '${key}' is ${typeName(found.type)}, which is no ${typeName(type)}`
      throw new SqlError('type', reason, text, column)
    }
    fields.push({ name: identifier.name, value })
  }
  const types = new Map<string, SqlType>()
  for (const column of declaration.columns)
    if (column.kind === 'physical') types.set(column.name.name, column.type)
  const physical = (parts: Identifier[]): Bound => {
    const head = parts[0] as Identifier
    const type = types.get(head.name)
    if (type !== undefined && !fields.some(field => field.name === head.name)) {
      fields.push({ name: head.name, value: scanColumn(scan, [head.name], type, head) })
    }
    return resolveName(relation, parts, text)
  }
  const binder = new ExpressionBinder(text, { resolve: physical })
  for (const column of declaration.columns) {
    const { name: identifier } = column
    if (column.kind === 'computed') fields.push({ name: identifier.name, value: binder.bind(column.value) })
    else if (column.kind === 'physical') physical([identifier])
  }
  const order = declaration.columns.map(column => column.name.name)
  fields.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  if (declaration.watermark !== undefined) {
    const { column, value } = declaration.watermark
    const time = resolveName(relation, [column], text)
    if (!isTimestamp(time.type) || time.type.precision > 3) {
      const reason = `event time is a TIMESTAMP(3) or TIMESTAMP_LTZ(3), ${column.name} is ${typeName(time.type)}`
      throw new SqlError('type', reason, text, column)
    }
    const watermark = cast(binder.bind(value), TIMESTAMP_3)
    if (watermark === undefined) throw new SqlError('type', 'the watermark is not a TIMESTAMP', text, value)
    const field = fields.find(({ name }) => name === column.name)
    if (field !== undefined) field.value = { ...field.value, rowtime: true }
    scan.eventTime = {
      time: { ...time, rowtime: true },
      watermark,
      name: column.name,
      delay: 0,
      declared: true
    }
  }
  return relation
}

/** The relation of an undeclared table: change events by table name, or `events`, every line as it came. */
export function scanUndeclared(path: Identifier[], text: string): Relation {
  const last = path.at(-1) as Identifier
  if (path.length > 2) throw new SqlError('name', 'a table is named table or database.table', text, last)
  const name = path.map(part => part.name).join('.')
  const source: TableSource =
    name === 'events'
      ? { kind: 'json' }
      : { kind: 'changes', database: path.length === 2 ? path[0]?.name : undefined, table: last.name }
  const scan: Scan = { kind: 'scan', name, source, columns: [], eventTime: undefined }
  return { input: scan, condition: undefined, fields: [], alias: last.name, open: true, window: undefined }
}

/** Whether two expressions over the same rows are the same. */
export const sameExpression = (a: Bound, b: Bound): boolean => describe(a) === describe(b)
