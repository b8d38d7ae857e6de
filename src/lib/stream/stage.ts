import { ToolError } from '../cli/index.ts'
import type { OutputWriter } from './bytes.ts'
import type { Mark } from './control.ts'
import type { ControlLine, Input, Lines, Output, PartitionsChange } from './ports.ts'
import type { RowSchema } from './row-schema.ts'

/**
 * - `end`: the input ended
 * - `stopped`: a signal asked the tool to stop; more input would have come
 * - `cut`: the input cannot be read on: it ended inside a line, because the stage before was killed, or a line is bad
 */
export type EndReason = 'end' | 'stopped' | 'cut'

/** One tool's work on a stream of lines and marks. */
export interface Stage {
  /** The rows that come are those that go: only then what is told of them is passed on. */
  readonly passesRows?: boolean
  /**
   * Called once, before anything else. `resume` is the mark that the run resumes from (n 0: the source begins from
   * nothing), null when the input does not come from a source that resumes.
   */
  begin(resume: Mark | null): Promise<void>
  /** What a table's rows are from here on. */
  schema?(schema: RowSchema): Promise<void>
  /** Which partitions are read from here on, where they are worked on apart. */
  partitions?(change: PartitionsChange): Promise<void>
  /** Works on a block of lines; output goes to the writer given to `runStage`. */
  lines(part: Lines): void | Promise<void>
  /** Everything before the mark has been given. Snapshot or acknowledge here; the mark is passed on afterwards. */
  mark(mark: Mark): Promise<void>
  /** It tells the input itself which marks are durable; of others they are when `mark` has resolved. */
  readonly acknowledges?: boolean
  /** Nothing more comes. */
  end(reason: EndReason): Promise<void>
}

/** After a signal the input is read on for this long, since the stage before may be writing its last mark. */
const LAST_WORDS_MS = 1000

/**
 * Drives a stage: reads `input` to its end, hands over lines, marks and schemas in order, passes control lines on to `writer`
 * after the stage has seen them, and sends what the stage has written after each part.
 * @throws ToolError INPUT when the input ended inside a line, after the stage has finished all before it
 */
export async function runStage(
  input: Input,
  writer: OutputWriter | null,
  stage: Stage,
  stop: AbortSignal
): Promise<void> {
  const giveUp = (): void => {
    setTimeout(() => input.stop(), LAST_WORDS_MS).unref()
  }
  if (stop.aborted) giveUp()
  else stop.addEventListener('abort', giveUp, { once: true })
  let begun = false
  for await (const part of input.parts()) {
    if (!begun && part.kind !== 'other') {
      begun = true
      await stage.begin(part.kind === 'resume' ? part.mark : null)
    }
    switch (part.kind) {
      case 'lines':
        await worksOn(part, stage, writer)
        await writer?.flush()
        break
      case 'mark':
        await stage.mark(part.mark)
        await passOn(part, writer)
        if (input.acknowledge !== undefined && stage.acknowledges !== true) {
          await writer?.drain()
          await input.acknowledge(part.mark.n)
        }
        break
      case 'schema':
        await stage.schema?.(part.schema)
        if (stage.passesRows === true) await passOn(part, writer)
        break
      case 'partitions':
        await stage.partitions?.(part)
        break
      case 'end':
        await stage.end(part.cut !== undefined ? 'cut' : stop.aborted ? 'stopped' : 'end')
        await writer?.drain()
        if (part.cut !== undefined) throw part.cut
        break
      default:
        await passOn(part, writer)
    }
  }
  stop.removeEventListener('abort', giveUp)
}

/** A bad line ends the tool, after all before it has been worked off as usual. */
async function worksOn(part: Lines, stage: Stage, writer: OutputWriter | null): Promise<void> {
  try {
    await stage.lines(part)
  } catch (error) {
    if (!(error instanceof ToolError) || (error.code !== 'INPUT' && error.code !== 'DATA')) throw error
    await stage.end('cut')
    await writer?.drain()
    throw error
  }
}

async function passOn(line: ControlLine, writer: OutputWriter | null): Promise<void> {
  if (writer === null) return
  const output: Output = writer.output
  if (output.takesMarks) writer.bytes.append(line.bytes)
  await writer.flush()
}
