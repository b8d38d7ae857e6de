/**
 * Writes src/lib/mysql/charset-tables.ts anew from what a MySQL 8.0 server makes of every character of every character
 * set: `node scripts/charsets.ts`. Needed again when MySQL gets a new character set, or Node.js another ICU.
 */
import { writeFile } from 'node:fs/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { MULTI_BYTE } from '../src/lib/mysql/multi-byte.ts'
import { charactersOf, serverTexts } from './lib/charset-codes.ts'
import { startServer } from './lib/servers/index.ts'

const OUTPUT = new URL('../src/lib/mysql/charset-tables.ts', import.meta.url)
const UNICODE = new Set(['binary', 'ucs2', 'utf8', 'utf8mb4', 'utf16', 'utf16le', 'utf32'])
const ASCII = String.fromCharCode(...Array(128).keys())

await using server = await startServer('mysql80')
const connection = await createConnection({ uri: `${server.url}/test`, charset: 'utf8mb4' })
const [charsets] = await connection.query<RowDataPacket[]>('SHOW CHARACTER SET')
const oneByte: string[] = []
const multiByte: string[] = []
for (const { Charset: charset } of charsets) {
  if (UNICODE.has(charset)) continue
  if (MULTI_BYTE[charset] === undefined)
    oneByte.push(`  ${charset}: ${await oneByteTable(connection, charset)}`)
  else multiByte.push(`  ${charset}: [${(await runs(connection, charset)).join(', ')}]`)
}
await connection.end()
await writeFile(
  OUTPUT,
  `// Written by scripts/charsets.ts from a MySQL 8.0 server.
import type { CodeRun } from './multi-byte.ts'

/** The characters of the bytes 0x80 to 0xff, or of all where those below are not ASCII; \`?\` for bytes without one. */
export const ONE_BYTE: Readonly<Record<string, string>> = {
${oneByte.join(',\n')}
}

/** Where multi-byte character sets differ from Node's TextDecoder. */
export const DIFFERENCES: Readonly<Record<string, readonly CodeRun[]>> = {
${multiByte.join(',\n')}
}
`
)

async function oneByteTable(connection: Connection, charset: string): Promise<string> {
  const texts = await serverTexts(connection, charset, charactersOf(charset))
  const all = texts.map(text => text ?? '?').join('')
  if (all.length !== 256) throw new Error(`${charset}: ${all.length} characters for 256 bytes`)
  return literal(all.startsWith(ASCII) ? all.slice(128) : all)
}

/** The runs of characters that TextDecoder reads otherwise, as source text. */
async function runs(connection: Connection, charset: string): Promise<string[]> {
  const found: { first: number; texts: string[] }[] = []
  const codes = charactersOf(charset)
  const decoder = new TextDecoder(MULTI_BYTE[charset]?.encoding)
  const texts = await serverTexts(connection, charset, codes)
  codes.forEach((bytes, i) => {
    const text = texts[i] ?? null
    if (text === null || text === decoder.decode(bytes)) return
    const code = bytes.readUIntBE(0, bytes.length)
    const last = found.at(-1)
    if (
      last !== undefined &&
      last.first + last.texts.length === code &&
      (last.texts[0] === '?') === (text === '?')
    )
      last.texts.push(text)
    else found.push({ first: code, texts: [text] })
  })
  return found.map(({ first, texts }) => {
    if (texts.some(text => [...text].length !== 1)) throw new Error(`${charset}: ${first.toString(16)}`)
    return `[0x${first.toString(16)}, ${texts[0] === '?' ? texts.length : literal(texts.join(''))}]`
  })
}

/** A string literal: letters of East Asia as they are, everything else that is not ASCII escaped. */
function literal(text: string): string {
  const escaped = text.replace(/[^ -~\u3041-\u9fff\uac00-\ud7a3]|['\\]/g, unit =>
    unit === "'" || unit === '\\'
      ? `\\${unit}`
      : unit < '\x80'
        ? `\\x${unit.charCodeAt(0).toString(16).padStart(2, '0')}`
        : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  )
  return `'${escaped}'`
}
