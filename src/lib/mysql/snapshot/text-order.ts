import type { Row } from '../connection.ts'
import { compareAscii } from './ascii-order.ts'
import { isKeptAsBytes, type KeyColumn, type KnownOrder, textLiteral } from './key-order.ts'

/** Texts that are asked about in one statement. */
const PER_STATEMENT = 500
/** Answers that are kept. */
const REMEMBERED = 20_000

/**
 * The order of texts by a column's collation, which the server is asked for: it has hundreds of collations, and rows
 * would be lost or given twice where ours differed from its own.
 */
export class TextOrder {
  readonly #query: (sql: string) => Promise<Row[]>
  readonly #answers = new Map<string, number>()
  #asked: { column: KeyColumn; a: string; b: string }[] = []

  constructor(query: (sql: string) => Promise<Row[]>) {
    this.#query = query
  }

  /** What is known; what is not is noted, for `learn`. */
  readonly known: KnownOrder = (column, a, b) => {
    const certain = isKeptAsBytes(column)
      ? asciiOfBytes(column, a, b)
      : compareAscii(column.collation ?? '', a, b)
    if (certain !== undefined) return certain
    const answer = this.#answers.get(questionOf(column, a, b))
    if (answer === undefined) this.#asked.push({ column, a, b })
    return answer
  }

  /** Asks the server for all that was not known. */
  async learn(): Promise<void> {
    const questions = new Map(this.#asked.map(asked => [questionOf(asked.column, asked.a, asked.b), asked]))
    this.#asked = []
    if (this.#answers.size > REMEMBERED) this.#answers.clear()
    const all = [...questions]
    for (let at = 0; at < all.length; at += PER_STATEMENT) {
      const part = all.slice(at, at + PER_STATEMENT)
      const signs = part.map(([, { column, a, b }], i) => {
        const left = `${textLiteral(column, a)} COLLATE ${column.collation}`
        const right = textLiteral(column, b)
        return `(${left} > ${right}) - (${left} < ${right}) AS a${i}`
      })
      const [row] = await this.#query(`SELECT ${signs.join(', ')}`)
      for (const [i, [question]] of part.entries()) this.#answers.set(question, Number(row?.[`a${i}`]))
    }
  }
}

/** Of latin1 the bytes of ASCII are its characters; of others the server is asked. */
function asciiOfBytes({ charset, collation }: KeyColumn, a: string, b: string): number | undefined {
  if (charset !== 'latin1' && charset !== 'ascii') return undefined
  const text = (base64: string): string => Buffer.from(base64, 'base64').toString('latin1')
  return compareAscii(collation ?? '', text(a), text(b))
}

function questionOf({ charset, collation }: KeyColumn, a: string, b: string): string {
  return JSON.stringify([charset, collation, a, b])
}
