import type { Log } from '../cli/index.ts'
import { type ByteWriter, eachLine, type Input } from '../stream/index.ts'
import { Batch } from './batch.ts'
import type { Documents, OperationSink } from './documents.ts'
import type { IndexTemplate } from './index-template.ts'
import type { TableMappings } from './table-mappings.ts'

/** Lines of input that are shown. */
const SHOWN = 10

/**
 * Prints what a run would send, in the form in which the server would get it: its index templates, those of
 * tables that the input tells of as well, and the bulk operations of the first lines of `input`. What cannot be written is a warning.
 */
export async function check(
  templates: readonly IndexTemplate[],
  mappings: TableMappings,
  documents: Documents,
  input: Input | null,
  log: Log,
  stop: AbortSignal
): Promise<void> {
  for (const template of templates) print(template)
  if (input === null) return
  stop.addEventListener('abort', () => input.stop(), { once: true })
  let shown = 0
  for await (const part of input.parts()) {
    if (part.kind === 'end' && part.cut !== undefined) throw part.cut
    if (part.kind === 'schema') {
      documents.describe(part.schema)
      const template = await mappings.preview(part.schema)
      if (template !== null) print(template)
    }
    if (part.kind !== 'lines') continue
    eachLine(part.bytes, (start, end, line) => {
      if (++shown > SHOWN) return
      const result = operationsOf(documents, part.bytes.subarray(start, end))
      if ('text' in result) process.stdout.write(result.text)
      else log.warn(`${input.name}:${part.firstLine + line}: ${result.reason}`)
    })
    if (shown > SHOWN) break
  }
  input.stop()
}

function print({ name, body }: IndexTemplate): void {
  process.stdout.write(`PUT /_index_template/${name}\n${JSON.stringify(body)}\n`)
}

function operationsOf(documents: Documents, line: Buffer): { text: string } | { reason: string } {
  const batch = new Batch(line.length + 4096)
  const lines = { kind: 'lines', bytes: line, firstLine: 1 } as const
  const sink: OperationSink = {
    operation(action: ByteWriter, _key, _block, start, end, partial = false, ending = null) {
      batch.add(action, start, end, lines, 0, line.length, 1, partial, ending)
    }
  }
  const reason = documents.read(line, 0, line.length, sink)
  return reason === null ? { text: batch.body.written().toString() } : { reason }
}
