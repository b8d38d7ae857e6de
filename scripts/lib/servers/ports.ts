import { randomInt } from 'node:crypto'
import { connect, createServer } from 'node:net'

/**
 * Ports of 127.0.0.1 that nobody listens on at this moment. They lie below the range from which the kernel takes the ports
 * of outgoing connections, so that a server that is stopped and started again finds its port free.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  for (let attempt = 0; ports.size < count; attempt++) {
    if (attempt === 1000) throw new Error('no free port found between 15000 and 32000 on 127.0.0.1')
    const port = randomInt(15_000, 32_000)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

export function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/**
 * Sends bytes (if any) to a port of 127.0.0.1 and returns the first `count` bytes of the answer; null when there is no
 * connection, or no such answer within a second.
 */
export function ask(port: number, count: number, bytes?: Uint8Array): Promise<Buffer | null> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    let answer = Buffer.alloc(0)
    const finish = (result: Buffer | null) => {
      socket.destroy()
      resolve(result)
    }
    socket.setTimeout(1000, () => finish(null))
    socket.once('error', () => finish(null))
    socket.once('end', () => finish(null))
    socket.once('connect', () => {
      if (bytes !== undefined) socket.write(bytes)
    })
    socket.on('data', chunk => {
      answer = Buffer.concat([answer, chunk])
      if (answer.length >= count) finish(answer.subarray(0, count))
    })
  })
}

/** Whether a MySQL or MariaDB greets on the port: the first packet's payload begins with protocol version 10. */
export async function greetsAsMysql(port: number): Promise<boolean> {
  return (await ask(port, 5))?.[4] === 10
}

/** Whether a GET of the URL gives a status of 200. */
export async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(5000) })
    await response.body?.cancel()
    return response.ok
  } catch {
    return false // no connection yet: that is the answer
  }
}
