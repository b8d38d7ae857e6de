import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * What becomes of a request: it passes; is turned away by a status; the connection is cut before it is forwarded
 * (`lost`), or in the middle of the answer (`half`); the answer is a lie after it was done (`doubted`), or comes late.
 */
export type Fault = 'pass' | 429 | 503 | 'lost' | 'half' | 'doubted' | { readonly late: number }

/** A proxy in front of a server, in which things go wrong. */
export class FaultyProxy implements AsyncDisposable {
  readonly faults = new Map<string, number>()
  readonly #server: Server
  readonly #target: string
  readonly #choose: (request: IncomingMessage) => Fault

  private constructor(target: string, choose: (request: IncomingMessage) => Fault) {
    this.#target = target
    this.#choose = choose
    this.#server = createServer((incoming, outgoing) => void this.#handle(incoming, outgoing))
  }

  /** @param choose the fault of each request */
  static async open(target: string, choose: (request: IncomingMessage) => Fault): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target, choose)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async #handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    incoming.on('error', () => {})
    outgoing.on('error', () => {})
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const fault = this.#choose(incoming)
    const name = typeof fault === 'object' ? 'late' : String(fault)
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1)
    if (fault === 'lost') {
      incoming.socket.destroy()
      return
    }
    if (typeof fault === 'number') {
      outgoing.writeHead(fault).end('{"error":{"type":"es_rejected_execution_exception","reason":"busy"}}')
      return
    }
    const answer = await this.#forward(incoming, Buffer.concat(chunks))
    if (answer === null) incoming.socket.destroy()
    else if (fault === 'doubted') outgoing.writeHead(502).end('bad gateway')
    else {
      const headers = { 'content-type': 'application/json', 'content-length': answer.body.length }
      if (typeof fault === 'object') await new Promise(resolve => setTimeout(resolve, fault.late))
      outgoing.writeHead(answer.status, headers)
      if (fault === 'half') {
        outgoing.write(answer.body.subarray(0, answer.body.length >> 1), () => incoming.socket.destroy())
      } else outgoing.end(answer.body)
    }
  }

  /** @returns null when the server itself could not be reached */
  #forward(incoming: IncomingMessage, body: Buffer): Promise<{ status: number; body: Buffer } | null> {
    return new Promise(resolve => {
      const { method = 'GET', headers } = incoming
      const forward = request(this.#target + incoming.url, { method, headers }, answer => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => resolve({ status: answer.statusCode as number, body: Buffer.concat(chunks) }))
        answer.on('error', () => resolve(null))
      })
      forward.on('error', () => resolve(null))
      forward.end(body)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
