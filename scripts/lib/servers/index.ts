/**
 * Real servers for demo and tests, installed once into the user's cache folder and started in seconds on free ports of
 * 127.0.0.1 with data folders of their own. A server ends when it is stopped or when this process ends, however that dies.
 */
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type BackgroundServer, record, recordFile } from './background.ts'
import type { ServerName } from './catalogue.ts'
import { elasticsearch } from './elasticsearch.ts'
import { ensureInstalled, installedVersion, prefixOf } from './install.ts'
import { kafka } from './kafka.ts'
import type { ServerKind } from './kind.ts'
import { mariadb } from './mariadb.ts'
import { mysql, mysql57, mysql80 } from './mysql.ts'
import { opensearch } from './opensearch.ts'
import { freePorts } from './ports.ts'
import { postgres } from './postgres.ts'
import { SupervisedServer } from './supervise.ts'

export { type BackgroundServer, backgroundServers, stopBackgroundServer } from './background.ts'
export { isServerName, type ServerName, serverNames } from './catalogue.ts'

export const kinds: Readonly<Record<ServerName, ServerKind>> = {
  mysql80,
  mysql,
  mysql57,
  mariadb,
  postgres,
  elasticsearch,
  opensearch,
  kafka
}

export interface ServerOptions {
  /** A port of 127.0.0.1; a free one by default. */
  readonly port?: number
  /** A folder that is kept, and taken as it is if a server has run there before; a temporary one by default. */
  readonly dataDir?: string
  /** Keep the temporary data folder when the server has stopped. */
  readonly keepData?: boolean
  /**
   * Options of the server, which override ours: mysqld's and mariadbd's (`--gtid-mode=OFF`, `--skip-log-bin`),
   * PostgreSQL's (`--timezone=Asia/Kolkata`), Elasticsearch's settings and Kafka's properties (`key=value`).
   */
  readonly args?: readonly string[]
  /** Takes what a person should know, such as that an installation takes its time. Nothing is printed otherwise. */
  readonly log?: (message: string) => void
}

export interface RunningServer extends AsyncDisposable {
  readonly name: ServerName
  readonly version: string
  readonly port: number
  /**
   * `mysql://root:root@127.0.0.1:PORT`, `postgres://root:root@127.0.0.1:PORT`, `http://127.0.0.1:PORT` or
   * `kafka://127.0.0.1:PORT`. MySQLs and PostgreSQL also have a user cdc/cdc.
   */
  readonly url: string
  /** The process of the server; null after `kill` and `stop`. */
  readonly pid: number | null
  readonly dataDir: string
  /** Ends it in order and removes its temporary data. It is over then. */
  stop(): Promise<void>
  /** Ends it by SIGKILL; the data stay. */
  kill(): Promise<void>
  /** Ends it in order, if it runs, and starts it again: same port, same data, and the same `args` unless others are given. */
  restart(args?: readonly string[]): Promise<void>
}

/** Why a server cannot be had on this machine, in words; null when it can. */
export function serverAvailability(name: ServerName): string | null {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return `it needs Linux on x86-64, this is ${process.platform} on ${process.arch}`
  }
  const kind = kinds[name]
  return kind.missingForRun() ?? (installedVersion(kind) === null ? kind.missingForInstall() : null)
}

/** Installs a server unless it is installed, and returns its version. */
export async function installServer(
  name: ServerName,
  log: (message: string) => void = () => {}
): Promise<string> {
  const reason = serverAvailability(name)
  if (reason !== null) throw new Error(`${name} cannot be had here: ${reason}`)
  return await ensureInstalled(kinds[name], log, () => writeClassArchive(kinds[name]))
}

/** Starts a server, installing it if needed, and resolves when it answers. */
export async function startServer(name: ServerName, options: ServerOptions = {}): Promise<RunningServer> {
  const version = await installServer(name, options.log)
  const server = await launch(kinds[name], options)
  return new Running(server, version)
}

/** Starts a server that runs on when this process ends, until `stopBackgroundServer`. */
export async function startBackgroundServer(
  name: ServerName,
  options: ServerOptions = {}
): Promise<BackgroundServer> {
  const version = await installServer(name, options.log)
  const server = await launch(kinds[name], options, port => [recordFile(name, port)])
  const { pid, guardianPid, kind, place } = server
  if (pid === null) throw new Error(`${name} ended at once:\n${server.logTail()}`)
  const { port, dataDir } = place
  const running: BackgroundServer = { name, version, port, url: kind.url(port), pid, guardianPid, dataDir }
  await record(running)
  server.detach()
  return running
}

/** A start on free ports can lose them to another process at the last moment; then it is tried again on others. */
async function launch(
  kind: ServerKind,
  options: ServerOptions,
  alsoRemove: (port: number) => string[] = () => []
): Promise<SupervisedServer> {
  for (let attempt = 1; ; attempt++) {
    const server = await supervise(kind, options, alsoRemove)
    try {
      await server.start()
      return server
    } catch (error) {
      const portTaken = /address already in use/i.test(server.logTail())
      await server.close()
      if (!portTaken || options.port !== undefined || attempt === 3) throw error
    }
  }
}

async function supervise(
  kind: ServerKind,
  options: ServerOptions,
  alsoRemove: (port: number) => string[]
): Promise<SupervisedServer> {
  const free = await freePorts(kind.morePorts + 1)
  const [port = 0, ...morePorts] = options.port === undefined ? free : [options.port, ...free.slice(1)]
  const own = options.dataDir !== undefined || options.keepData === true
  const dataDir =
    options.dataDir === undefined
      ? await mkdtemp(join(tmpdir(), `millrace-${kind.name}-`))
      : resolve(options.dataDir)
  const place = { prefix: prefixOf(kind.name), dataDir, port, morePorts, args: options.args ?? [] }
  return await SupervisedServer.create(kind, place, {
    remove: [...alsoRemove(port), ...(own ? [] : [dataDir])],
    keepsData: own,
    stopSignal: kind.stopSignal ?? 'SIGTERM'
  })
}

/** Runs a Java server once, so that it writes its class archive at its end, from which all later starts gain. */
async function writeClassArchive(kind: ServerKind): Promise<void> {
  if (kind.runsOnJava !== true) return
  const server = await launch(kind, {})
  await server.close()
}

class Running implements RunningServer {
  readonly name: ServerName
  readonly version: string
  readonly #server: SupervisedServer

  constructor(server: SupervisedServer, version: string) {
    this.name = server.kind.name
    this.version = version
    this.#server = server
  }

  get port(): number {
    return this.#server.place.port
  }

  get url(): string {
    return this.#server.kind.url(this.port)
  }

  get pid(): number | null {
    return this.#server.pid
  }

  get dataDir(): string {
    return this.#server.place.dataDir
  }

  stop(): Promise<void> {
    return this.#server.close()
  }

  kill(): Promise<void> {
    return this.#server.end('SIGKILL')
  }

  async restart(args?: readonly string[]): Promise<void> {
    await this.#server.end('SIGTERM')
    if (args !== undefined) this.#server.place = { ...this.#server.place, args }
    await this.#server.start()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
