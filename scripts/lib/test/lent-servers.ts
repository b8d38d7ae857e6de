import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isServerName, type RunningServer, type ServerName, startServer } from '../servers/index.ts'
import { wipeElastic } from './wipe-elastic.ts'

/** Names the address of the lender to the test files. */
export const LENDER = 'MILLRACE_TEST_LENDER'

/** What is told of a server that is lent. */
export type LentServer = Pick<RunningServer, 'name' | 'version' | 'port' | 'url'>

/**
 * Lends servers to test files, each to one file at a time, so that a file has one to itself and need not start it: one that
 * another file has given back, wiped, or a new one. A GET of `/elasticsearch` or `/opensearch` borrows: the answer is a line
 * of JSON, a `LentServer`, and goes on until the borrower closes the connection, or its process ends.
 */
export class LentServers implements AsyncDisposable {
  readonly #idle: RunningServer[] = []
  readonly #running = new Set<RunningServer>()
  readonly #http: Server
  #over = false

  private constructor() {
    this.#http = createServer((request, response) => {
      this.#lend(request.url?.slice(1) ?? '', response).catch(error =>
        response.headersSent ? response.destroy() : response.writeHead(500).end(`${error}\n`)
      )
    })
  }

  static async open(): Promise<LentServers> {
    const servers = new LentServers()
    servers.#http.listen(0, '127.0.0.1').unref()
    await once(servers.#http, 'listening')
    return servers
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  /** How many wait to be borrowed. */
  get idle(): number {
    return this.#idle.length
  }

  async #lend(name: string, response: ServerResponse): Promise<void> {
    if (!isServerName(name)) throw new Error(`no server ${name}`)
    const returned = once(response, 'close')
    const server = (await this.#wiped(name)) ?? (await this.#start(name))
    const { version, port, url } = server
    response.write(`${JSON.stringify({ name, version, port, url } satisfies LentServer)}\n`)
    await returned
    this.#idle.push(server)
  }

  /** One that was given back, if there is one that still answers. */
  async #wiped(name: ServerName): Promise<RunningServer | null> {
    for (;;) {
      const at = this.#idle.findIndex(server => server.name === name)
      const [server] = at < 0 ? [] : this.#idle.splice(at, 1)
      if (server === undefined) return null
      try {
        await wipeElastic(server.url)
        return server
      } catch {
        await this.#end(server)
      }
    }
  }

  async #start(name: ServerName): Promise<RunningServer> {
    const server = await startServer(name)
    this.#running.add(server)
    if (this.#over) await this.#end(server)
    return server
  }

  /** Its data are of no use to anyone, so there is nothing to wait for. */
  async #end(server: RunningServer): Promise<void> {
    this.#running.delete(server)
    await server.kill()
    await server.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true
    this.#http.close()
    this.#http.closeAllConnections()
    await Promise.all([...this.#running].map(server => this.#end(server)))
  }
}
