import { RowError } from '../errors.ts'
import type { Int } from '../values/integer.ts'

/** Bodies of the functions of URLs, addresses and character sets; null for what is none, as in Flink. */

/** As Java's URLEncoder: letters, digits and `.-*_` stay, a blank is `+`. */
export const urlEncode = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replace(/[!'()~]/g, c => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

export function urlDecode(text: string): string | null {
  if (/%(?![0-9a-fA-F]{2})/.test(text)) return null
  const bytes = text
    .replaceAll('+', ' ')
    .replace(/(?:%[0-9a-fA-F]{2})+/g, run => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'))
  return bytes
}

const urlPattern =
  /^([A-Za-z][\w+.-]*):(?:\/\/((?:([^/?#@]*)@)?([^/?#:]*|\[[^\]]*\])(?::\d*)?))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s

/** Those that Java's URL knows. */
const javaProtocols: ReadonlySet<string> = new Set(['http', 'https', 'ftp', 'file', 'jar', 'mailto'])

/** PARSE_URL(url, part [, key of QUERY]). */
export function parseUrl(url: string, part: string, key?: string): string | null {
  const match = urlPattern.exec(url)
  const [, protocol, authority, user, host, path = '', query, reference] = match ?? []
  if (protocol === undefined || !javaProtocols.has(protocol.toLowerCase())) return null
  const parts: Record<string, string | undefined> = {
    PROTOCOL: protocol,
    AUTHORITY: authority,
    USERINFO: user,
    HOST: host,
    PATH: path,
    QUERY: query,
    REF: reference,
    FILE: query === undefined ? path : `${path}?${query}`
  }
  if (key === undefined) return (Object.hasOwn(parts, part) ? parts[part] : undefined) ?? null
  if (part !== 'QUERY' || query === undefined) return null
  const found = query.split('&').find(pair => pair.startsWith(`${key}=`))
  return found === undefined ? null : found.slice(key.length + 1)
}

export function inetAton(text: string): number | null {
  const parts = text.trim().split('.')
  if (parts.length > 4 || !parts.every(p => /^\d{1,10}$/.test(p))) return null
  const numbers = parts.map(Number)
  const last = numbers.pop() as number
  if (numbers.some(n => n > 255) || last >= 256 ** (4 - numbers.length)) return null
  return numbers.reduce((sum, n, i) => sum + n * 256 ** (3 - i), 0) + last
}

export function inetNtoa(value: Int): string | null {
  const number = Number(value)
  if (number < 0 || number > 0xffffffff) return null
  return [24, 16, 8, 0].map(shift => Math.floor(number / 2 ** shift) % 256).join('.')
}

const encodings: Record<string, BufferEncoding> = {
  'UTF-8': 'utf8',
  UTF8: 'utf8',
  'US-ASCII': 'ascii',
  'ISO-8859-1': 'latin1',
  'UTF-16LE': 'utf16le'
}

/** Text to BYTES. */
export function encode(text: string, charset: string): string {
  const name = charset.toUpperCase()
  if (name === 'UTF-16' || name === 'UTF-16BE') {
    const bytes = Buffer.from(text, 'utf16le').swap16()
    return (name === 'UTF-16' ? Buffer.concat([Buffer.from([0xfe, 0xff]), bytes]) : bytes).toString('base64')
  }
  const encoding = Object.hasOwn(encodings, name) ? encodings[name] : undefined
  if (encoding === undefined) throw new RowError(`there is no character set ${charset}`)
  const limit = encoding === 'ascii' ? 0x7f : 0xff
  const encodable =
    encoding === 'utf8' || encoding === 'utf16le'
      ? text
      : Array.from(text, c => ((c.codePointAt(0) as number) > limit ? '?' : c)).join('')
  return Buffer.from(encodable, encoding === 'ascii' ? 'latin1' : encoding).toString('base64')
}

/** BYTES to text. */
export function decode(base64: string, charset: string): string {
  const name = charset.toUpperCase()
  const bytes = Buffer.from(base64, 'base64')
  if (name === 'UTF-16' || name === 'UTF-16BE') {
    const even = Buffer.from(bytes.subarray(0, bytes.length & ~1)).swap16()
    return even.toString('utf16le').replace(/^\ufeff/, '')
  }
  const encoding = Object.hasOwn(encodings, name) ? encodings[name] : undefined
  if (encoding === undefined) throw new RowError(`there is no character set ${charset}`)
  if (encoding !== 'ascii') return bytes.toString(encoding)
  return bytes.toString('latin1').replace(/[\x80-\xff]/g, '\ufffd')
}
