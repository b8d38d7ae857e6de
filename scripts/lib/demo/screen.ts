/** Shows what goes on: on a terminal a block of lines that is rewritten in place, otherwise plain lines. */
export class Screen {
  readonly #stream: NodeJS.WriteStream
  readonly terminal: boolean
  #shown = 0

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    this.terminal = stream.isTTY === true && process.env.TERM !== 'dumb'
  }

  /** A line that stays. */
  say(line = ''): void {
    this.clear()
    this.#stream.write(`${line}\n`)
  }

  /** Lines that the next call of any method takes away again; for terminals only. */
  show(lines: readonly string[]): void {
    this.clear()
    // A line that wraps would be more than one to go up. Some terminals say that they have no columns.
    const width = (this.#stream.columns || 80) - 1
    this.#stream.write(lines.map(line => `${line.slice(0, width)}\n`).join(''))
    this.#shown = lines.length
  }

  clear(): void {
    if (this.#shown > 0) this.#stream.write(`\x1b[${this.#shown}A\x1b[J`)
    this.#shown = 0
  }
}
