import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type BackgroundServer,
  backgroundServers,
  installServer,
  isServerName,
  kinds,
  type ServerName,
  serverAvailability,
  serverNames,
  startBackgroundServer,
  stopBackgroundServer
} from './index.ts'
import { cacheFolder, prefixOf } from './install.ts'

const usage = `usage: scripts/servers install [NAME…]
       scripts/servers start NAME [--port PORT] [--data DIR] [-- OPTION…]
       scripts/servers stop [NAME [PORT]]
       scripts/servers status
       scripts/servers client NAME [PORT] [-- ARGUMENT…]

NAME    ${serverNames.join(' | ')}
OPTION  overrides ours: options of mysqld, mariadbd or postgres; settings of
        Elasticsearch or lines of Kafka's server.properties, as key=value
DIR     keeps the data; without it they are temporary

Real servers on 127.0.0.1 for demo and tests, without Docker and root. They are
installed once below ${cacheFolder()}
and run until "stop". MySQLs have the users root/root and cdc/cdc (replication),
PostgreSQL root/root and cdc/cdc (reads all).
`

class UsageError extends Error {}

const log = (message: string) => process.stderr.write(`servers: ${message}\n`)
const print = (line: string) => process.stdout.write(`${line}\n`)

function serverName(name: string | undefined): ServerName {
  if (name === undefined) throw new UsageError('NAME is missing')
  if (!isServerName(name))
    throw new UsageError(`unknown server '${name}'; there are ${serverNames.join(', ')}`)
  return name
}

function portNumber(text: string): number {
  const port = Number(text)
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new UsageError(`'${text}' is not a port`)
  return port
}

function describe(server: BackgroundServer): string {
  return `${server.name} ${server.version} ${server.url} pid=${server.pid} data=${server.dataDir}`
}

/** The servers in the background that a name and a port choose; all without either. */
async function chosen(name: string | undefined, port: string | undefined): Promise<BackgroundServer[]> {
  const wanted = name === undefined ? undefined : serverName(name)
  const wantedPort = port === undefined ? undefined : portNumber(port)
  const all = await backgroundServers()
  return all.filter(
    server =>
      (wanted === undefined || server.name === wanted) &&
      (wantedPort === undefined || server.port === wantedPort)
  )
}

async function install(names: readonly string[]): Promise<void> {
  const all = names.length === 0 ? serverNames.filter(name => serverAvailability(name) === null) : names
  for (const name of all.map(serverName)) print(`${name} ${await installServer(name, log)} ${prefixOf(name)}`)
}

async function stop(name?: string, port?: string): Promise<void> {
  for (const server of await chosen(name, port)) {
    await stopBackgroundServer(server)
    print(`stopped ${describe(server)}`)
  }
}

async function status(): Promise<void> {
  for (const server of await backgroundServers()) print(describe(server))
  for (const name of serverNames) {
    const reason = serverAvailability(name)
    if (reason !== null) print(`${name} cannot be had here: ${reason}`)
  }
}

async function client(
  name: string | undefined,
  port: string | undefined,
  args: readonly string[]
): Promise<number> {
  const kind = kinds[serverName(name)]
  const [server, another] = await chosen(name, port)
  if (server === undefined) throw new Error(`no ${name} runs; start one with: scripts/servers start ${name}`)
  if (another !== undefined) throw new Error(`more than one ${name} runs: name the port`)
  if (kind.client === undefined) throw new Error(`${name} has no client of its own: use curl ${server.url}`)
  const [program = '', ...rest] = await kind.client(prefixOf(kind.name), server.port, args)
  return spawnSync(program, rest, { stdio: 'inherit' }).status ?? 1
}

async function main(argv: readonly string[]): Promise<number> {
  const end = argv.indexOf('--')
  const ours = end < 0 ? argv : argv.slice(0, end)
  const args = end < 0 ? [] : argv.slice(end + 1)
  const { positionals, values } = parseArgs({
    args: [...ours],
    allowPositionals: true,
    options: { port: { type: 'string' }, data: { type: 'string' }, help: { type: 'boolean', short: 'h' } }
  })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const [command, name, port] = positionals
  if (command === 'install') await install(positionals.slice(1))
  else if (command === 'stop') await stop(name, port)
  else if (command === 'status') await status()
  else if (command === 'client') return await client(name, port, args)
  else if (command === 'start') {
    const place = {
      ...(values.port === undefined ? {} : { port: portNumber(values.port) }),
      ...(values.data === undefined
        ? {}
        : { dataDir: resolve(process.env.MILLRACE_INVOKED_FROM ?? '', values.data) })
    }
    print(describe(await startBackgroundServer(serverName(name), { ...place, args, log })))
  } else throw new UsageError(command === undefined ? 'COMMAND is missing' : `unknown command '${command}'`)
  return 0
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Error)) throw error
  const isUsage =
    error instanceof UsageError || ('code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
  process.stderr.write(`servers: ${error.message}\n${isUsage ? 'servers: see scripts/servers --help\n' : ''}`)
  process.exitCode = isUsage ? 2 : 1
}
