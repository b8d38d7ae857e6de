import { ToolError } from '../cli/index.ts'

/** Character sets whose bytes are UTF-8 already. */
const UTF8 = new Set(['utf8mb4', 'utf8mb3', 'utf8', 'ascii'])

/** MySQL's names for what the WHATWG encoding standard calls otherwise. */
const ENCODINGS: Record<string, string> = {
  latin1: 'windows-1252',
  latin2: 'iso-8859-2',
  latin5: 'windows-1254',
  latin7: 'iso-8859-13',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1256: 'windows-1256',
  cp1257: 'windows-1257',
  cp866: 'ibm866',
  greek: 'iso-8859-7',
  hebrew: 'iso-8859-8',
  koi8r: 'koi8-r',
  koi8u: 'koi8-u',
  tis620: 'windows-874',
  macroman: 'macintosh',
  big5: 'big5',
  gbk: 'gbk',
  gb2312: 'gbk',
  gb18030: 'gb18030',
  sjis: 'shift_jis',
  cp932: 'shift_jis',
  ujis: 'euc-jp',
  eucjpms: 'euc-jp',
  euckr: 'euc-kr',
  utf16le: 'utf-16le',
  utf16: 'utf-16be',
  ucs2: 'utf-16be'
}

export function isUtf8Charset(charset: string): boolean {
  return UTF8.has(charset)
}

const decoders = new Map<string, (bytes: Buffer) => string>()

/**
 * The function that turns a character set's bytes into text.
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
  if (charset === 'utf32') return decodeUtf32
  const encoding = ENCODINGS[charset]
  if (encoding === undefined) {
    throw new ToolError('DATA', `character set ${charset} is not supported`, {
      hint: `convert the column: ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4`
    })
  }
  const decoder = new TextDecoder(encoding, { ignoreBOM: true })
  return bytes => decoder.decode(bytes)
}

function decodeUtf32(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at + 4 <= bytes.length; at += 4) text += String.fromCodePoint(bytes.readUInt32BE(at))
  return text
}
