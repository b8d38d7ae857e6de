import type { Connection } from 'mysql2/promise'
import { MULTI_BYTE } from '../../src/lib/mysql/multi-byte.ts'

/** All sequences of bytes that may be a character of the set, in order; gb18030's four bytes only up to U+FFFF. */
export function charactersOf(charset: string): Buffer[] {
  const length = MULTI_BYTE[charset]?.length
  const codes: Buffer[] = []
  for (let lead = 0; lead < 256; lead++) {
    if (length === undefined || length(lead, 0x40) === 1) {
      codes.push(Buffer.from([lead]))
      continue
    }
    // Half-width katakana in the EUC sets: with 0xa0, the server shows two bytes that are no character.
    for (let second = lead === 0x8e && length(0x8f, 0) === 3 ? 0xa1 : 0x30; second < 256; second++) {
      const size = length(lead, second)
      if (size === 2) codes.push(Buffer.from([lead, second]))
      else if (size === 3) {
        for (let third = 0xa1; third < 256; third++) codes.push(Buffer.from([lead, second, third]))
      } else if (lead <= 0x84) {
        for (let third = 0x81; third < 0xff; third++)
          for (let fourth = 0x30; fourth < 0x3a; fourth++)
            codes.push(Buffer.from([lead, second, third, fourth]))
      }
    }
  }
  return codes
}

/** What the server reads in each sequence of bytes; null where it is malformed. */
export async function serverTexts(
  connection: Connection,
  charset: string,
  codes: readonly Buffer[]
): Promise<(string | null)[]> {
  await connection.query("SET SESSION sql_mode = 'STRICT_ALL_TABLES'")
  await connection.query('CREATE TEMPORARY TABLE codes (n INT PRIMARY KEY, code VARBINARY(4))')
  for (let i = 0; i < codes.length; i += 5000) {
    const rows = codes.slice(i, i + 5000).map((code, k) => `(${i + k},0x${code.toString('hex')})`)
    await connection.query(`INSERT INTO codes VALUES ${rows.join(',')}`)
  }
  const [found] = await connection.query({
    sql: `SELECT IF(CAST(CONVERT(code USING ${charset}) AS BINARY) = code, CONVERT(CONVERT(code USING ${charset}) USING utf8mb4), NULL) FROM codes ORDER BY n`,
    rowsAsArray: true
  })
  await connection.query('DROP TEMPORARY TABLE codes')
  return (found as unknown as [string | null][]).map(([text]) => text || null)
}
