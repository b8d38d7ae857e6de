import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { toolNames } from '../cli/tools.ts'
import { type BorrowedServer, borrowServer } from '../support/borrowed.ts'
import { allDocuments } from '../support/elastic.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const root = resolve(import.meta.dirname, '../..')
const example = join(root, 'examples/kafka')
const UNITS = ['cdc-tail', 'enrich@1', 'enrich@2', 'es-sink@1', 'alert-eval'].map(name => `millrace-${name}`)
const FAILED = 25
const PATIENCE_MS = 120_000

/** Tools as they are called once they are installed. */
function installed(folder: string): string {
  mkdirSync(folder)
  for (const tool of toolNames) symlinkSync(join(root, 'bin', `${tool}.js`), join(folder, tool))
  return folder
}

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0

describe('the units of examples/kafka', { skip: !hasSystemd && 'systemd-analyze is not there' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-units-'))
  const analyze = (...args: string[]): { status: number | null; text: string } => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8' })
    return { status, text: stdout + stderr }
  }

  before(() => {
    cpSync(join(example, 'systemd'), folder, { recursive: true })
    const bin = installed(join(folder, 'bin'))
    for (const name of readdirSync(folder).filter(name => name.endsWith('.service'))) {
      const unit = join(folder, name)
      writeFileSync(unit, readFileSync(unit, 'utf8').replace(/^ExecStart=/m, `ExecStart=${bin}/`))
    }
  })

  after(() => rmSync(folder, { recursive: true }))

  test('systemd takes them, without a warning', () => {
    const units = UNITS.map(unit => join(folder, `${unit}.service`))
    assert.deepEqual(analyze('verify', '--man=no', join(folder, 'millrace.target'), ...units), {
      status: 0,
      text: ''
    })
  })

  test('all of them are hardened', () => {
    for (const unit of UNITS) {
      // systemd-analyze takes no instance of a template without a file of its name.
      const path = join(folder, `${unit}.service`)
      if (unit.includes('@')) cpSync(join(folder, `${unit.replace(/@.*/, '@')}.service`), path)
      const { status, text } = analyze('security', '--offline=true', '--threshold=15', '--no-pager', path)
      assert.equal(status, 0, text)
    }
  })
})

test('the units that the target wants are those that pipeline.sh runs', () => {
  const target = readFileSync(join(example, 'systemd/millrace.target'), 'utf8')
  const wanted = [...target.matchAll(/([\w@-]+)\.service/g)].map(([, unit]) => unit)
  assert.deepEqual(wanted.sort(), UNITS.toSorted())
  const [, run = ''] = /^units=\((.*)\)$/m.exec(readFileSync(join(example, 'pipeline.sh'), 'utf8')) ?? []
  assert.deepEqual(run.split(' ').sort(), UNITS.toSorted())
})

const missing = unavailable('mysql80', 'kafka', 'elasticsearch') || kcatMissing() || false

describe('the commands of the units, run by pipeline.sh', { skip: missing }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-example-'))
  let mysql: RunningServer
  let kafka: RunningServer
  let elastic: BorrowedServer
  let connection: Connection
  let running: { child: ChildProcess; stderr: Buffer[] } | null = null
  let nextId = 1

  before(async () => {
    ;[mysql, kafka, elastic] = await Promise.all([
      startServer('mysql80'),
      startServer('kafka'),
      borrowServer('elasticsearch')
    ])
    connection = await createConnection({ uri: mysql.url, multipleStatements: true, timezone: 'Z' })
    await connection.query(
      `CREATE DATABASE dream; USE dream; CREATE TABLE payments (id INT PRIMARY KEY, gateway VARCHAR(20) NOT NULL,
         amount DECIMAL(10,2) NOT NULL, status ENUM('PENDING', 'SUCCESS', 'FAILED') NOT NULL, updated_at TIMESTAMP(3) NOT NULL)`
    )
    // The file of the example, with these servers.
    const servers: Record<string, string> = {
      MYSQL_URL: cdcUrl(mysql, 'dream'),
      KAFKA_URL: kafka.url,
      ELASTIC_URL: elastic.url
    }
    const variables = readFileSync(join(example, 'pipeline.env'), 'utf8').replace(
      /^(\w+)=(.*)$/gm,
      (line, name: string) => (servers[name] === undefined ? line : `${name}=${servers[name]}`)
    )
    writeFileSync(join(folder, 'pipeline.env'), variables)
    installed(join(folder, 'bin'))
  })

  after(async () => {
    running?.child.kill('SIGTERM')
    await connection?.end()
    await Promise.all([mysql?.stop(), kafka?.stop(), elastic?.stop()])
    rmSync(folder, { recursive: true })
  })

  function start(): void {
    const PATH = [join(folder, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter)
    const child = spawn(join(example, 'pipeline.sh'), [join(folder, 'pipeline.env'), join(folder, 'state')], {
      stdio: ['ignore', 'inherit', 'pipe'],
      env: { ...process.env, PATH }
    })
    const stderr: Buffer[] = []
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
    running = { child, stderr }
  }

  async function stop(): Promise<void> {
    const { child, stderr } = running as NonNullable<typeof running>
    child.kill('SIGTERM')
    const [code] = child.exitCode === null ? await once(child, 'close') : [child.exitCode]
    running = null
    assert.equal(code, 0, Buffer.concat(stderr).toString())
  }

  async function pay(count: number, status: string): Promise<void> {
    const from = nextId
    nextId += count
    const rows = Array.from({ length: count }, (_, i) => [from + i, `g${(from + i) % 2}`, '12.50', 'PENDING'])
    await connection.query('INSERT INTO payments (id, gateway, amount, status, updated_at) VALUES ?', [
      rows.map(row => [...row, new Date()])
    ])
    await connection.query(
      `UPDATE payments SET status = '${status}', updated_at = NOW(3) WHERE id >= ${from} AND id % 10 <> 0`
    )
    await connection.query(`DELETE FROM payments WHERE id >= ${from} AND id % 10 = 9`)
  }

  async function settled(): Promise<unknown[]> {
    const [rows] = await connection.query<RowDataPacket[]>(
      "SELECT id, gateway, amount, status = 'SUCCESS' AS paid, updated_at FROM payments WHERE status <> 'PENDING' ORDER BY id"
    )
    return rows.map(row => ({
      ...row,
      paid: row.paid === 1,
      updated_at: (row.updated_at as Date).toISOString()
    }))
  }

  /** Waits until the index holds what the table does. */
  async function inStep(): Promise<void> {
    const expected = await settled()
    const deadline = Date.now() + PATIENCE_MS
    for (;;) {
      const found = await documents()
      try {
        assert.deepEqual(found, expected)
        return
      } catch (error) {
        if (Date.now() > deadline) throw error
      }
      await sleep(300)
    }
  }

  async function documents(): Promise<unknown[]> {
    const found = await allDocuments(elastic.url, 'settled-payments').catch(() => new Map())
    return [...found.values()].sort((a, b) => (a.id as number) - (b.id as number))
  }

  test('the index follows the table, also through a stop, and alerts come to their topic', async () => {
    await pay(40, 'SUCCESS')
    start()
    await inStep()
    await pay(2 * FAILED + 10, 'FAILED')
    await inStep()
    await stop()
    await pay(30, 'SUCCESS')
    start()
    await inStep()
    await stop()
    const alerts = (await readTopic(`127.0.0.1:${kafka.port}`, 'alerts')).map(({ key }) => key)
    assert.deepEqual(
      alerts.sort(),
      ['g0', 'g1'].map(gateway => `{"rule":"payment gateway failing","key":"${gateway}"}`)
    )
    const states = readdirSync(join(folder, 'state')).map(path => basename(path))
    assert.deepEqual(states.sort(), UNITS.toSorted())
  })

  test('the commands of millrace-scaling(7) that count by another key than the topic has', async () => {
    const page = readFileSync(join(root, 'man/millrace-scaling.7'), 'utf8')
    const plain = page.replaceAll('\\-', '-').replaceAll('\\(aq', "'").replaceAll('\\e\n', '')
    const [, section = ''] = /^\.SH SHARED STATE\n(.*?)^\.SH/ms.exec(plain) ?? []
    const commands = section.split('\n').filter(line => line.startsWith('enrich '))
    assert.equal(commands.length, 2)
    writeFileSync(
      join(folder, 'joins-per-minute.sql'),
      `SELECT window_end, contest_id, COUNT(*) AS joins
       FROM TABLE(TUMBLE(TABLE joins, DESCRIPTOR(created_at), INTERVAL '1' MINUTE))
       GROUP BY window_start, window_end, contest_id`
    )
    await connection.query(
      'CREATE DATABASE scaling; CREATE TABLE scaling.joins (id INT PRIMARY KEY, contest_id INT, amount INT, created_at DATETIME(3))'
    )
    const rows = Array.from({ length: 300 }, (_, i) => [i, i % 7, i, new Date(1_795_514_430_000 + i * 200)])
    await connection.query('INSERT INTO scaling.joins VALUES ?', [rows])
    const run = (command: string): void => {
      const text = command.replaceAll('kafka://broker', kafka.url)
      const { status, stderr } = spawnSync(
        'bash',
        ['-c', `PATH=$1:$PATH; ${text} --topic-partitions 3`, '', join(folder, 'bin')],
        {
          cwd: folder,
          encoding: 'utf8'
        }
      )
      assert.equal(status, 0, stderr)
    }
    run(`cdc-tail ${cdcUrl(mysql, 'scaling')} --stop-at now --out kafka://broker/joins`)
    for (const command of commands) run(`${command} --stop-at now`)
    const broker = `127.0.0.1:${kafka.port}`
    const partitions = new Set(
      (await readTopic(broker, 'joins-by-contest')).map(({ partition }) => partition)
    )
    assert.ok(partitions.size > 1)
    const counted = (await readTopic(broker, 'joins-per-minute')).map(({ payload }) => payload).sort()
    // They begin half a minute before the end of a window, and the last one is a minute younger.
    const expected = Map.groupBy(rows, ([, contest, , at]) => {
      const end = new Date((Math.floor((at as Date).getTime() / 60_000) + 1) * 60_000)
      return `{"window_end":"${end.toISOString().slice(0, 23)}","contest_id":${contest},"joins":`
    })
    assert.equal(expected.size, 14)
    assert.deepEqual(counted, [...expected].map(([text, group]) => `${text}${group.length}}`).sort())
  })
})
