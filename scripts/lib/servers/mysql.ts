import { existsSync, readFileSync } from 'node:fs'
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pinned } from './catalogue.ts'
import { copyDebianLibraries, missingForDebian, unpackDebianPackages, unpackedProgram } from './debian.ts'
import type { ServerKind } from './kind.ts'
import { mavenDownload, missingForMaven } from './maven.ts'
import { greetsAsMysql } from './ports.ts'
import { findProgram, missingProgram, run } from './tools.ts'

/**
 * root has a password over TCP and none over the socket; cdc may read all and replicate. Run by --initialize, which does
 * not write to the binlog.
 */
const initialStatements = [
  "CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY 'root'",
  "GRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION",
  "CREATE USER 'cdc'@'%' IDENTIFIED BY 'cdc'",
  "GRANT SELECT, RELOAD, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'cdc'@'%'",
  'CREATE DATABASE test'
]

/** What differs between the MySQLs. */
interface Variant {
  readonly name: 'mysql80' | 'mysql' | 'mysql57'
  readonly source: string
  missingForInstall(): string | null
  unpack(prefix: string): Promise<void>
  program(prefix: string): string[]
  /** Folders below the prefix. */
  readonly base: string
  readonly share: string
  readonly options: readonly string[]
}

function fromJar(name: 'mysql80' | 'mysql57', artifact: string, options: readonly string[]): Variant {
  return {
    name,
    source: artifact,
    missingForInstall: () =>
      missingForMaven() ?? missingForDebian() ?? missingProgram({ tar: 'to unpack the server' }),
    unpack: prefix => unpackServerJar(prefix, artifact),
    program: prefix => ['/usr/bin/env', `LD_LIBRARY_PATH=${join(prefix, 'lib')}`, join(prefix, 'bin/mysqld')],
    base: '.',
    share: 'share',
    options
  }
}

/** The jars hold a trimmed binary distribution, which needs two libraries that a bare system lacks. */
async function unpackServerJar(prefix: string, artifact: string): Promise<void> {
  const archive = 'mysql-Linux-amd64.tar.gz'
  await mavenDownload(prefix, [artifact], { alone: true, unpack: archive })
  await run(['tar', '-xzf', join(prefix, archive), '-C', prefix])
  await rm(join(prefix, archive))
  await mkdir(join(prefix, 'lib'), { recursive: true })
  await copyDebianLibraries(join(prefix, 'lib'), pinned.oldLibrariesSuite, ['libaio1', 'libnuma1'])
}

const debianPackages: Variant = {
  name: 'mysql',
  source: `mysql-server-core of Debian ${pinned.mysqlSuite}`,
  missingForInstall: missingForDebian,
  unpack: prefix =>
    unpackDebianPackages(prefix, pinned.mysqlSuite, ['mysql-server-core', 'mysql-client-core']),
  program: prefix => unpackedProgram(prefix, 'mysqld'),
  base: 'usr',
  share: 'usr/share/mysql',
  options: ['--log-replica-updates=ON', '--binlog-row-metadata=FULL', '--loose-mysqlx=0']
}

function mysqlKind(variant: Variant): ServerKind {
  const { name } = variant
  return {
    name,
    recipe: () => `${variant.source}; data folder 1: ${initialStatements.join('; ')}`,
    missingForInstall: variant.missingForInstall,
    missingForRun: () => null,
    morePorts: 0,
    logFile: 'error.log',
    url: port => `mysql://root:root@127.0.0.1:${port}`,

    async install(prefix) {
      await variant.unpack(prefix)
      await initialize(variant, prefix)
      const banner = await run([...variant.program(prefix), '--no-defaults', '--version'])
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

    command: place => [
      ...variant.program(place.prefix),
      ...commonOptions(variant, place.prefix, place.dataDir),
      `--port=${place.port}`,
      '--bind-address=127.0.0.1',
      '--skip-name-resolve',
      `--pid-file=${pidFile(place.dataDir)}`,
      // Relative to the data folder: an address of over 107 characters would be refused.
      '--socket=mysqld.sock',
      '--server-id=1',
      '--log-bin=binlog',
      '--binlog-format=ROW',
      '--binlog-row-image=FULL',
      '--gtid-mode=ON',
      '--enforce-gtid-consistency=ON',
      // Safe when the server is killed, not when the machine is; that saves two fsyncs a transaction.
      '--innodb-flush-log-at-trx-commit=2',
      '--sync-binlog=0',
      '--max-allowed-packet=256M',
      ...variant.options,
      ...place.args
    ],

    // The port accepts connections before the pid file is there, which is written when the server is ready.
    answers: async place =>
      existsSync(pidFile(place.dataDir)) &&
      readFileSync(pidFile(place.dataDir), 'utf8') !== '' &&
      (await greetsAsMysql(place.port)),

    client: mysqlClient
  }
}

function pidFile(dataDir: string): string {
  return join(dataDir, 'mysqld.pid')
}

function commonOptions(variant: Variant, prefix: string, dataDir: string): string[] {
  const share = join(prefix, variant.share)
  return [
    '--no-defaults', // must come first
    `--basedir=${join(prefix, variant.base)}`,
    `--datadir=${join(dataDir, 'db')}`,
    `--lc-messages-dir=${share}`,
    `--character-sets-dir=${join(share, 'charsets')}`,
    ...(variant === debianPackages ? [`--plugin-dir=${join(prefix, 'usr/lib/mysql/plugin')}`] : []),
    `--tmpdir=${join(dataDir, 'tmp')}`,
    `--log-error=${join(dataDir, 'error.log')}`,
    '--innodb-buffer-pool-size=256M',
    '--secure-file-priv=NULL',
    ...(process.getuid?.() === 0 ? ['--user=root'] : []) // mysqld refuses to run as root unless told
  ]
}

/** Makes the data folder that every new server starts from: initialising takes seconds, a copy a fraction of one. */
async function initialize(variant: Variant, prefix: string): Promise<void> {
  const template = join(prefix, 'template')
  const statements = join(template, 'init.sql')
  await mkdir(join(template, 'tmp'), { recursive: true })
  await writeFile(statements, initialStatements.map(statement => `${statement};\n`).join(''))
  const options = commonOptions(variant, prefix, template)
  try {
    await run([...variant.program(prefix), ...options, '--initialize-insecure', `--init-file=${statements}`])
  } catch (error) {
    const log = readFileSync(join(template, 'error.log'), 'utf8')
    throw new Error(`mysqld --initialize failed:\n${log}`, { cause: error })
  }
  await rm(join(template, 'db/auto.cnf')) // the server's UUID: each copy gets its own
}

/** The client is on the machine, or comes with the kind `mysql`. */
async function mysqlClient(prefix: string, port: number, args: readonly string[]): Promise<string[]> {
  const ours = join(prefix, '../mysql')
  const onPath = findProgram('mysql') ?? findProgram('mariadb')
  const program = existsSync(join(ours, 'usr/bin/mysql'))
    ? unpackedProgram(ours, 'mysql')
    : onPath && [onPath]
  if (!program) throw new Error('no mysql client on PATH; `scripts/servers install mysql` brings one')
  const plugins = join(ours, 'usr/lib/mysql/plugin')
  const options = ['--no-defaults', ...(program[0] === onPath ? [] : [`--plugin-dir=${plugins}`])]
  return [
    '/usr/bin/env',
    'MYSQL_PWD=root',
    ...program,
    ...options,
    '-h127.0.0.1',
    `-P${port}`,
    '-uroot',
    ...args
  ]
}

export const mysql80 = mysqlKind(
  fromJar('mysql80', pinned.mysql80, [
    '--log-slave-updates=ON',
    '--binlog-row-metadata=FULL',
    '--loose-mysqlx=0'
  ])
)
/** 5.7 has no binlog-row-metadata: its log carries no column names. */
export const mysql57 = mysqlKind(fromJar('mysql57', pinned.mysql57, ['--log-slave-updates=ON']))
export const mysql = mysqlKind(debianPackages)
