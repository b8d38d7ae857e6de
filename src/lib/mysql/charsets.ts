import { ToolError } from '../cli/index.ts'
import { DIFFERENCES, ONE_BYTE } from './charset-tables.ts'
import { MULTI_BYTE, multiByteDecoder } from './multi-byte.ts'

/** Character sets whose bytes are UTF-8 already. */
const UTF8 = new Set(['utf8mb4', 'utf8mb3', 'utf8'])

export function isUtf8Charset(charset: string): boolean {
  return UTF8.has(charset)
}

/** Whether bytes below 0x80 that no other byte comes before are those of ASCII. */
export function extendsAscii(charset: string): boolean {
  return ONE_BYTE[charset]?.length === 128 || MULTI_BYTE[charset] !== undefined
}

const decoders = new Map<string, (bytes: Buffer) => string>()

/**
 * The function that turns a character set's bytes into text: the same that the server makes of them when it is asked
 * for utf8mb4, so `?` for bytes that stand for no character. The encodings of the WHATWG standard are near, but not it.
 * @throws ToolError DATA for a character set that is not known, rather than guess
 */
export function charsetDecoder(charset: string): (bytes: Buffer) => string {
  let decode = decoders.get(charset)
  if (decode === undefined) {
    decode = makeDecoder(charset)
    decoders.set(charset, decode)
  }
  return decode
}

function makeDecoder(charset: string): (bytes: Buffer) => string {
  if (UTF8.has(charset)) return bytes => bytes.toString('utf8')
  const table = ONE_BYTE[charset]
  if (table !== undefined) return oneByteDecoder(table)
  const multiByte = MULTI_BYTE[charset]
  if (multiByte !== undefined) return multiByteDecoder(multiByte, DIFFERENCES[charset] ?? [])
  switch (charset) {
    case 'utf32':
      return decodeUtf32
    case 'ucs2':
    case 'utf16':
    case 'utf16le': {
      const decoder = new TextDecoder(charset === 'utf16le' ? 'utf-16le' : 'utf-16be', { ignoreBOM: true })
      return bytes => decoder.decode(bytes)
    }
    default:
      throw new ToolError('DATA', `character set ${charset} is not supported`, {
        hint: `convert the column: ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4`
      })
  }
}

function oneByteDecoder(table: string): (bytes: Buffer) => string {
  const hasAscii = table.length === 128
  return bytes => {
    const latin1 = bytes.toString('latin1')
    if (hasAscii && /^[\0-\x7f]*$/.test(latin1)) return latin1
    let text = ''
    for (const byte of bytes) {
      if (!hasAscii) text += table[byte]
      else text += byte < 128 ? String.fromCharCode(byte) : table[byte - 128]
    }
    return text
  }
}

function decodeUtf32(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at + 4 <= bytes.length; at += 4) text += String.fromCodePoint(bytes.readUInt32BE(at))
  return text
}
