import { type Bound, strict } from './bound.ts'
import { didYouMean, type Span } from './errors.ts'
import type { Scan } from './plan.ts'
import { scanColumn } from './relation.ts'
import { BIGINT, STRING } from './types.ts'

/** What is known of a row of change events beside it. Source: metadata of Flink's format debezium-json. */
const METADATA: Record<string, (scan: Scan, span: Span) => Bound> = {
  'ingestion-timestamp': (scan, span) => time(scan, ['ts_ms'], span),
  'source.timestamp': (scan, span) => time(scan, ['source', 'ts_ms'], span),
  'source.database': (scan, span) => scanColumn(scan, ['source', 'db'], STRING, span, true),
  'source.table': (scan, span) => scanColumn(scan, ['source', 'table'], STRING, span, true),
  'source.properties': (scan, span) =>
    scanColumn(scan, ['source'], { kind: 'MAP', key: STRING, value: STRING }, span, true)
}

const OF_RECORDS = ['topic', 'partition', 'headers', 'leader-epoch', 'offset', 'timestamp', 'timestamp-type']

function time(scan: Scan, path: string[], span: Span): Bound {
  const milliseconds = scanColumn(scan, path, BIGINT, span, true)
  return strict(
    'TO_TIMESTAMP_LTZ',
    { kind: 'TIMESTAMP_LTZ', precision: 3 },
    [milliseconds],
    ([ms]) => ms as string,
    span
  )
}

/** The metadata of a name, which in Kafka's tables begins with `value.`, or why there is none. */
export function metadataColumn(scan: Scan, name: string, span: Span): Bound | string {
  const key = name.replace(/^value\./, '')
  if (OF_RECORDS.includes(key)) return `'${key}' of records is not kept by the reader of topics`
  if (scan.source.kind !== 'changes') return 'only tables of format debezium-json have metadata'
  if (Object.hasOwn(METADATA, key)) return (METADATA[key] as (typeof METADATA)[string])(scan, span)
  return `no metadata '${name}'${didYouMean(key, Object.keys(METADATA))}`
}
