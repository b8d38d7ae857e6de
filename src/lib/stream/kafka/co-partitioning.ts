import { usageError } from '../../cli/index.ts'

/**
 * Whether all rows of a group lie in one partition of the topic: they do when the records' key is made of columns that the
 * groups are made of. Keys are objects, `{"contest_id":7}`, with or without a schema around; of other texts it cannot be
 * told.
 *
 * @param columns what the groups are made of
 * @returns a warning where it cannot be told, or null
 * @throws ToolError USAGE where it is not so
 */
export function checkCoPartitioned(
  topic: string,
  partitions: number,
  key: Buffer | null,
  columns: readonly string[]
): string | null {
  if (partitions < 2) return null
  const groups = columns.length === 0 ? 'all rows' : `rows of the same ${columns.join(', ')}`
  const hint =
    columns.length === 0
      ? 'read a topic of one partition, or let one process read all of them and keep the state (--state DIR)'
      : `--repartition-by ${columns.join(',')} writes them to a topic with that key; or let one process read all partitions and keep the state (--state DIR)`
  if (key === null) {
    throw usageError(`topic ${topic}: its records have no key, so ${groups} are not in one partition`, hint)
  }
  const fields = fieldsOf(key)
  if (fields === null) {
    return `topic ${topic}: whether ${groups} are in one partition cannot be told from keys such as ${key.toString()}`
  }
  const strange = fields.find(field => !columns.includes(field))
  if (strange === undefined && fields.length > 0) return null
  throw usageError(
    `topic ${topic} is keyed by ${fields.join(', ')}, so ${groups} are not in one partition`,
    hint
  )
}

function fieldsOf(key: Buffer): string[] | null {
  let value: unknown
  try {
    value = JSON.parse(key.toString())
  } catch {
    return null
  }
  const { payload = value } = (value ?? {}) as { payload?: unknown }
  return payload !== null && typeof payload === 'object' && !Array.isArray(payload)
    ? Object.keys(payload)
    : null
}
