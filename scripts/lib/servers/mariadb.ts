import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pinned } from './catalogue.ts'
import { missingForDebian, unpackDebianPackages, unpackedProgram } from './debian.ts'
import type { ServerKind } from './kind.ts'
import { greetsAsMysql } from './ports.ts'
import { feed, run } from './tools.ts'

/** The same users as MySQL's. */
const initialStatements = `
FLUSH PRIVILEGES;
CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY 'root';
GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;
CREATE USER 'cdc'@'%' IDENTIFIED BY 'cdc';
GRANT SELECT, RELOAD, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT, BINLOG MONITOR ON *.* TO 'cdc'@'%';
CREATE DATABASE test;
`

export const mariadb: ServerKind = {
  name: 'mariadb',
  recipe: () => `mariadb-server-core of Debian ${pinned.mariadbSuite}; data folder 1: ${initialStatements}`,
  missingForInstall: missingForDebian,
  missingForRun: () => null,
  morePorts: 0,
  logFile: 'error.log',
  url: port => `mysql://root:root@127.0.0.1:${port}`,

  async install(prefix) {
    await unpackDebianPackages(prefix, pinned.mariadbSuite, ['mariadb-server-core', 'mariadb-client-core'])
    await initialize(prefix)
    const banner = await run([...unpackedProgram(prefix, 'mariadbd'), '--no-defaults', '--version'])
    return /Ver (\d+(?:\.\d+)+)/.exec(banner)?.[1] ?? 'unknown'
  },

  async prepare({ prefix, dataDir }) {
    await mkdir(join(dataDir, 'tmp'), { recursive: true })
    await rm(pidFile(dataDir), { force: true }) // of a server that was killed
    const data = join(dataDir, 'db')
    if (existsSync(data)) return
    const copy = `${data}.new` // a copy that was cut off is not taken for a data folder
    await rm(copy, { recursive: true, force: true })
    await cp(join(prefix, 'template/db'), copy, { recursive: true })
    await rename(copy, data)
  },

  command: ({ prefix, dataDir, port, args }) => [
    ...unpackedProgram(prefix, 'mariadbd'),
    ...commonOptions(prefix, dataDir),
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    `--pid-file=${pidFile(dataDir)}`,
    `--log-error=${join(dataDir, 'error.log')}`,
    // Relative to the data folder: an address of over 107 characters would be refused.
    '--socket=mysqld.sock',
    '--server-id=1',
    '--log-bin=binlog',
    '--binlog-format=ROW',
    '--binlog-row-image=FULL',
    '--binlog-row-metadata=FULL',
    '--gtid-strict-mode=ON',
    '--log-slave-updates=ON',
    // Safe when the server is killed, not when the machine is.
    '--innodb-flush-log-at-trx-commit=2',
    '--sync-binlog=0',
    '--max-allowed-packet=256M',
    ...args
  ],

  answers: async ({ dataDir, port }) =>
    existsSync(pidFile(dataDir)) &&
    readFileSync(pidFile(dataDir), 'utf8') !== '' &&
    (await greetsAsMysql(port)),

  client: async (prefix, port, args) => [
    '/usr/bin/env',
    'MYSQL_PWD=root',
    ...unpackedProgram(prefix, 'mariadb'),
    '--no-defaults',
    '-h127.0.0.1',
    `-P${port}`,
    '-uroot',
    ...args
  ]
}

function pidFile(dataDir: string): string {
  return join(dataDir, 'mariadbd.pid')
}

function shareFolder(prefix: string): string {
  const folders = ['usr/share/mysql', 'usr/share/mariadb'].map(path => join(prefix, path)) // renamed with 11
  const share = folders.find(path => existsSync(join(path, 'charsets')))
  if (share === undefined) throw new Error(`no charsets in ${folders.join(' or ')}`)
  return share
}

function commonOptions(prefix: string, dataDir: string): string[] {
  const share = shareFolder(prefix)
  return [
    '--no-defaults', // must come first
    `--basedir=${join(prefix, 'usr')}`,
    `--datadir=${join(dataDir, 'db')}`,
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, 'charsets')}`,
    `--plugin-dir=${join(prefix, 'usr/lib/mysql/plugin')}`,
    `--tmpdir=${join(dataDir, 'tmp')}`,
    '--innodb-buffer-pool-size=256M',
    ...(process.getuid?.() === 0 ? ['--user=root'] : [])
  ]
}

/**
 * Makes the data folder that every new server starts from, as mariadb-install-db does, which is not in the core package:
 * the scripts for the system tables in its order, with the two variables that it sets.
 */
async function initialize(prefix: string): Promise<void> {
  const template = join(prefix, 'template')
  await mkdir(join(template, 'db'), { recursive: true })
  await mkdir(join(template, 'tmp'))
  const share = shareFolder(prefix)
  const scripts = ['system_tables', 'performance_tables', 'system_tables_data', 'sys_schema']
  const statements = [
    'CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL, @skip_auth_anonymous=1;\n'
  ]
  for (const script of scripts) {
    const file = [`mariadb_${script}.sql`, `mysql_${script}.sql`]
      .map(name => join(share, name))
      .find(existsSync)
    if (file !== undefined) statements.push(await readFile(file, 'utf8'))
  }
  statements.push(initialStatements)
  const bootstrap = ['--bootstrap', '--skip-log-bin']
  const command = [...unpackedProgram(prefix, 'mariadbd'), ...commonOptions(prefix, template), ...bootstrap]
  await feed(command, statements.join('\n'))
}
