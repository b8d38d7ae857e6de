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

/**
 * Credentials of AWS are read from the environment, when something is signed with them.
 * @param what the flag or parameter that needs them. @throws ToolError USAGE when they are not there
 */
export function needAwsCredentials(what: string, env: NodeJS.ProcessEnv = process.env): void {
  if (env.AWS_ACCESS_KEY_ID !== undefined && env.AWS_SECRET_ACCESS_KEY !== undefined) return
  throw usageError(
    `${what}: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set`,
    'eval "$(aws configure export-credentials --format env)"'
  )
}

/** A URL for messages: the password, if any, is hidden, also one with characters that ought to be escaped. */
export function redactUrl(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):(?!\d+(?:[/?#]|$)).*@/i, '$1:***@')
}
