import { usageError } from '../cli/index.ts'

/** The parameters of a port's URL: `?group=a&from=earliest`. What has not been asked for when `finish` is called is unknown. */
export class UrlParameters {
  readonly #url: string
  readonly #values: URLSearchParams
  readonly #known = new Set<string>()

  constructor(url: string, query: string) {
    this.#url = url
    this.#values = new URLSearchParams(query)
  }

  get(name: string): string | undefined {
    this.#known.add(name)
    return this.#values.get(name) ?? undefined
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.get(name)
    if (value === undefined || choices.includes(value as T)) return value as T | undefined
    throw usageError(`${this.#url}: ${name}=${value} is not one of ${choices.join(', ')}`)
  }

  /** @throws ToolError USAGE for parameters that nobody asked for */
  finish(): void {
    for (const name of this.#values.keys()) {
      if (this.#known.has(name)) continue
      const known = [...this.#known].sort().join(', ')
      throw usageError(`${this.#url}: unknown parameter '${name}'`, `known are: ${known}`)
    }
  }
}

/** A part of a URL; a password that ought to have been escaped is taken as it stands. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
