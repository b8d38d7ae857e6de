/** Finds the lines of stdin and prints their number, without decoding them. */
import { createReadStream } from 'node:fs'
import { eachLine, LineBlocks } from './built.ts'

const blocks = new LineBlocks('stdin', 16 * 1024 * 1024)
let lines = 0
let bytes = 0
const visit = (start: number, end: number): void => {
  lines++
  bytes += end - start
}
for await (const chunk of createReadStream('', { fd: 0, highWaterMark: 256 * 1024 })) {
  const block = blocks.push(chunk)
  if (block !== null) eachLine(block, visit)
}
process.stdout.write(`${lines} ${bytes}\n`)
