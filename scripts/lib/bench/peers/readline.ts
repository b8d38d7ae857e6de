/** Finds the lines of stdin with node:readline, as strings, and prints their number. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'

let lines = 0
let length = 0
createInterface({ input: createReadStream('', { fd: 0, highWaterMark: 256 * 1024 }) })
  .on('line', line => {
    lines++
    length += line.length
  })
  .on('close', () => process.stdout.write(`${lines} ${length}\n`))
