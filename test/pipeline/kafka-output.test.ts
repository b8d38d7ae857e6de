import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { type KcatRecord, kcat, kcatMissing, readTopic } from '../../scripts/lib/peers/kcat.ts'
import { type ChangeEvent, killRunningTails, logEnd, RunningTail, tail } from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const skip = unavailable('mysql80', 'kafka') || kcatMissing() || false

describe('cdc-tail to Kafka, read by kcat', { skip }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-kafka-'))
  let mysql: RunningServer
  let kafka: RunningServer
  let connection: Connection
  let broker = ''
  let url = ''

  before(async () => {
    ;[mysql, kafka] = await Promise.all([
      startServer('mysql80'),
      startServer('kafka', { args: ['transaction.abort.timed.out.transaction.cleanup.interval.ms=100'] })
    ])
    broker = `127.0.0.1:${kafka.port}`
    url = cdcUrl(mysql, 'dream')
    connection = await createConnection({ uri: mysql.url, multipleStatements: true })
    await connection.query('CREATE DATABASE dream; USE dream')
  })

  after(async () => {
    killRunningTails()
    await connection?.end()
    await Promise.all([mysql?.stop(), kafka?.stop()])
    rmSync(directory, { recursive: true })
  })

  /** Runs cdc-tail over what the statements do, to its end. */
  async function tailOf(statements: string, ...args: string[]): Promise<void> {
    const start = await logEnd(connection)
    await connection.query(statements)
    const { status, stderr } = await tail(url, '--start', start, '--stop-at', 'now', ...args)
    assert.equal(status, 0, stderr)
  }

  const eventOf = ({ payload }: KcatRecord): ChangeEvent => JSON.parse(payload ?? '') as ChangeEvent

  test('topics, keys, values and tombstones are those of Debezium', async () => {
    await connection.query(
      'CREATE TABLE payments (id BIGINT PRIMARY KEY, status VARCHAR(20)); CREATE TABLE bare (a INT)'
    )
    await tailOf(
      `INSERT INTO payments VALUES (1, 'NEW'), (2, 'NEW'); UPDATE payments SET status = 'DONE' WHERE id = 1;
       DELETE FROM payments WHERE id = 2; UPDATE payments SET id = 10 WHERE id = 1; INSERT INTO bare VALUES (5)`,
      '--out',
      kafka.url,
      '--server-name',
      'shop'
    )
    const records = await readTopic(broker, 'shop.dream.payments')
    assert.deepEqual(
      records.map(record => [record.key, record.payload === null ? null : eventOf(record).op]),
      [
        ['{"id":1}', 'c'],
        ['{"id":2}', 'c'],
        ['{"id":1}', 'u'],
        ['{"id":2}', 'd'],
        ['{"id":2}', null],
        ['{"id":1}', 'd'],
        ['{"id":1}', null],
        ['{"id":10}', 'c']
      ]
    )
    const [, , update] = records
    assert.deepEqual(eventOf(update as KcatRecord).after, { id: 1, status: 'DONE' })
    const [bare] = await readTopic(broker, 'shop.dream.bare')
    assert.deepEqual([bare?.key, eventOf(bare as KcatRecord).after], [null, { a: 5 }])
  })

  test("keys are placed as by other clients with Java's partitioner", async () => {
    await connection.query('CREATE TABLE users (name VARCHAR(50) PRIMARY KEY)')
    const names = Array.from({ length: 200 }, (_, i) => `${'äb"c'.repeat(i % 5)}${i}`)
    await tailOf(
      `INSERT INTO users VALUES ${names.map(name => `('${name}')`).join(', ')}`,
      '--out',
      `${kafka.url}/users`,
      '--topic-partitions',
      '7'
    )
    const ours = await readTopic(broker, 'users')
    assert.equal(ours.length, names.length)
    assert.equal(new Set(ours.map(({ partition }) => partition)).size, 7)
    // A topic of as many partitions for the other client.
    await tailOf(
      "DELETE FROM users; INSERT INTO users VALUES ('x')",
      '--out',
      `${kafka.url}/others`,
      '--topic-partitions',
      '7'
    )
    const input = ours.map(({ key }) => `${key}\tother\n`).join('')
    await kcat(['-P', '-b', broker, '-t', 'others', '-K', '\t', '-X', 'partitioner=murmur2_random'], input)
    const placed = (await readTopic(broker, 'others')).filter(({ payload }) => payload === 'other')
    const byKey = (records: readonly KcatRecord[]): Map<string | null, number> =>
      new Map(records.map(({ key, partition }) => [key, partition]))
    assert.deepEqual(new Map([...byKey(placed)].sort()), new Map([...byKey(ours)].sort()))
  })

  test('--headers tells the place in the log, of tombstones too', async () => {
    await connection.query('CREATE TABLE placed (id INT PRIMARY KEY, `Zoë "é` VARCHAR(20))')
    await tailOf(
      "INSERT INTO placed VALUES (1, 'a\"b'); DELETE FROM placed",
      '--out',
      `${kafka.url}/placed`,
      '--headers',
      'source.file,source.pos,source.gtid,op,after.Zoë "é'
    )
    const records = await readTopic(broker, 'placed')
    const [insert, deletion, tombstone] = records
    const placeOf = (record: KcatRecord | undefined): string[] => {
      const { file, pos, gtid } = eventOf(record as KcatRecord).source as ChangeEvent['source'] & {
        gtid: string
      }
      assert.match(gtid, /:\d+$/)
      return ['__source_file', file, '__source_pos', String(pos), '__source_gtid', gtid]
    }
    assert.deepEqual(insert?.headers, [...placeOf(insert), '__op', 'c', '__after_Zoë "é', 'a"b'])
    assert.deepEqual(deletion?.headers, [...placeOf(deletion), '__op', 'd'])
    assert.deepEqual([tombstone?.payload, tombstone?.headers], [null, deletion?.headers])
    const printed = await kcat(['-C', '-b', broker, '-t', 'placed', '-e', '-q', '-c', '1', '-f', '%h'])
    assert.match(printed, /^__source_file=[\w.]+,__source_pos=\d+,__source_gtid=[\w-]+:\d+,__op=c,/)
  })

  test('plain rows, definitions of tables and transactions', async () => {
    const out = ['--out', `${kafka.url}/flat.{source.table}`, '--server-name', 'flatshop', '--no-tombstones']
    await tailOf(
      "CREATE TABLE notes (id INT PRIMARY KEY, t TEXT); INSERT INTO notes VALUES (1, 'a'); DELETE FROM notes",
      ...out,
      '--flat',
      '--emit-ddl'
    )
    assert.deepEqual(
      (await readTopic(broker, 'flat.notes')).map(({ key, payload }) => [
        key,
        payload?.replace(/\d{13}/, 'ms')
      ]),
      [
        ['{"id":1}', '{"id":1,"t":"a","__op":"c","__deleted":"false","__ts_ms":ms}'],
        ['{"id":1}', '{"id":1,"t":"a","__op":"d","__deleted":"true","__ts_ms":ms}']
      ]
    )
    const [definition] = await readTopic(broker, 'flatshop')
    assert.equal(definition?.key, '{"databaseName":"dream"}')
    assert.match(definition?.payload ?? '', /"ddl":"CREATE TABLE notes/)
    await tailOf(
      "INSERT INTO notes VALUES (2, 'b'), (3, 'c')",
      '--out',
      kafka.url,
      '--server-name',
      'tx',
      '--transactions'
    )
    const transaction = (await readTopic(broker, 'tx.transaction')).map(record =>
      JSON.parse(record.payload ?? '')
    )
    assert.deepEqual(
      transaction.map(({ status, event_count }) => [status, event_count]),
      [
        ['BEGIN', null],
        ['END', 2]
      ]
    )
  })

  test('other clients unpack every codec', async () => {
    await connection.query('CREATE TABLE packed (id INT PRIMARY KEY, t TEXT)')
    const rows = Array.from({ length: 500 }, (_, i) => `(${i}, '${'packed '.repeat(i % 50)}')`).join(', ')
    await connection.query(`INSERT INTO packed VALUES ${rows}`)
    for (const codec of ['gzip', 'snappy', 'lz4', 'zstd']) {
      const out = [
        '--out',
        `${kafka.url}/${codec}`,
        '--compression',
        codec,
        '--tables',
        'packed',
        '--snapshot',
        'only'
      ]
      const { status, stderr } = await tail(url, ...out)
      assert.equal(status, 0, stderr)
      const records = await readTopic(broker, codec)
      const ids = records.map(record => eventOf(record).after?.id as number)
      assert.deepEqual(
        ids,
        Array.from({ length: 500 }, (_, i) => i),
        codec
      )
      assert.equal(eventOf(records[49] as KcatRecord).after?.t, 'packed '.repeat(49))
    }
  })

  test('a record that is too large is an error with topic, size and the setting', async () => {
    await connection.query('CREATE TABLE large (id INT PRIMARY KEY, t LONGTEXT)')
    const start = await logEnd(connection)
    await connection.query("INSERT INTO large VALUES (1, 'small'), (2, REPEAT('x', 2000000))")
    const out = ['--out', `${kafka.url}/large`, '--topic-config', 'max.message.bytes=1000000']
    const { status, stderr } = await tail(url, '--start', start, '--stop-at', 'now', ...out)
    assert.equal(status, 1)
    assert.match(stderr, /topic large: a record of 20\d{5} bytes is larger than its max\.message\.bytes/)
    assert.equal((await readTopic(broker, 'large')).length, 1)
  })

  test('what cannot be is said at once: a broker that is away, a parameter, a topic name', async () => {
    const away = await tail(
      url,
      '--out',
      'kafka://127.0.0.1:1/t',
      '--retry-for',
      '200ms',
      '--start',
      'earliest'
    )
    assert.equal(away.status, 3)
    assert.match(away.stderr, /kafka:\/\/127\.0\.0\.1:1: .*ECONNREFUSED/)
    const unknown = await tail(url, '--out', `${kafka.url}/t?group=x`)
    assert.equal(unknown.status, 2)
    assert.match(unknown.stderr, /unknown parameter 'group'/)
    const name = await tail(url, '--out', `${kafka.url}/a b`, '--start', 'earliest')
    assert.equal(name.status, 1)
    assert.match(name.stderr, /'a b' cannot be the name of a topic/)
  })

  test('with --state what comes before a mark is committed with it, and a second run goes on behind it', async () => {
    await connection.query('CREATE TABLE exact (id INT PRIMARY KEY)')
    const state = join(directory, 'exact')
    const args = ['--tables', 'exact', '--state', state, '--out', `${kafka.url}/exact`]
    const run = new RunningTail([url, ...args, '--mark-every', '100ms'])
    await connection.query('INSERT INTO exact VALUES (1), (2)')
    const ids = async (): Promise<unknown[]> =>
      (await readTopic(broker, 'exact')).map(record => eventOf(record).after?.id)
    for (let i = 0; i < 600 && (await ids().catch(() => [])).length < 2; i++) await sleep(100)
    assert.equal((await run.stop()).status, 0)
    await connection.query('INSERT INTO exact VALUES (3)')
    const { status, stderr } = await tail(url, ...args, '--stop-at', 'now')
    assert.equal(status, 0, stderr)
    assert.deepEqual(await ids(), [1, 2, 3])
  })

  test('a transaction that the brokers abort for its age is written again', async () => {
    await connection.query('CREATE TABLE aged (id INT PRIMARY KEY)')
    const out = `${kafka.url}/aged?transaction-timeout=3s`
    const run = new RunningTail([
      ...[url, '--tables', 'aged', '--start', await logEnd(connection), '--state', join(directory, 'aged')],
      ...['--mark-every', '8s', '--out', out]
    ])
    await connection.query('INSERT INTO aged VALUES (1), (2)')
    await run.until('it is aborted, and written again', ({ stderr }) =>
      stderr.includes('and is written again')
    )
    await connection.query('INSERT INTO aged VALUES (3)')
    assert.equal((await run.stop()).status, 0)
    const ids = (await readTopic(broker, 'aged')).map(record => eventOf(record).after?.id)
    assert.deepEqual(ids, [1, 2, 3])
  })

  test('a second run under the same transactional id shuts the first out', async () => {
    await connection.query('CREATE TABLE twice (id INT PRIMARY KEY)')
    const begin = async (name: string): Promise<RunningTail> => {
      const state = join(directory, name)
      const args = [url, '--tables', 'twice', '--state', state, '--mark-every', '100ms']
      const run = new RunningTail([...args, '--out', `${kafka.url}/twice`])
      await run.until('it has begun', () => existsSync(join(state, 'cdc-tail/timeline.json')))
      return run
    }
    const first = await begin('first')
    const second = await begin('second')
    await connection.query('INSERT INTO twice VALUES (1)')
    const { status, stderr } = await first.ended
    assert.equal(status, 1)
    assert.match(stderr, /another process writes under the transactional id millrace\.cdc-tail\.dream now/)
    for (let i = 0; i < 600 && (await readTopic(broker, 'twice')).length === 0; i++) await sleep(100)
    assert.equal((await second.stop()).status, 0)
    assert.equal((await readTopic(broker, 'twice')).length, 1)
  })

  test('an outage in mid-stream: nothing is lost, nothing comes twice', async () => {
    await connection.query('CREATE TABLE outage (id INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(300))')
    const write = async (rows: number): Promise<void> => {
      for (let i = 0; i < rows; i += 100) {
        await connection.query(
          `INSERT INTO outage (t) VALUES ${Array(100).fill("(REPEAT('x', 300))").join(', ')}`
        )
      }
    }
    const start = await logEnd(connection)
    const plain = new RunningTail([
      url,
      '--tables',
      'outage',
      '--start',
      start,
      '--out',
      `${kafka.url}/plain`
    ])
    const state = join(directory, 'outage')
    // So short that the outage outlasts it: the transaction is aborted, and has to be written again.
    const out = `${kafka.url}/exactly?transaction-timeout=1s`
    const exactly = new RunningTail([
      url,
      '--tables',
      'outage',
      '--start',
      start,
      '--state',
      state,
      '--out',
      out
    ])
    const runs = [
      ['plain', plain],
      ['exactly', exactly]
    ] as const
    const ids = async (topic: string): Promise<number[]> =>
      (await readTopic(broker, topic).catch(() => [])).map(record => eventOf(record).after?.id as number)
    const reached = async (id: number): Promise<void> => {
      for (const [topic, run] of runs) {
        for (let i = 0; !(await ids(topic)).includes(id); i++) {
          assert.ok(i < 600 && !run.hasEnded, `${topic} has not come to ${id}: ${run.stderr}`)
          await sleep(200)
        }
      }
    }
    await write(1000)
    await reached(1000)
    const writing = write(20_000)
    await sleep(300)
    await kafka.kill()
    await writing
    await sleep(1500)
    await kafka.restart()
    await write(1000)
    await reached(22_000)
    const wanted = Array.from({ length: 22_000 }, (_, i) => i + 1)
    for (const [topic, run] of runs) {
      assert.deepEqual(await ids(topic), wanted, topic)
      assert.equal((await run.stop()).status, 0)
    }
  })

  test('a transaction that the brokers abort while the run stands still is written again, and the run goes on', async () => {
    await connection.query('CREATE TABLE still (id INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(300))')
    const start = await logEnd(connection)
    const running = new RunningTail([
      ...[
        url,
        '--tables',
        'still',
        '--start',
        start,
        '--state',
        join(directory, 'still'),
        '--mark-every',
        '500ms'
      ],
      ...['--out', `${kafka.url}/still?transaction-timeout=1s&transactional-id=still`]
    ])
    let rows = 0
    const again = /the transaction was aborted, and is written again/
    // It may stand between two transactions.
    for (let stop = 0; stop < 20 && !again.test(running.stderr); stop++) {
      for (let i = 0; i < 15; i++) {
        await connection.query(`INSERT INTO still (t) VALUES ${Array(100).fill("(REPEAT('x', 300))").join()}`)
        rows += 100
        await sleep(40)
      }
      running.kill('SIGSTOP')
      await sleep(2500)
      running.kill('SIGCONT')
      await sleep(500)
    }
    const ids = async (): Promise<number[]> =>
      (await readTopic(broker, 'still').catch(() => [])).map(record => eventOf(record).after?.id as number)
    for (let i = 0; !(await ids()).includes(rows); i++) {
      assert.ok(i < 600 && !running.hasEnded, running.stderr)
      await sleep(200)
    }
    assert.deepEqual(
      await ids(),
      Array.from({ length: rows }, (_, i) => i + 1)
    )
    assert.match(running.stderr, again)
    assert.equal((await running.stop()).status, 0)
  })
})
