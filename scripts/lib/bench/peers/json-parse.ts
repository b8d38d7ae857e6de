/** Parses each line of stdin; with `--write`, writes it again. Prints the number of lines otherwise. */
import { textLines } from './text-lines.ts'
import { writeAll } from './write-all.ts'

const writes = process.argv[2] === '--write'
let lines = 0
for await (const block of textLines()) {
  const events = block.map(line => JSON.parse(line) as object)
  lines += events.length
  if (writes) await writeAll(events.map(event => `${JSON.stringify(event)}\n`).join(''))
}
if (!writes) process.stdout.write(`${lines}\n`)
