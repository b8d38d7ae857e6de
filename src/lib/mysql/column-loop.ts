/**
 * Code for rows of very many columns: a loop over them that calls a function for each kind of value. As straight code,
 * hundreds of columns take the compiler tens of megabytes, and past some size it leaves them unoptimized.
 *
 * It stands in the code of a row decoder, and uses its variables.
 */
export class ColumnLoop {
  readonly #codes: string[] = []
  readonly #kinds: number[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #keys: number[] = []

  /**
   * @param code moves `p` past a value of `buf`, and writes it to `out` at `o`
   * @param name where the column's name stands among the constants; null for a column that is passed over
   * @param key the column's place in the primary key, or -1
   */
  add(code: string, name: readonly [start: number, end: number] | null, key: number): void {
    let kind = this.#codes.indexOf(code)
    if (kind < 0) kind = this.#codes.push(code) - 1
    this.#kinds.push(kind)
    this.#starts.push(name?.[0] ?? 0)
    this.#ends.push(name?.[1] ?? 0)
    this.#keys.push(key)
  }

  /** What is made once for the table. */
  get functions(): string {
    const readers = this.#codes.map(
      code =>
        `(buf, p, w) => { let out = w.buffer, v = w.view, o = w.length, n = 0; ${code} w.length = o; return p; }`
    )
    return `
      const readers = [${readers.join(',\n')}];
      const kinds = Uint16Array.of(${this.#kinds.join()});
      const starts = Int32Array.of(${this.#starts.join()});
      const ends = Int32Array.of(${this.#ends.join()});
      const keys = Int16Array.of(${this.#keys.join()});`
  }

  /** What is done for a row. */
  get body(): string {
    return `
      w.length = o;
      for (let c = 0; c < ${this.#kinds.length}; c++) {
        const isNull = (buf[at + (c >> 3)] & (1 << (c & 7))) !== 0;
        if (ends[c] === 0) {
          if (!isNull) p = readers[kinds[c]](buf, p, w);
          continue;
        }
        w.length = h.copyLiteral(w.buffer, w.length, L, starts[c], ends[c]);
        const key = keys[c];
        if (key >= 0) spans[key * 2] = p;
        if (isNull) w.length = h.writeAscii(w.buffer, w.length, 'null');
        else p = readers[kinds[c]](buf, p, w);
        if (key >= 0) spans[key * 2 + 1] = p;
      }
      out = w.buffer;
      v = w.view;
      o = w.length;`
  }
}
