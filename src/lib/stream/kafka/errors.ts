import { findErrorBy, protocolErrors, protocolErrorsCodesById } from '@platformatic/kafka'
import { messageOf } from '../../cli/index.ts'

/** The cluster could not do it now: it is tried again, with what is known of the cluster asked for anew. */
export class TryAgain extends Error {}

/** A broker has answered that it is not ready: it is reached. */
export class NotReady extends TryAgain {}

/** A name of the protocol's for an error code: `NOT_LEADER_OR_FOLLOWER`. */
export function errorName(code: number): string {
  return (protocolErrorsCodesById as Record<number, string>)[code] ?? `error ${code}`
}

/** Codes that are over by themselves though the protocol counts them as fatal for a request. */
const PASSING = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'CONCURRENT_TRANSACTIONS', 'UNKNOWN_TOPIC_ID'])

export function isPassing(code: number): boolean {
  const name = errorName(code)
  const error = (protocolErrors as Record<string, { canRetry?: boolean }>)[name]
  return PASSING.has(name) || error?.canRetry === true
}

/** The codes that a server gave with a response that the client made an error of; undefined when it is no such error. */
export function responseOf(error: unknown): unknown {
  return (error as { response?: unknown } | null)?.response
}

/** What went wrong on the way, in one line: the innermost cause tells. */
export function reasonOf(error: unknown): string {
  let inner = error
  for (;;) {
    const { cause, errors } = inner as { cause?: unknown; errors?: unknown[] }
    const next = errors?.[0] ?? cause
    if (next === undefined || next === null) return messageOf(inner)
    inner = next
  }
}

/** The server does not take the login: no attempt later will do. */
export function isRefusedLogin(error: unknown): boolean {
  return (
    findErrorBy(error as Error, 'code', 'PLT_KFK_AUTHENTICATION') !== null ||
    findErrorBy(error as Error, 'apiId', 'SASL_AUTHENTICATION_FAILED') !== null ||
    findErrorBy(error as Error, 'code', 'PLT_KFK_USER') !== null
  )
}
