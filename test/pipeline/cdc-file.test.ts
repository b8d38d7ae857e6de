import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import { charsetOfCollation } from '../../src/lib/mysql/collations.ts'
import { brief, dataLines, events, killRunningTails, logEnd, tail } from '../mysql/tail.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

type Flavour = 'mysql80' | 'mysql' | 'mariadb'

/** What may differ in how the same rows are logged. */
const SETTINGS: Record<Flavour, string[]> = {
  mysql80: ['--binlog-checksum=NONE'],
  mysql: ['--binlog-transaction-compression=ON'],
  mariadb: []
}
const directory = mkdtempSync(join(tmpdir(), 'millrace-file-'))

after(() => {
  killRunningTails()
  rmSync(directory, { recursive: true })
})

/** The lines but for the moment when they were written. */
function lines(ndjson: string): string[] {
  return dataLines(ndjson).map(line => line.replace(/"ts_ms":\d+\}$/, '}'))
}

/** The copies have names of their own. */
function name(line: string): string {
  return line.replace(/"name":"[^"]*"/, '"name":""').replace(/"file":"[^"]*"/, '"file":""')
}

/** A log file of a server, wherever it has its data. */
function logFile(server: RunningServer, name: string): string {
  const found = readdirSync(server.dataDir, { recursive: true }).find(file => `${file}`.endsWith(name))
  const copy = join(directory, `${server.name}-${name}`)
  cpSync(join(server.dataDir, `${found}`), copy)
  return copy
}

for (const flavour of Object.keys(SETTINGS) as Flavour[]) {
  describe(`a log file of ${flavour}, without its server`, { skip: unavailable(flavour) }, () => {
    let server: RunningServer
    let connection: Connection
    let from: string
    let file: string
    let open: string
    let online: string

    before(async () => {
      server = await startServer(flavour, {
        args: ['--binlog-row-metadata=FULL', ...SETTINGS[flavour]]
      })
      connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
      await connection.query('FLUSH BINARY LOGS')
      from = await logEnd(connection)
      await connection.query(
        `CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20) CHARACTER SET latin1, e ENUM('a,b','ü'), b LONGBLOB);
         CREATE TABLE other (id INT PRIMARY KEY);
         INSERT INTO t VALUES (1, 'é', 'ü', 'x'), (2, NULL, 'a,b', REPEAT('y', 3000000));
         UPDATE t SET v = 'ö' WHERE id = 1; INSERT INTO other VALUES (1);
         ALTER TABLE t RENAME COLUMN v TO w; DELETE FROM t WHERE id = 2; TRUNCATE t; INSERT INTO t VALUES (3, 'z', NULL, NULL);
         FLUSH BINARY LOGS`
      )
      online = (await tail(cdcUrl(server, 'test'), '--start', from, '--stop-at', 'now')).stdout
      file = logFile(server, from.split(':')[0] as string)
      open = logFile(server, (await logEnd(connection)).split(':')[0] as string)
    })

    after(async () => {
      await connection?.end()
      await server?.kill()
      await server?.stop()
    })

    test('gives what the server gives', async () => {
      const result = await tail(`file:${file}`, '--tables', 'test.*', '--server-name', 'test')
      assert.equal(result.status, 0, result.stderr)
      assert.equal(lines(result.stdout).length, 7)
      assert.deepEqual(lines(result.stdout).map(name), lines(online).map(name))
    })

    test('is read in parts, from one place to another', async () => {
      const all = events((await tail(`file:${file}`, '--tables', 'test.t')).stdout)
      const [, second] = marksOf(await tail(`file:${file}`, '--tables', 'test.t', '--mark-every', '0'))
      assert.ok(second !== undefined)
      const parts = [
        await tail(`file:${file}`, '--tables', 'test.t', '--stop-at', second),
        await tail(`file:${file}`, '--tables', 'test.t', '--start', second)
      ]
      assert.deepEqual(parts.flatMap(part => events(part.stdout)).map(brief), all.map(brief))
    })

    test('is read while the server has it open', async () => {
      const result = await tail(`file:${open}`)
      assert.equal(result.status, 0, result.stderr)
    })

    test('that was cut off gives all transactions before, and names the place', async () => {
      const bytes = readFileSync(file)
      const cut = join(directory, `cut-${flavour}.000001`)
      writeFileSync(cut, bytes.subarray(0, bytes.length - 10))
      const whole = lines((await tail(`file:${file}`)).stdout)
      const result = await tail(`file:${cut}`)
      assert.equal(result.status, 1)
      assert.match(
        result.stderr,
        /^cdc-tail: .*cut-\w+\.000001:\d+: the file ends inside an event of \d+ bytes/
      )
      assert.deepEqual(lines(result.stdout).map(name), whole.map(name))
    })

    test('every collation of the server has its character set', async () => {
      const [rows] = (await connection.query(
        flavour === 'mariadb'
          ? 'SELECT ID AS Id, CHARACTER_SET_NAME AS Charset FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY'
          : 'SHOW COLLATION'
      )) as unknown as [{ Id: number; Charset: string }[]]
      const same = (charset: string): string => (charset === 'utf8' ? 'utf8mb3' : charset)
      const wrong = rows.filter(({ Id, Charset }) => {
        try {
          return same(charsetOfCollation(Number(Id))) !== same(Charset)
        } catch {
          return true
        }
      })
      assert.deepEqual(wrong, [])
    })
  })
}

function marksOf({ stdout }: { stdout: string }): string[] {
  return stdout
    .split('\n')
    .filter(line => line.startsWith('{"@mark"'))
    .map(line => (JSON.parse(line) as { '@mark': { at: { file: string; pos: number } } })['@mark'].at)
    .map(({ file, pos }) => `${file}:${pos}`)
}

test('what is no log file, or one that cannot be read, is named', async () => {
  const refused = async (content: string | Buffer, message: RegExp): Promise<void> => {
    const path = join(directory, 'bad.000001')
    writeFileSync(path, content)
    const result = await tail(`file:${path}`)
    assert.match(result.stderr, message)
    assert.equal(result.status, 1)
    assert.equal(result.stdout, '')
  }
  await refused('', /bad\.000001:0: this is not a binlog file/)
  await refused('not a log\n', /bad\.000001:0: this is not a binlog file/)
  await refused(Buffer.from('fd62696e0102030405', 'hex'), /bad\.000001: the log is encrypted/)
  await refused(Buffer.from('fe62696e00', 'hex'), /bad\.000001:4: the file ends inside its first event/)
  const absent = await tail('file:/nowhere/binlog.000001')
  assert.match(absent.stderr, /\/nowhere\/binlog\.000001: ENOENT/)
  assert.equal(absent.status, 2)
  assert.equal((await tail('file:x.000001', '--snapshot', 'only')).status, 2)
})
