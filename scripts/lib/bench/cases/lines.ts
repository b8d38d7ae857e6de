import { stat } from 'node:fs/promises'
import type { BenchCase, Contestant } from '../case.ts'
import { program } from '../commands.ts'
import { envelopeFile } from '../data/envelopes.ts'
import { prints, writesLines } from '../proofs.ts'

/** No servers run. */
const nothingToStop = async (): Promise<void> => {}

/** Finding the lines of a file. */
export const lines: BenchCase = {
  name: 'lines',
  measures: 'finding the lines in a file of change events',
  unit: 'lines',
  rows: 1_000_000,

  async prepare({ rows, log }) {
    const stdin = await envelopeFile(rows, log)
    const counts = prints(`${rows} ${(await stat(stdin)).size - rows}`)
    const contestant = (name: string, argv: string[], proof = counts): Contestant => ({
      name,
      command: () => ({ argv, stdin }),
      proof
    })
    return {
      servers: [],
      judged: [contestant('LineBlocks, eachLine', program('programs/split.ts'))],
      peers: [
        contestant('node:readline', program('peers/readline.ts')),
        contestant('split, JSON.parse', program('peers/json-parse.ts'), prints(String(rows)))
      ],
      [Symbol.asyncDispose]: nothingToStop
    }
  }
}

/** What a stage of a pipe costs that changes nothing. */
export const passThrough: BenchCase = {
  name: 'pass-through',
  measures: 'a stage that passes change events on, from a file to /dev/null',
  unit: 'lines',
  rows: 1_000_000,

  async prepare({ rows, log }) {
    const stdin = await envelopeFile(rows, log)
    const contestant = (name: string, argv: string[]): Contestant => ({
      name,
      command: () => ({ argv, stdin }),
      proof: writesLines(rows, '{"before":null,"after":{"id":')
    })
    return {
      servers: [],
      judged: [contestant('openInput, OutputWriter', program('programs/pass-through.ts'))],
      peers: [
        contestant('JSON.parse, JSON.stringify', program('peers/json-parse.ts', '--write')),
        contestant('cat', ['cat'])
      ],
      [Symbol.asyncDispose]: nothingToStop
    }
  }
}
