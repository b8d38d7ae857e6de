import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A proxy in front of a server, which cuts each connection once some bytes have passed, in the middle of whatever it is. */
export class CuttingProxy implements AsyncDisposable {
  /** Connections that were cut. */
  cuts = 0
  /** The port that connections go on to. */
  target = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #lifetime: () => number

  private constructor(lifetime: () => number) {
    this.#lifetime = lifetime
    this.#server = createServer(socket => this.#take(socket))
  }

  /** @param lifetime how many bytes a connection lives for, both ways together */
  static async open(lifetime: () => number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(lifetime)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  #take(client: Socket): void {
    const server = connect(this.target, '127.0.0.1')
    let left = this.#lifetime()
    const end = (): void => {
      client.destroy()
      server.destroy()
      this.#sockets.delete(client)
      this.#sockets.delete(server)
    }
    for (const [from, to] of [
      [client, server],
      [server, client]
    ] as const) {
      this.#sockets.add(from)
      from.on('error', end)
      from.on('close', end)
      from.on('data', (chunk: Buffer) => {
        left -= chunk.length
        if (left >= 0) {
          if (!to.write(chunk)) from.pause()
          return
        }
        this.cuts++
        // The other side gets the beginning of it.
        to.end(chunk.subarray(0, chunk.length >> 1), end)
        from.pause()
      })
      to.on('drain', () => from.resume())
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
