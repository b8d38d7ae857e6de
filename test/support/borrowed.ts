import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { LENDER, type LentServer } from '../../scripts/lib/test/lent-servers.ts'
import { startServer } from './servers.ts'

/** A server without data that a test file has to itself, to use but not to kill or restart. */
export interface BorrowedServer extends LentServer, AsyncDisposable {
  /** Gives it back. */
  stop(): Promise<void>
}

/** One that scripts/test lends to one file after the other; a new one where the file runs alone. */
export async function borrowServer(name: 'elasticsearch' | 'opensearch'): Promise<BorrowedServer> {
  const lender = process.env[LENDER]
  if (lender === undefined) return await startServer(name)
  const request = get(`${lender}/${name}`)
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  answer.on('error', () => {}) // it is given back, or the whole run ends
  let text = ''
  while (!text.includes('\n')) text += String((await once(answer.setEncoding('utf8'), 'data'))[0])
  if (answer.statusCode !== 200) throw new Error(`no ${name} is lent: ${text}`)
  request.socket?.unref()
  const stop = async (): Promise<void> => {
    request.destroy()
  }
  return { ...(JSON.parse(text) as LentServer), stop, [Symbol.asyncDispose]: stop }
}
