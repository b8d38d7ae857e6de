import { ToolError } from '../../cli/index.ts'
import { errorReason, type Response, refused } from '../connection.ts'

/** The server cannot answer now, and is asked again. */
export class Unavailable extends Error {}

/**
 * The body of an answer that has come.
 * @throws ToolError SERVER when the server refuses, or the index is not there. Unavailable
 */
export function answered(server: string, index: string, response: Response): string {
  const { status, body } = response
  if (status === 200 || status === 201) return body
  const reason = errorReason(body) ?? `status ${status}`
  if (status === 404 && reason.startsWith('index_not_found_exception')) {
    throw new ToolError('SERVER', `${server} has no index '${index}': ${reason}`, {
      hint: 'one that is made later is found by a pattern: es://host/logs-*'
    })
  }
  // a point in time is gone when its node was restarted, or when nobody has asked for too long
  const isForgotten = status === 404 && body.includes('search_context_missing_exception')
  if (isForgotten || status === 429 || status >= 500) throw new Unavailable(reason)
  throw refused(server, response)
}

/** The index as a part of a path: names and patterns with commas between. */
export function pathOf(index: string): string {
  return encodeURIComponent(index).replaceAll('%2C', ',').replaceAll('%2A', '*')
}
