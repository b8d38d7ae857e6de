import { usageError } from './errors.ts'

/**
 * Replaces `${VAR}` by the environment's value, so that secrets need not stand on the command line.
 * @throws ToolError USAGE when a variable is not set
 */
export function expandEnv(text: string, what: string, env: NodeJS.ProcessEnv = process.env): string {
  return text.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
    const value = env[name]
    if (value === undefined) {
      throw usageError(`${what}: ${whole} is not set in the environment`, `export ${name}=… first`)
    }
    return value
  })
}

/** A URL for messages: the password, if any, is hidden, also one with characters that ought to be escaped. */
export function redactUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):(?!\d+(?:[/?#]|$)).*@/i, '$1:***@')
}
