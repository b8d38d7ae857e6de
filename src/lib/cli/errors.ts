/**
 * The kinds of failure a tool ends with. Each has one exit code (see `exitCodeOf`); what, where and what to do stand
 * in the message.
 *
 * - `USAGE`: flags, configuration, a query or a rule file that cannot be run
 * - `INPUT`: a line, file or log that cannot be read as what it should be
 * - `DATA`: input that is well-formed and still cannot be processed
 * - `STATE`: a state directory that is locked, damaged, or lacks what a resume needs
 * - `OUTPUT`: the output cannot be written (disk full, file not writable)
 * - `SERVER`: a server refused, or could not be reached
 * - `THRESHOLD`: a figure crossed a limit that the user set
 */
export type ErrorCode = 'USAGE' | 'INPUT' | 'DATA' | 'STATE' | 'OUTPUT' | 'SERVER' | 'THRESHOLD'

const EXIT_CODES: Record<ErrorCode, number> = {
  USAGE: 2,
  INPUT: 1,
  DATA: 1,
  STATE: 1,
  OUTPUT: 1,
  SERVER: 3,
  THRESHOLD: 4
}

/** An error that is meant for the user: one clear message, an optional hint on what to do, an exit code. */
export class ToolError extends Error {
  readonly code: ErrorCode
  /** What to do about it; printed on a line of its own. */
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ToolError'
    this.code = code
    this.hint = options.hint
  }
}

/** Shorthand for the commonest kind. */
export function usageError(message: string, hint?: string): ToolError {
  return new ToolError('USAGE', message, hint === undefined ? {} : { hint })
}

/** The exit code of design: 1 input or data, 2 usage, 3 server, 4 threshold; 1 for what is not ours. */
export function exitCodeOf(error: unknown): number {
  return error instanceof ToolError ? EXIT_CODES[error.code] : 1
}

/** The errno name (`ENOENT`, `EPIPE`, …) of a system error, else undefined. */
export function errnoOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : undefined
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
