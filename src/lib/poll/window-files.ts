import { readdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf, ToolError } from '../cli/index.ts'
import { oldestAcknowledged, replaceFile, type StateDirectory } from '../stream/index.ts'

const NAME = /^window\.(\d+)$/
/** While no tool has acknowledged anything, so many are kept: more marks than can be on their way. */
const KEPT = 200

/**
 * What polling knows of each table beyond its offset, in files `window.<number>` of the state directory that marks refer to:
 * too much for a mark, which every tool of the pipeline would keep. Number 0 stands for nothing.
 *
 * The first line of a file is a JSON object, table → number of its lines; the lines of the tables follow.
 */
export class WindowFiles {
  readonly #state: StateDirectory
  #last: number

  constructor(state: StateDirectory) {
    this.#state = state
    this.#last = Math.max(0, ...this.#numbers())
  }

  /** @returns the number by which a mark names it */
  async write(tables: ReadonlyMap<string, readonly string[]>): Promise<number> {
    const known = [...tables].filter(([, lines]) => lines.length > 0)
    if (known.length === 0) return 0
    const counts = Object.fromEntries(known.map(([name, lines]) => [name, lines.length]))
    const number = ++this.#last
    const parts = [JSON.stringify(counts), ...known.flatMap(([, lines]) => lines)]
    await replaceFile(this.#path(number), Buffer.concat(parts.map(line => Buffer.from(`${line}\n`))))
    await this.#removeOld(number)
    return number
  }

  /** @throws ToolError STATE when it is not there or is no such file */
  async read(number: number): Promise<Map<string, string[]>> {
    const tables = new Map<string, string[]>()
    if (number === 0) return tables
    try {
      const [head = '', ...lines] = (await readFile(this.#path(number), 'utf8')).split('\n')
      let at = 0
      for (const [name, count] of Object.entries(JSON.parse(head) as Record<string, number>)) {
        tables.set(name, lines.slice(at, at + count))
        at += count
      }
    } catch (error) {
      throw new ToolError(
        'STATE',
        `${this.#path(number)}, which the mark to resume from needs, cannot be read: ${messageOf(error)}`,
        { cause: error, hint: 'begin again with a new --state directory for the whole pipeline' }
      )
    }
    return tables
  }

  async #removeOld(number: number): Promise<void> {
    const oldest = (await oldestAcknowledged(dirname(this.#state.path)))?.at?.window
    const needed = typeof oldest === 'number' ? oldest : number - KEPT
    for (const each of this.#numbers()) if (each < needed) rmSync(this.#path(each), { force: true })
  }

  #numbers(): number[] {
    return readdirSync(this.#state.path).flatMap(name => {
      const match = NAME.exec(name)
      return match === null ? [] : [Number(match[1])]
    })
  }

  #path(number: number): string {
    return join(this.#state.path, `window.${number}`)
  }
}
