type Values = Readonly<Record<string, unknown>>

/** The options of an alerter, which have been checked: what is missing has its default. */
export class AlerterOptions {
  readonly #values: Values

  constructor(values: Values) {
    this.#values = values
  }

  has(name: string): boolean {
    return (this.#values[name] ?? undefined) !== undefined
  }

  raw(name: string): unknown {
    return this.#values[name] ?? undefined
  }

  /** Empty when it is not set. */
  text(name: string, otherwise = ''): string {
    const value = this.#values[name]
    return value === undefined || value === null ? otherwise : String(value)
  }

  /** A single text counts as a list of it. */
  texts(name: string): string[] {
    const value = this.raw(name)
    return value === undefined ? [] : Array.isArray(value) ? value.map(String) : [String(value)]
  }

  flag(name: string, otherwise = false): boolean {
    const value = this.#values[name]
    return typeof value === 'boolean' ? value : otherwise
  }

  number(name: string, otherwise: number): number {
    const value = this.#values[name]
    return typeof value === 'number' ? value : otherwise
  }

  map(name: string): Values {
    const value = this.#values[name]
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {}
  }

  maps(name: string): Values[] {
    const value = this.#values[name]
    return Array.isArray(value) ? (value as Values[]) : []
  }

  /** All whose names begin so and that are none of these. */
  others(prefix: string, known: ReadonlySet<string>): [name: string, value: unknown][] {
    return Object.entries(this.#values).filter(([name]) => name.startsWith(prefix) && !known.has(name))
  }

  /** Those of these that are set and not empty, under the name that follows the prefix. */
  some(prefix: string, names: readonly string[]): Record<string, string> {
    const set = names.filter(name => this.text(prefix + name) !== '')
    return Object.fromEntries(set.map(name => [name, this.text(prefix + name)]))
  }
}
