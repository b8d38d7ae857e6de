import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface TcpOptions {
  readonly host: string
  readonly port: number
  /** File of certificates; TLS where it is set. */
  readonly ca?: string
  /** Milliseconds. */
  readonly timeout: number
  /** False where the receiver says nothing: it is done when the bytes are sent. */
  readonly isAnswered: boolean
}

/** Sends bytes and the end, and gives what is answered until the end. @throws the network's error, or that of a time-out */
export function exchange(
  { host, port, ca, timeout, isAnswered }: TcpOptions,
  bytes: Buffer,
  stop: AbortSignal
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = ca === undefined ? connect(port, host) : connectTls({ host, port, ca: readFileSync(ca) })
    const chunks: Buffer[] = []
    const signal = AbortSignal.any([stop, AbortSignal.timeout(timeout)])
    const end = (): void => {
      socket.destroy(new Error(`${host}:${port} does not answer`))
    }
    signal.addEventListener('abort', end)
    socket.on('data', chunk => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('end', () => resolve(Buffer.concat(chunks)))
    socket.on('close', () => signal.removeEventListener('abort', end))
    socket.end(bytes, () => {
      if (!isAnswered) resolve(Buffer.alloc(0))
    })
  })
}
