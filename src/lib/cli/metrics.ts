import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf, ToolError, usageError } from './errors.ts'

/** One figure of a tool. Hot paths count in plain numbers; `read` is called when somebody asks. */
export interface Metric {
  /** Prometheus name without the `millrace_<tool>_` prefix, e.g. `events_total`. */
  readonly name: string
  readonly help: string
  readonly kind: 'counter' | 'gauge'
  readonly read: () => number
}

/**
 * Serves the figures, and the process's own, as Prometheus text at `/metrics`.
 * @param address `[host:]port`; port 0 takes a free one
 * @returns the address it listens on and a function that ends it
 * @throws ToolError USAGE for an address that cannot be read or listened on
 */
export async function serveMetrics(
  tool: string,
  address: string,
  metrics: readonly Metric[]
): Promise<{ url: string; close: () => void }> {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(address)
  if (match === null || Number(match[2]) > 65535) {
    throw usageError(`--metrics: '${address}' is not [host:]port`)
  }
  const host = (match[1] ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1')
  // Loaded here: most runs serve no metrics, and start-up time counts.
  const { collectDefaultMetrics, Counter, Gauge, Registry } = await import('prom-client')
  const { createServer } = await import('node:http')
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const prefix = `millrace_${tool.replaceAll('-', '_')}_`
  for (const metric of metrics) {
    const options = { name: prefix + metric.name, help: metric.help, registers: [registry] }
    if (metric.kind === 'gauge') {
      new Gauge({
        ...options,
        collect() {
          this.set(metric.read())
        }
      })
    } else {
      new Counter({
        ...options,
        collect() {
          this.reset()
          this.inc(metric.read())
        }
      })
    }
  }
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end('see /metrics\n')
      return
    }
    registry.metrics().then(
      text => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      error => response.writeHead(500).end(`${messageOf(error)}\n`)
    )
  })
  await listen(server, Number(match[2]), host, address)
  server.unref()
  const port = (server.address() as AddressInfo).port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}/metrics`,
    close: () => server.close()
  }
}

function listen(server: Server, port: number, host: string, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', error => {
      reject(new ToolError('USAGE', `--metrics ${address}: ${messageOf(error)}`, { cause: error }))
    })
    server.listen(port, host, resolve)
  })
}
