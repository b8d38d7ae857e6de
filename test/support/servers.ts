import {
  type RunningServer,
  type ServerName,
  serverAvailability,
  startServer
} from '../../scripts/lib/servers/index.ts'
import { compileOnce } from '../../scripts/lib/servers/java.ts'

compileOnce()

/** A reason to skip tests that need these servers, or false. */
export function unavailable(...names: ServerName[]): string | false {
  for (const name of names) {
    const reason = serverAvailability(name)
    if (reason !== null) return `${name} cannot be had here: ${reason}`
  }
  return false
}

/** The URL of a MySQL server for the replication user, with a database. */
export function cdcUrl(server: RunningServer, database: string): string {
  return `mysql://cdc:cdc@127.0.0.1:${server.port}/${database}`
}

export { type RunningServer, startServer }
