import { usageError } from '../cli/index.ts'
import { beginHistoryHere } from './history/open-history.ts'
import type { SchemaHistory } from './history/schema-history.ts'
import { type LogPosition, parsePosition } from './position.ts'
import { checkAvailable, earliestPosition, LogPurgedError } from './server.ts'
import { SnapshotProgress } from './snapshot/progress.ts'
import type { TailContext } from './tail-context.ts'
import type { TailOptions } from './tail-options.ts'
import type { TailSnapshot } from './tail-snapshot.ts'
import { positionAt } from './time-position.ts'

/** Where a run reads the log from, once the snapshot is taken that it begins with; null when that was all. */
export function beginTail(context: TailContext, snapshot: TailSnapshot): Promise<LogPosition | null> {
  const { at } = context.run.marks.resume
  return at === null ? begin(context, snapshot) : resume(at, context, snapshot)
}

/** A run that resumes nothing. */
async function begin(context: TailContext, snapshot: TailSnapshot): Promise<LogPosition | null> {
  const { link, options, run, readers } = context
  const { start } = options
  if (takesSnapshots(options) && start === undefined) return snapshot.take(null)
  if (options.snapshot === 'only') {
    await snapshot.take(null)
    return null
  }
  switch (start?.kind) {
    case 'earliest':
      return link.ask(connection => earliestPosition(connection, link.server))
    case 'time':
      return link.ask(connection =>
        positionAt(connection, link.server, start.ms, { ...options, stop: run.stop })
      )
    case 'file':
      return { file: start.file, position: start.position, gtids: null }
    case 'gtids': {
      if (!link.server.hasGtids) throw usageError('--start: the server has no GTIDs (gtid_mode is not ON)')
      const { file, position } = await link.ask(connection => earliestPosition(connection, link.server))
      return { file, position, gtids: start.gtids }
    }
    default: {
      const { history, position } = await link.ask(connection =>
        beginHistoryHere(context.historySetting(connection), null)
      )
      readers.history = history
      if (options.snapshot === 'schema-only') await tellSchemas(context, history)
      return position
    }
  }
}

/** A run that was left at a mark goes on there, unless the log of it is gone and may be made up for. */
async function resume(
  at: Readonly<Record<string, unknown>>,
  { link, options, log, incremental }: TailContext,
  snapshot: TailSnapshot
): Promise<LogPosition | null> {
  const position = parsePosition(at)
  const isUnfinished = at.snapshot !== undefined && takesSnapshots(options)
  if (isUnfinished || options.snapshot === 'when-needed') {
    try {
      await link.ask(connection => checkAvailable(connection, link.server, position))
    } catch (error) {
      if (!(error instanceof LogPurgedError && options.snapshot === 'when-needed')) throw error
      log.warn(`${error.message}; takes a snapshot. Rows deleted in between are not told`)
      incremental.clear()
      return snapshot.take(null)
    }
  }
  if (!isUnfinished) return position
  return snapshot.take({ position, progress: SnapshotProgress.parse(at.snapshot) })
}

function takesSnapshots({ snapshot, shape }: TailOptions): boolean {
  return (snapshot === 'initial' || snapshot === 'when-needed') && shape.ops.has('r')
}

/** Writes what the tables are, of which no row may come for long. */
async function tellSchemas({ link, options, run }: TailContext, history: SchemaHistory): Promise<void> {
  const { shape, tables } = options
  if (shape.schemas === undefined) return
  const read = await link.ask(connection => tables.list(connection))
  for (const { database, name } of read) {
    const schema = history.schemaOf(database, name)
    if (schema === null || shape.outbox.has(database, name)) continue
    shape.schemas.tell(run.writer.bytes, shape.columns.applyToSchema(schema))
  }
  await run.writer.flush()
}
