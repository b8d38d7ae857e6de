/**
 * A source of numbered lines that resumes: node counter.ts STATE FILE TOTAL. Writes {"i":1} to {"i":TOTAL} into FILE, with
 * marks between, and goes on where the last acknowledged mark left it when it is started again.
 */
import { MarkWriter, OutputWriter, openOutput, StateDirectory } from '../../src/lib/stream/index.ts'
import { FileOutput } from '../../src/lib/stream/output.ts'

const [root = '', file = '', total] = process.argv.slice(2)

const state = await StateDirectory.open(root, 'cdc-tail')
const output = openOutput(file, { append: true })
if (!(output instanceof FileOutput)) throw new Error(`${file} is not a file`)
const writer = new OutputWriter(output)
await state.register()
const marks = await MarkWriter.open(root, state, writer, 2)
await output.continueAt(state.positionAt(marks.resume.n))
await marks.begin()
let next = Number(marks.resume.at?.next ?? 1)
process.stdout.write(`${next}\n`)
while (next <= Number(total)) {
  for (let i = 0; i < 100 && next <= Number(total); i++) writer.bytes.text(`{"i":${next++}}\n`)
  await writer.flush()
  if (marks.isDue) await marks.write({ next })
}
await marks.write({ next })
await output.close()
state.close()
