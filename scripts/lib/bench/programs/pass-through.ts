/** The least that a stage of a pipe does: takes lines from stdin by blocks and passes them on. */
import { OutputWriter, openInput, openOutput, runStage } from './built.ts'

const writer = new OutputWriter(openOutput('-'))
await runStage(
  openInput('-', { maxLine: 16 * 1024 * 1024 }),
  writer,
  {
    async begin() {},
    lines: part => writer.bytes.append(part.bytes),
    async mark() {},
    async end() {}
  },
  new AbortController().signal
)
