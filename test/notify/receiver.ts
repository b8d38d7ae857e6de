import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

export interface Received {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: string
}

export interface LocalReceiver {
  url: string
  received: Received[]
}

/** An HTTP server on loopback that records requests; `answer` gives the status of each, 200 where nothing is said. */
export async function localReceiver(
  t: TestContext,
  answer: (
    request: Received,
    n: number
  ) => number | { status: number; headers?: Record<string, string>; body?: string } = () => 200
): Promise<LocalReceiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = { method, path: url, headers, body: Buffer.concat(chunks).toString() }
      received.push(one)
      const answered = answer(one, received.length)
      const said = typeof answered === 'number' ? { status: answered } : answered
      response.writeHead(said.status, said.headers ?? {}).end(said.body ?? '{}')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received }
}
