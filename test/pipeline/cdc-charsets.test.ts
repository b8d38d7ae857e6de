import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { charactersOf, serverTexts } from '../../scripts/lib/charset-codes.ts'
import { writeCharset } from '../../src/lib/mysql/encode.ts'
import { ByteWriter } from '../../src/lib/stream/index.ts'
import { afterText, dataLines, logEnd, tail } from '../mysql/tail.ts'
import { samples } from '../support/rounds.ts'
import { cdcUrl, type RunningServer, startServer, unavailable } from '../support/servers.ts'

const UTF16 = new Set(['ucs2', 'utf16', 'utf16le'])

/** Sequences of bytes to ask for, of which the server takes those that are characters. */
function candidates(charset: string): Buffer[] {
  if (UTF16.has(charset)) return units(charset === 'utf16le')
  if (charset === 'utf32') return units(false).map(unit => Buffer.concat([Buffer.alloc(2), unit]))
  if (charset.startsWith('utf8'))
    return units(true).map(unit => Buffer.from(String.fromCharCode(unit.readUInt16LE(0))))
  return charactersOf(charset)
}

function units(littleEndian: boolean): Buffer[] {
  return Array.from({ length: 65_536 }, (_, unit) =>
    Buffer.from(littleEndian ? [unit & 255, unit >> 8] : [unit >> 8, unit & 255])
  )
}

function decode(charset: string, bytes: Buffer): string {
  const w = new ByteWriter(64)
  writeCharset(w, charset, bytes, 0, bytes.length)
  return JSON.parse(w.written().toString())
}

describe('character sets', { skip: unavailable('mysql80') }, () => {
  let server: RunningServer
  let connection: Connection

  before(async () => {
    server = await startServer('mysql80')
    connection = await createConnection({ uri: `${server.url}/test`, charset: 'utf8mb4' })
  })

  after(async () => {
    await connection.end()
    await server.kill()
    await server.stop()
  })

  test('are read as the server reads them: every one, every character', async () => {
    const [charsets] = await connection.query<RowDataPacket[]>('SHOW CHARACTER SET')
    assert.ok(charsets.length >= 41)
    for (const { Charset: charset } of charsets) {
      if (charset === 'binary') continue
      const codes = candidates(charset)
      const texts = await serverTexts(connection, charset, codes)
      let known = 0
      const wrong: string[] = []
      codes.forEach((bytes, i) => {
        const text = texts[i]
        // Malformed: no column of this character set can hold it.
        if (text === null || text === undefined) return
        known++
        const twice = Buffer.concat([bytes, bytes])
        if (decode(charset, twice) !== text + text)
          wrong.push(`${bytes.toString('hex')} ${text} ${decode(charset, bytes)}`)
      })
      assert.deepEqual(wrong.slice(0, 20), [], `${charset}: ${wrong.length} of ${known}`)
      assert.ok(known >= 128, `${charset}: ${known} characters`)
    }
  })
})

for (const flavour of samples(['mysql80', 'mysql', 'mysql57', 'mariadb'], ['mysql', 'mysql57', 'mariadb'])) {
  describe(`collations: ${flavour}`, { skip: unavailable(flavour) }, () => {
    test('every one is known for its character set', async () => {
      await using server = await startServer(flavour)
      const connection = await createConnection({ uri: `${server.url}/test`, charset: 'utf8mb4' })
      if (flavour !== 'mysql57') await connection.query('SET GLOBAL binlog_row_metadata = FULL')
      const name = flavour === 'mariadb' ? 'FULL_COLLATION_NAME' : 'COLLATION_NAME'
      const [collations] = await connection.query<RowDataPacket[]>(
        `SELECT ${name} AS collation, CHARACTER_SET_NAME AS charset FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY WHERE CHARACTER_SET_NAME <> 'binary' ORDER BY 1`
      )
      assert.ok(collations.length > 200)
      const start = await logEnd(connection)
      const expected: string[] = []
      for (let i = 0; i < collations.length; i += 300) {
        const columns = collations.slice(i, i + 300)
        await connection.query(
          `CREATE TABLE collations${i} (${columns.map(({ collation, charset }, k) => `c${k} VARCHAR(3) CHARACTER SET ${charset} COLLATE ${collation}`).join(', ')})`
        )
        await connection.query(`INSERT INTO collations${i} VALUES (${columns.map(() => "'abc'").join(', ')})`)
        expected.push(JSON.stringify(Object.fromEntries(columns.map((_, k) => [`c${k}`, 'abc']))))
      }
      await connection.end()
      const { status, stdout, stderr } = await tail(
        cdcUrl(server, 'test'),
        '--tables',
        'collations*',
        '--snapshot',
        'never',
        '--start',
        start,
        '--stop-at',
        'now'
      )
      assert.equal(status, 0, stderr)
      assert.deepEqual(dataLines(stdout).map(afterText), expected)
      await server.kill()
    })
  })
}
