import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import pg from 'pg'
import {
  kinds,
  type RunningServer,
  type ServerName,
  serverAvailability,
  serverNames,
  startServer
} from '../../scripts/lib/servers/index.ts'
import { prefixOf } from '../../scripts/lib/servers/install.ts'
import { freePorts, isFree } from '../../scripts/lib/servers/ports.ts'
import { samples } from '../support/rounds.ts'

const library = new URL('../../scripts/lib/servers/index.ts', import.meta.url).href
const command = fileURLToPath(new URL('../../scripts/servers', import.meta.url))

/** What a server keeps in these tests: one value that is written and read back through its own protocol. */
interface Memory {
  write(url: string, value: string): Promise<void>
  read(url: string): Promise<string>
}

async function query(url: string, ...statements: string[]): Promise<RowDataPacket[]> {
  const connection = await createConnection(url)
  try {
    let rows: RowDataPacket[] = []
    for (const statement of statements) [rows] = await connection.query<RowDataPacket[]>(statement)
    return rows
  } finally {
    await connection.end()
  }
}

const mysqlMemory: Memory = {
  async write(url, value) {
    await query(url, 'CREATE TABLE test.memory (value TEXT)', `INSERT INTO test.memory VALUES ('${value}')`)
  },
  async read(url) {
    const [row] = await query(url, 'SELECT value FROM test.memory')
    return String(row?.value)
  }
}

async function postgresQuery(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(`${url}/test`)
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

/** Runs Kafka's own topic tool. */
async function kafkaTopics(url: string, ...args: string[]): Promise<string> {
  const port = Number(new URL(url).port)
  const [program = '', ...rest] =
    (await kinds.kafka.client?.(prefixOf('kafka'), port, ['topics', ...args])) ?? []
  return execFileSync(program, rest, { encoding: 'utf8' }).trim()
}

const documentMemory: Memory = {
  async write(url, value) {
    const response = await fetch(`${url}/memory/_doc/1?wait_for_active_shards=1`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ value })
    })
    assert.equal(response.status, 201)
  },
  async read(url) {
    const response = await fetch(`${url}/memory/_doc/1`)
    const document = (await response.json()) as { _source: { value: string } }
    return document._source.value
  }
}

const memories: Record<ServerName, Memory> = {
  mysql80: mysqlMemory,
  mysql: mysqlMemory,
  mysql57: mysqlMemory,
  mariadb: mysqlMemory,
  postgres: {
    async write(url, value) {
      await postgresQuery(url, 'CREATE TABLE memory (value text)')
      await postgresQuery(url, `INSERT INTO memory VALUES ('${value}')`)
    },
    read: async url => String((await postgresQuery(url, 'SELECT value FROM memory'))[0]?.value)
  },
  kafka: {
    async write(url, value) {
      await kafkaTopics(url, '--create', '--topic', value)
    },
    read: url => kafkaTopics(url, '--list')
  },
  elasticsearch: documentMemory,
  opensearch: documentMemory
}

function isRunning(pid: number): boolean {
  try {
    // A process that has ended and waits to be collected (Z) does not run.
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000
  while (!(await holds())) {
    assert.ok(Date.now() < deadline, `not within two minutes: ${what}`)
    await delay(20)
  }
}

async function leavesNothing(server: { pid: number; dataDir: string; port: number }): Promise<void> {
  await eventually('the process ends', () => !isRunning(server.pid))
  await eventually('the temporary data are removed', () => !existsSync(server.dataDir))
  await eventually('the port is free', () => isFree(server.port))
}

/** Starts a server in a process of its own, in a session of its own as a terminal would give it. */
async function startElsewhere(
  name: ServerName
): Promise<{ starter: ChildProcess; server: RunningServer & { pid: number } }> {
  const program = `
    import { startServer } from '${library}'
    const { port, pid, dataDir } = await startServer('${name}')
    console.log(JSON.stringify({ port, pid, dataDir }))
    process.stdin.resume().on('close', () => process.exit())`
  const starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'] // it ends with this process, too
  })
  const [line] = (await Promise.race([once(starter.stdout, 'data'), once(starter, 'exit')])) as [unknown]
  assert.ok(Buffer.isBuffer(line), 'the server did not start')
  return { starter, server: JSON.parse(line.toString()) }
}

/** One that runs as it is, one in a namespace of its own, and those in Java: the others are like one of them. */
const LOOKED_AT = samples(serverNames, ['mysql80', 'postgres', 'elasticsearch', 'kafka'])

for (const name of LOOKED_AT) {
  const memory = memories[name]
  const skip = serverAvailability(name) ?? false

  describe(name, { skip, timeout: 300_000 }, () => {
    test('answers, survives SIGKILL with its data and its port, and leaves nothing when stopped', async () => {
      const server = await startServer(name)
      const { port, dataDir, pid } = server
      try {
        await memory.write(server.url, 'kept')
        await server.kill()
        assert.equal(server.pid, null)
        assert.ok(pid !== null && !isRunning(pid))
        await server.restart()
        assert.equal(server.port, port)
        assert.notEqual(server.pid, pid)
        assert.equal(await memory.read(server.url), 'kept')
      } finally {
        const last = server.pid
        await server.stop()
        if (last !== null) await leavesNothing({ pid: last, dataDir, port })
      }
    })

    test('leaves nothing when the process that started it is killed', async () => {
      const { starter, server } = await startElsewhere(name)
      assert.ok(isRunning(server.pid))
      starter.kill('SIGKILL')
      await leavesNothing(server)
    })
  })
}

describe('servers', { skip: serverAvailability('mysql80') ?? false, timeout: 300_000 }, () => {
  test('Ctrl-C in the terminal of the starter does not reach a server before its starter ends', async () => {
    const { starter, server } = await startElsewhere('mysql80')
    assert.ok(starter.pid !== undefined)
    const [, group, session] =
      /\) \S \d+ (\d+) (\d+)/.exec(readFileSync(`/proc/${server.pid}/stat`, 'utf8')) ?? []
    assert.notEqual(Number(group), starter.pid)
    assert.notEqual(Number(session), starter.pid)
    process.kill(-starter.pid, 'SIGINT')
    await leavesNothing(server)
  })

  test('a server does not outlive its guardian', async () => {
    const { starter, server } = await startElsewhere('mysql80')
    const guardian = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${server.pid}/stat`, 'utf8'))?.[1])
    process.kill(guardian, 'SIGKILL')
    await eventually('the server ends', () => !isRunning(server.pid))
    starter.kill('SIGKILL')
    await rm(server.dataDir, { recursive: true })
  })

  test('options given override ours, and a restart may give others', async () => {
    await using server = await startServer('mysql80', {
      args: ['--gtid-mode=OFF', '--binlog-format=STATEMENT']
    })
    const variables = 'SELECT @@gtid_mode gtid, @@binlog_format format, @@log_bin log'
    assert.deepEqual(await query(server.url, variables), [{ gtid: 'OFF', format: 'STATEMENT', log: 1 }])
    await server.restart(['--skip-log-bin'])
    assert.deepEqual(await query(server.url, variables), [{ gtid: 'ON', format: 'ROW', log: 0 }])
  })

  test('a server that refuses to start says why', async () => {
    await assert.rejects(
      startServer('mysql80', { args: ['--no-such-option'] }),
      /unknown option '--no-such-option'/
    )
  })

  test('two servers share nothing, and a port that is taken is named in the error', async () => {
    const [one, two] = await Promise.all([startServer('mysql80'), startServer('mysql80')])
    try {
      assert.notEqual(one.port, two.port)
      assert.notEqual(one.dataDir, two.dataDir)
      const uuid = 'SELECT @@server_uuid uuid'
      assert.notDeepEqual(await query(one.url, uuid), await query(two.url, uuid))
      await assert.rejects(startServer('mysql80', { port: one.port }), /address already in use/i)
      const ofCdc = await query(one.url.replace('root:root', 'cdc:cdc'), 'SHOW MASTER STATUS')
      assert.equal(ofCdc[0]?.File, 'binlog.000001', 'the user cdc may follow the binlog')
    } finally {
      await Promise.all([one.kill(), two.kill()])
      await Promise.all([one.stop(), two.stop()])
    }
  })

  test('a data folder that was given is kept, and taken up again', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'millrace-kept-'))
    try {
      const first = await startServer('mysql80', { dataDir })
      await mysqlMemory.write(first.url, 'kept')
      await first.stop()
      const second = await startServer('mysql80', { dataDir })
      assert.equal(await mysqlMemory.read(second.url), 'kept')
      await second.stop()
    } finally {
      await rm(dataDir, { recursive: true })
    }
  })

  test('scripts/servers start returns, and the server runs until scripts/servers stop', async () => {
    const servers = (...args: string[]) => execFileSync(command, args, { encoding: 'utf8' })
    const [port = 0] = await freePorts(1)
    const line = servers('start', 'mysql80', '--port', String(port))
    const [, pid, dataDir = ''] = /pid=(\d+) data=(.*)/.exec(line) ?? []
    try {
      assert.ok(servers('status').includes(line))
      assert.equal((await query(`mysql://root:root@127.0.0.1:${port}`, 'SELECT 1 one'))[0]?.one, 1)
    } finally {
      servers('stop', 'mysql80', String(port))
    }
    await leavesNothing({ pid: Number(pid), dataDir, port })
    assert.ok(!servers('status').includes(line))
  })
})

test('a wrong command line is a usage error', () => {
  for (const args of [[], ['start'], ['start', 'oracle'], ['start', 'mysql80', '--port', 'x'], ['begin']]) {
    assert.throws(() => execFileSync(command, args, { stdio: 'pipe' }), { status: 2 })
  }
})
