import { existsSync, readFileSync } from 'node:fs'
import { chmod, cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { pinned } from './catalogue.ts'
import type { ServerKind } from './kind.ts'
import { mavenDownload, missingForMaven } from './maven.ts'
import { isFree } from './ports.ts'
import { feed, missingProgram, run, tiedToParent } from './tools.ts'

/** root may do all; cdc reads all tables. */
const initialStatements = `
CREATE ROLE cdc LOGIN PASSWORD 'cdc';
GRANT pg_read_all_data TO cdc;
CREATE DATABASE test;
`

export const postgres: ServerKind = {
  name: 'postgres',
  recipe: () => `${pinned.postgres}; data folder 1: ${initialStatements}`,
  missingForInstall: () =>
    missingForMaven() ?? missingProgram({ tar: 'to unpack the server', xz: 'to unpack the server' }),
  missingForRun: () => (isRoot() ? missingProgram({ unshare: 'to run PostgreSQL as root' }) : null),
  morePorts: 0,
  // SIGTERM would wait until the last client has left.
  stopSignal: 'SIGINT',
  url: port => `postgres://root:root@127.0.0.1:${port}`,

  async install(prefix) {
    const archive = 'postgres-linux-x86_64.txz'
    await mavenDownload(prefix, [pinned.postgres], { alone: true, unpack: archive })
    await run(['tar', '-xJf', join(prefix, archive), '-C', prefix])
    await rm(join(prefix, archive))
    await initialize(prefix)
    const banner = await run([program(prefix, 'postgres'), '--version'])
    return /(\d+(?:\.\d+)+)/.exec(banner)?.[1] ?? 'unknown'
  },

  async prepare({ prefix, dataDir }) {
    const data = join(dataDir, 'db')
    if (existsSync(data)) {
      await sharedMemoryIsFree(dataDir)
      await rm(pidFile(dataDir), { force: true }) // of a server that was killed
      return
    }
    const copy = `${data}.new` // a copy that was cut off is not taken for a data folder
    await rm(copy, { recursive: true, force: true })
    await mkdir(dataDir, { recursive: true })
    await cp(join(prefix, 'template'), copy, { recursive: true })
    await chmod(copy, 0o700) // it refuses one that others may read
    await rename(copy, data)
  },

  command: ({ prefix, dataDir, port, args }) =>
    asAnyUser([
      program(prefix, 'postgres'),
      '-D',
      join(dataDir, 'db'),
      `--port=${port}`,
      '--listen-addresses=127.0.0.1',
      '--unix-socket-directories=',
      // Safe when the server is killed, not when the machine is.
      '--fsync=off',
      ...args
    ]),

  // It takes connections before it is ready, and refuses them; the eighth line of the file tells.
  answers: async ({ dataDir, port }) =>
    existsSync(pidFile(dataDir)) &&
    readFileSync(pidFile(dataDir), 'utf8').split('\n')[7]?.trim() === 'ready' &&
    !(await isFree(port))
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** PostgreSQL refuses to run as root. In a user namespace that maps nobody, root and its files look like another user's. */
function asAnyUser(command: readonly string[]): string[] {
  // The kernel may forget whose death ends a process when its namespace changes.
  return isRoot() ? ['unshare', '--user', ...tiedToParent(command)] : [...command]
}

function program(prefix: string, name: string): string {
  return join(prefix, 'bin', name)
}

/** Makes the data folder that every new server starts from. */
async function initialize(prefix: string): Promise<void> {
  const template = join(prefix, 'template')
  const password = join(prefix, 'password')
  await writeFile(password, 'root\n')
  const options = ['--username=root', `--pwfile=${password}`, '--auth=scram-sha-256', '--encoding=UTF8']
  const small = ['--no-locale', '--no-sync', '--wal-segsize=1']
  await run(asAnyUser([program(prefix, 'initdb'), '-D', template, ...options, ...small]))
  await rm(password)
  await feed(
    asAnyUser([program(prefix, 'postgres'), '--single', '-D', template, 'postgres']),
    initialStatements
  )
}

function pidFile(dataDir: string): string {
  return join(dataDir, 'db/postmaster.pid')
}

/** After a SIGKILL the server's other processes end by themselves, but only soon; no other server may start before. */
async function sharedMemoryIsFree(dataDir: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (existsSync(pidFile(dataDir)) && Date.now() < deadline) {
    const id = readFileSync(pidFile(dataDir), 'utf8').split('\n')[6]?.trim().split(/\s+/)[1]
    const segments = readFileSync('/proc/sysvipc/shm', 'utf8').split('\n')
    const attached = segments.map(line => line.trim().split(/\s+/)).find(([, shmid]) => shmid === id)?.[6]
    if (attached === undefined || attached === '0') return
    await delay(20)
  }
}
