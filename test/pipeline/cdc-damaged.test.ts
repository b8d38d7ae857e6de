import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection } from 'mysql2/promise'
import { ToolError } from '../../src/lib/cli/index.ts'
import { BinlogFileTail, type FileTarget, parseSource } from '../../src/lib/mysql/file-tail.ts'
import { TableFilter } from '../../src/lib/mysql/index.ts'
import { MarkWriter, type Output, OutputWriter } from '../../src/lib/stream/index.ts'
import { logEnd } from '../mysql/tail.ts'
import { rounds } from '../support/rounds.ts'
import { type RunningServer, startServer, unavailable } from '../support/servers.ts'

const MUTATIONS = rounds(2500, 800)
/** Far more than any row of the log, far less than what lengths of four bytes could ask for. */
const MOST_OUTPUT = 8 * 1024 * 1024
const LONGEST_MS = 10_000

const directory = mkdtempSync(join(tmpdir(), 'millrace-damaged-'))
const path = join(directory, 'binlog.000009')
after(() => rmSync(directory, { recursive: true }))

interface Reading {
  readonly lines: string[]
  readonly error: unknown
  /** Bytes of the largest output buffer. */
  readonly room: number
}

async function read(bytes: Buffer): Promise<Reading> {
  writeFileSync(path, bytes)
  const parts: Buffer[] = []
  let room = 0
  const output: Output = {
    name: 'memory',
    takesMarks: false,
    write: async part => {
      room = Math.max(room, part.buffer.byteLength)
      parts.push(Buffer.from(part))
    },
    sync: async () => null,
    close: async () => {}
  }
  const writer = new OutputWriter(output)
  const marks = await MarkWriter.open(null, null, writer, 60_000)
  const source = new BinlogFileTail(parseSource(`file:${path}`) as FileTarget, {
    version: 'test',
    name: 'test',
    tables: new TableFilter([], ''),
    snapshot: 'initial',
    start: undefined,
    stopAt: undefined
  })
  let error: unknown = null
  try {
    await source.connect()
    await source.run({ writer, marks, state: null, stop: new AbortController().signal })
  } catch (caught) {
    error = caught
  }
  await writer.drain()
  await source.close()
  const lines = Buffer.concat(parts).toString().split('\n')
  assert.equal(lines.pop(), '', 'what is written is whole lines')
  return { lines: lines.map(line => line.replace(/"ts_ms":\d+\}$/, '"ts_ms":0}')), error, room }
}

/** Numbers below `limit`, the same in every run (mulberry32). */
function random(seed: number): (limit: number) => number {
  let state = seed
  return limit => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
}

const KINDS = ['flip a bit', 'set a byte', 'write many bytes', 'cut', 'cut out', 'repeat', 'swap'] as const

function mutate(bytes: Buffer, pick: (limit: number) => number): { how: string; mutated: Buffer } {
  const kind = KINDS[pick(KINDS.length)] as (typeof KINDS)[number]
  const at = pick(bytes.length)
  const size = 1 + pick(Math.min(pick(4) === 0 ? bytes.length : 16, bytes.length - at))
  const how = `${kind} at ${at}, ${size}`
  const copy = Buffer.from(bytes)
  switch (kind) {
    case 'flip a bit':
      copy[at] = (copy[at] as number) ^ (1 << pick(8))
      return { how, mutated: copy }
    case 'set a byte':
      copy[at] = [0, 1, 0x7f, 0x80, 0xfc, 0xfd, 0xfe, 0xff][pick(8)] as number
      return { how, mutated: copy }
    case 'write many bytes':
      for (let i = 0; i < size; i++) copy[at + i] = pick(256)
      return { how, mutated: copy }
    case 'cut':
      return { how, mutated: copy.subarray(0, at) }
    case 'cut out':
      return { how, mutated: Buffer.concat([copy.subarray(0, at), copy.subarray(at + size)]) }
    case 'repeat':
      return { how, mutated: Buffer.concat([copy.subarray(0, at + size), copy.subarray(at)]) }
    case 'swap': {
      const other = pick(bytes.length - size + 1)
      copy.set(bytes.subarray(at, at + size), other)
      return { how, mutated: copy }
    }
  }
}

describe('damaged bytes of a log file', { skip: unavailable('mysql') }, () => {
  let server: RunningServer
  let connection: Connection

  before(async () => {
    server = await startServer('mysql', { args: ['--binlog-row-metadata=FULL'] })
    connection = await createConnection({ uri: `${server.url}/test`, multipleStatements: true })
    await connection.query(
      `CREATE TABLE t (id BIGINT PRIMARY KEY, d DECIMAL(20,5), v VARCHAR(300), c CHAR(5) CHARACTER SET latin1, b LONGBLOB,
         j JSON, e ENUM('a','ü'), s SET('x','y'), n BIT(13), f FLOAT, g DOUBLE, ts TIMESTAMP(3) NULL, dt DATETIME(6),
         ti TIME(2), da DATE, y YEAR, vec VECTOR(3));
       CREATE TABLE u (a INT, b TEXT CHARACTER SET gbk)`
    )
  })

  after(async () => {
    await connection?.end()
    await server?.kill()
    await server?.stop()
  })

  const makeLog = async (...settings: string[]): Promise<Buffer> => {
    for (const setting of settings) await connection.query(`SET ${setting}`)
    await connection.query('FLUSH BINARY LOGS')
    const name = (await logEnd(connection)).split(':')[0] as string
    await connection.query(
      `DELETE FROM t; DELETE FROM u;
       INSERT INTO t VALUES (1, -123.45678, 'text', 'é', 'blob', '{"a": [1, 2.5, "x", {"b": null}], "c": 12345678901}', 'ü', 'x,y', 5,
         1.5, -2.25, '2026-11-24 10:00:00.123', '2026-11-24 10:00:00.123456', '-12:34:56.78', '2026-11-24', 2026, TO_VECTOR('[1,2,3]')),
         (2, NULL, REPEAT('long', 60), NULL, REPEAT('z', 300), CAST(CAST('2026-11-24' AS DATE) AS JSON), NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
       UPDATE t SET d = 7, v = 'other' WHERE id = 1; UPDATE t SET id = 3 WHERE id = 2;
       INSERT INTO u VALUES (1, '中'); DELETE FROM t; SET gtid_next = 'AUTOMATIC:tag'; INSERT INTO u VALUES (2, NULL);
       SET gtid_next = AUTOMATIC; TRUNCATE u; FLUSH BINARY LOGS`
    )
    const found = readdirSync(server.dataDir, { recursive: true }).find(file => `${file}`.endsWith(name))
    return readFileSync(join(server.dataDir, `${found}`))
  }

  /** Reads the log in many damaged forms; `judge` says what is wrong with what was read. */
  const damage = async (
    log: Buffer,
    seed: number,
    judge: (lines: string[], whole: string[]) => string | null
  ): Promise<void> => {
    const whole = await read(log)
    assert.equal(whole.error, null)
    assert.ok(whole.lines.length >= 8)
    const pick = random(seed)
    let refused = 0
    for (let i = 0; i < MUTATIONS; i++) {
      const { how, mutated } = mutate(log, pick)
      const begun = Date.now()
      const { lines, error, room } = await read(mutated)
      const where = `mutation ${i}: ${how}`
      if (error !== null) {
        refused++
        if (!(error instanceof ToolError)) throw new Error(where, { cause: error })
        assert.ok(error.code === 'INPUT' || error.code === 'DATA', `${where}: ${error.code}`)
        assert.match(error.message, /binlog\.000009:\d+: ./, where)
      }
      assert.ok(Date.now() - begun < LONGEST_MS, `${where}: took ${Date.now() - begun} ms`)
      assert.ok(room < MOST_OUTPUT, `${where}: ${room} bytes of room`)
      for (const line of lines) JSON.parse(line)
      assert.equal(judge(lines, whole.lines), null, where)
    }
    assert.ok(refused > MUTATIONS / 3)
  }

  const isPrefix = (lines: string[], whole: string[]): string | null =>
    lines.length <= whole.length && lines.every((line, i) => line === whole[i]) ? null : 'a wrong row'
  const anything = (): null => null

  test('never give a wrong row where events have checksums', async () => {
    await damage(await makeLog('GLOBAL binlog_checksum=CRC32'), 1, isPrefix)
  })

  test('never give a wrong row of a compressed transaction', async () => {
    await damage(await makeLog('binlog_transaction_compression=ON'), 2, isPrefix)
  })

  test('give whole lines or a clear error where events have no checksums', async () => {
    await damage(
      await makeLog('GLOBAL binlog_checksum=NONE', 'binlog_transaction_compression=OFF'),
      3,
      anything
    )
  })

  test('of a compressed transaction without checksum, too', async () => {
    await damage(await makeLog('binlog_transaction_compression=ON'), 4, anything)
  })
})
