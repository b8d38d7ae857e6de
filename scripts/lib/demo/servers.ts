import { installServer, type ServerName, serverAvailability, startServer } from '../servers/index.ts'
import { compileOnce } from '../servers/java.ts'

/** A server that can be used, and its end. */
export interface Server extends AsyncDisposable {
  readonly url: string
}

compileOnce()

/**
 * Starts a private server; resolves to the reason, in words, when this machine cannot have one.
 * @param log takes what a person should know
 */
export async function privateServer(
  name: ServerName,
  log: (message: string) => void
): Promise<Server | { readonly missing: string }> {
  const missing = serverAvailability(name)
  if (missing !== null) return { missing }
  try {
    await installServer(name, log)
  } catch (error) {
    return { missing: `its installation failed: ${(error as Error).message}` }
  }
  const server = await startServer(name, { log })
  return {
    url: server.url,
    // The data are of no use to anyone, so there is nothing to wait for.
    [Symbol.asyncDispose]: () => server.kill().then(() => server.stop())
  }
}
