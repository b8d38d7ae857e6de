import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import {
  afterText,
  brief,
  dataLines,
  events,
  killRunningTails,
  logEnd,
  RunningTail,
  tail
} from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const ROWS = `INSERT INTO users VALUES
  (1, 'ann@example.com', NULL, 12.50, 1.5, '{"a": [1, "x"]}', 'new', X'00ff', '2026-11-24 10:00:00.123', 'é€😀z'),
  (2, NULL, '+49 30 1', NULL, NULL, NULL, NULL, NULL, NULL, NULL)`

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

for (const flavour of ['mysql80', 'mysql', 'mariadb'] as const) {
  describe(`the shape of what is written: ${flavour}`, { skip: unavailable(flavour) }, () => {
    let server: RunningServer
    let connection: Connection
    let url: string

    before(async () => {
      server = await startServer(flavour)
      url = cdcUrl(server, 'test')
      connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
      await connection.query(
        `CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(100), phone VARCHAR(30), amount DECIMAL(10,2), f FLOAT,
           j JSON, e ENUM('new', 'old'), b BINARY(4), t TIMESTAMP(3) NULL, s VARCHAR(400) CHARACTER SET utf8mb4);
         CREATE TABLE log_a (id INT PRIMARY KEY, v INT); CREATE TABLE log_b (v INT)`
      )
    })

    after(async () => {
      killRunningTails()
      await connection?.end()
      await server?.kill()
      await server?.stop()
    })

    const changes = (
      start: string,
      ...flags: string[]
    ): Promise<{ status: number | null; stdout: string; stderr: string }> =>
      tail(url, '--start', start, '--stop-at', 'now', ...flags)

    test('tables of --exclude-tables are not read', async () => {
      const start = await logEnd(connection)
      await connection.query(
        'INSERT INTO log_a VALUES (1, 1); INSERT INTO log_b VALUES (1); INSERT INTO users (id) VALUES (9); DELETE FROM users'
      )
      const { stdout } = await changes(start, '--exclude-tables', 'log_*')
      assert.deepEqual(
        events(stdout).map(({ op, source }) => `${op} ${source.table}`),
        ['c users', 'd users']
      )
      const snapshot = await tail(url, '--snapshot', 'only', '--exclude-tables', 'log_b,test.users')
      assert.deepEqual(events(snapshot.stdout).map(brief), ['r null {"id":1,"v":1}'])
    })

    test('columns left out and masked are the same in snapshot and log', async () => {
      const start = await logEnd(connection)
      await connection.query(ROWS)
      const masks = [
        'email=hash',
        'users.phone=redact',
        's=truncate:3',
        'amount=hash',
        'f=truncate:9',
        'j=hash',
        'e=hash',
        't=truncate:10',
        'b=redact'
      ]
      for (const flags of [
        masks.flatMap(mask => ['--mask', mask]),
        ['--exclude-columns', 'test.users.e*,s,id'],
        ['--columns', 'users.email', '--mask', 'users.*=hash'],
        ['--exclude-columns', '*']
      ]) {
        const logged = await changes(start, '--tables', 'users', ...flags)
        const read = await tail(url, '--snapshot', 'only', '--tables', 'users', ...flags)
        assert.equal(logged.status, 0, logged.stderr)
        const rows = dataLines(logged.stdout).map(afterText)
        assert.equal(rows.length, 2)
        assert.deepEqual(dataLines(read.stdout).map(afterText), rows)
        if (flags[0] !== '--mask') continue
        const [first, second] = rows.map(row => JSON.parse(row) as Record<string, unknown>)
        assert.deepEqual(
          { ...first, j: undefined },
          {
            id: 1,
            email: sha256('ann@example.com'),
            phone: null,
            amount: sha256('12.50'),
            f: '1.5',
            j: undefined,
            e: sha256('new'),
            b: '***',
            t: '2026-11-24',
            s: 'é€😀'
          }
        )
        assert.equal(second?.email, null)
        assert.equal(second?.phone, '***')
      }
      const salted = new RunningTail(
        [url, '--start', start, '--stop-at', 'now', '--columns', 'users.email', '--mask', 'users.email=hash'],
        { MILLRACE_MASK_SALT: 'pepper' }
      )
      assert.deepEqual(events((await salted.ended).stdout).map(brief), [
        `c null {"id":1,"email":"${sha256('pepperann@example.com')}"}`,
        'c null {"id":2,"email":null}'
      ])
    })

    test('columns are masked in a log file, too', async () => {
      await connection.query(
        "SET GLOBAL binlog_row_metadata = 'FULL'; FLUSH BINARY LOGS; INSERT INTO users (id, email) VALUES (7, 'ann'); DELETE FROM users WHERE id = 7"
      )
      const name = (await logEnd(connection)).split(':')[0] as string
      const path = readdirSync(server.dataDir, { recursive: true }).find(each => `${each}`.endsWith(name))
      const { stdout, stderr } = await tail(
        `file:${join(server.dataDir, `${path}`)}`,
        '--columns',
        'users.email',
        '--mask',
        'email=redact'
      )
      assert.deepEqual(
        events(stdout).map(brief),
        ['c null {"id":7,"email":"***"}', 'd {"id":7,"email":"***"} null'],
        stderr
      )
    })

    test('--where chooses the rows of the snapshot', async () => {
      const { stdout } = await tail(
        url,
        '--snapshot',
        'only',
        '--tables',
        'users',
        '--where',
        "users=email LIKE '%=%' OR id >= 2",
        '--columns',
        'users.id'
      )
      assert.deepEqual(events(stdout).map(brief), ['r null {"id":2}'])
    })

    test('--op and --flat', async () => {
      const start = await logEnd(connection)
      await connection.query(
        `INSERT INTO log_a VALUES (5, 1); UPDATE log_a SET v = 2 WHERE id = 5; UPDATE log_a SET id = 6 WHERE id = 5;
         DELETE FROM log_a WHERE id = 6; TRUNCATE log_a`
      )
      const ops = async (...flags: string[]): Promise<string[]> =>
        events((await changes(start, '--tables', 'log_a', ...flags)).stdout).map(brief)
      const all = await ops()
      assert.deepEqual(all, [
        'c null {"id":5,"v":1}',
        'u {"id":5,"v":1} {"id":5,"v":2}',
        'd {"id":5,"v":2} null',
        'c null {"id":6,"v":2}',
        'd {"id":6,"v":2} null',
        't null null'
      ])
      for (const op of ['c', 'u', 'd', 't'])
        assert.deepEqual(
          await ops('--op', op),
          all.filter(event => event.startsWith(op))
        )
      assert.deepEqual(
        await ops('--op', 'c,t'),
        all.filter(event => /^[ct]/.test(event))
      )

      const flat = await changes(start, '--tables', 'log_a', '--flat')
      assert.deepEqual(
        dataLines(flat.stdout).map(line => line.replace(/(?<="__ts_ms":)\d{13}/, '0')),
        [
          '{"id":5,"v":1,"__op":"c","__deleted":"false","__ts_ms":0}',
          '{"id":5,"v":2,"__op":"u","__deleted":"false","__ts_ms":0}',
          '{"id":5,"v":2,"__op":"d","__deleted":"true","__ts_ms":0}',
          '{"id":6,"v":2,"__op":"c","__deleted":"false","__ts_ms":0}',
          '{"id":6,"v":2,"__op":"d","__deleted":"true","__ts_ms":0}'
        ]
      )
      const rows = await tail(
        url,
        '--snapshot',
        'only',
        '--tables',
        'log_b',
        '--flat',
        '--exclude-columns',
        'log_b.v'
      )
      assert.match(rows.stdout, /^\{"__op":"r","__deleted":"false","__ts_ms":\d{13}\}\n/)
    })

    test('an outbox gives its messages, whatever becomes of their rows', async () => {
      await connection.query(
        `CREATE TABLE outbox (id BINARY(4) PRIMARY KEY, aggregatetype VARCHAR(20), aggregateid INT, type VARCHAR(20), payload ${
          flavour === 'mariadb' ? 'TEXT' : 'JSON'
        }); INSERT INTO outbox VALUES ('a', 'order', 1, 'placed', '{"n": 1}')`
      )
      const start = await logEnd(connection)
      await connection.query(
        `START TRANSACTION; INSERT INTO log_a VALUES (7, 7);
         INSERT INTO outbox VALUES ('b', 'order', 2, 'placed', '{"n": [2.5, null]}'), ('c', 'user', 3, 'left', NULL);
         UPDATE outbox SET type = 'paid' WHERE id = 'b'; UPDATE outbox SET id = 'd' WHERE id = 'c'; DELETE FROM outbox WHERE id = 'd';
         COMMIT; TRUNCATE outbox; DELETE FROM log_a`
      )
      const payload = flavour === 'mariadb' ? '"{\\"n\\": [2.5, null]}"' : '{"n": [2.5, null]}'
      const message = (id: string, rest: string): string =>
        `{"id":"${Buffer.from(id.padEnd(4, '\0')).toString('base64')}","aggregatetype":${rest}}`
      const messages = [
        message('b', `"order","aggregateid":2,"type":"placed","payload":${payload}`),
        message('c', '"user","aggregateid":3,"type":"left","payload":null')
      ]
      const tables = ['--tables', 'outbox,log_a', '--outbox', 'outbox']
      const log = await changes(start, ...tables)
      assert.equal(log.status, 0, log.stderr)
      const lines = dataLines(log.stdout)
      assert.deepEqual(
        lines.filter(line => !line.includes('"op"')),
        messages
      )
      assert.deepEqual(
        lines.filter(line => line.includes('"op"')).map(line => (JSON.parse(line) as { op: string }).op),
        ['c', 'd']
      )
      const flat = await changes(start, ...tables, '--flat')
      assert.deepEqual(dataLines(flat.stdout).slice(1, 3), messages)

      await connection.query("INSERT INTO outbox VALUES ('e', 'order', 4, 'placed', NULL)")
      const snapshot = await tail(url, '--snapshot', 'only', ...tables)
      assert.deepEqual(dataLines(snapshot.stdout), [
        message('e', '"order","aggregateid":4,"type":"placed","payload":null')
      ])
      await connection.query('DROP TABLE outbox')
    })

    test('transactions are told and counted', async () => {
      const start = await logEnd(connection)
      await connection.query(
        `START TRANSACTION; INSERT INTO log_a VALUES (1, 1), (2, 2); INSERT INTO log_b VALUES (1); UPDATE log_a SET id = 3 WHERE id = 1; COMMIT;
         CREATE TABLE other (id INT); START TRANSACTION; INSERT INTO other VALUES (1); COMMIT; DELETE FROM log_a`
      )
      const { status, stdout, stderr } = await changes(start, '--tables', 'log_*', '--transactions')
      assert.deepEqual([status, stderr], [0, ''])
      const lines = stdout.split('\n').filter(line => line !== '' && !line.startsWith('{"@mark"'))
      const told = lines.map(line => {
        const parsed = JSON.parse(line)
        const { '@transaction': transaction, op, source, transaction: place } = parsed
        if (transaction === undefined) {
          const names = Object.keys(parsed).join()
          assert.equal(names, 'before,after,source,transaction,op,ts_ms')
          return `${place.id} ${place.total_order} ${op} ${source.table} ${place.data_collection_order}`
        }
        assert.ok(Math.abs(transaction.ts_ms - Date.now()) < 60_000)
        return `${transaction.id} ${transaction.status} ${transaction.event_count} ${JSON.stringify(transaction.data_collections)}`
      })
      const [first = '', second = ''] = new Set(told.map(text => text.split(' ')[0] as string))
      assert.match(first, flavour === 'mariadb' ? /^0-1-\d+$/ : /^[0-9a-f-]{36}:\d+$/)
      const count = (table: string, rows: number): string =>
        `{"data_collection":"test.${table}","event_count":${rows}}`
      assert.deepEqual(told, [
        `${first} BEGIN null null`,
        `${first} 1 c log_a 1`,
        `${first} 2 c log_a 2`,
        `${first} 3 c log_b 1`,
        `${first} 4 d log_a 3`,
        `${first} 5 c log_a 4`,
        `${first} END 5 [${count('log_a', 4)},${count('log_b', 1)}]`,
        `${second} BEGIN null null`,
        `${second} 1 d log_a 1`,
        `${second} 2 d log_a 2`,
        `${second} END 2 [${count('log_a', 2)}]`
      ])
      await connection.query('DROP TABLE other; DELETE FROM log_b')
    })

    test('a heartbeat keeps an idle log going', async () => {
      const refused = await tail(url, '--heartbeat-table', 'beats', '--stop-at', 'now', '--snapshot', 'never')
      assert.equal(refused.status, 3)
      assert.match(refused.stderr, /--heartbeat-table: .*\n {2}CREATE TABLE `test`\.`beats` \(/)
      const sql = /CREATE TABLE [^;]*/.exec(refused.stderr)?.[0] as string
      await connection.query(`${sql}; GRANT INSERT, UPDATE ON test.beats TO cdc@'%'`)
      const flags = [
        '--heartbeat-table',
        'test.beats',
        '--heartbeat-every',
        '50ms',
        '--server-name',
        "o'dream"
      ]
      const idle = new RunningTail([url, '--tables', 'beats', '--snapshot', 'never', ...flags])
      await idle.until('three beats', ({ stdout }) => dataLines(stdout).length >= 3)
      const { status, stdout, stderr } = await idle.stop()
      assert.deepEqual([status, stderr], [0, ''])
      const beats = events(stdout)
      assert.ok(beats.every(({ op, after }) => op === 'u' && after?.name === "o'dream"))
      const times = beats.map(({ after }) => Date.parse(String(after?.ts)))
      assert.ok(
        times.every(
          (time, i) => Math.abs(time - Date.now()) < 60_000 && (i === 0 || time > (times[i - 1] as number))
        )
      )

      const ended = await tail(url, '--tables', 'log_a', '--snapshot', 'never', '--stop-at', 'now', ...flags)
      assert.deepEqual([ended.status, dataLines(ended.stdout)], [0, []])
      await connection.query('DROP TABLE beats')
    })

    test('names that are nowhere are refused before anything is written', async () => {
      for (const [flags, message] of [
        [
          ['--mask', 'users.emial=hash'],
          /--mask users\.emial: no table that is read has such a column\n {2}did you mean users\.email\?/
        ],
        [['--where', 'log_c=v > 1'], /--where: test\.log_c is not among the tables/],
        [['--transactions', '--flat'], /--transactions: .*--flat/],
        [['--outbox', 'nowhere'], /--outbox: test\.nowhere is not among the tables/],
        [['--op', 'x'], /--op: 'x' is not one of c, u, d, r, t/],
        [['--snapshot', 'only', '--op', 'c'], /--snapshot only writes nothing without --op r/]
      ] as const) {
        const { status, stdout, stderr } = await tail(url, ...flags)
        assert.match(stderr, message)
        assert.deepEqual([status, stdout], [2, ''])
      }
    })
  })
}
