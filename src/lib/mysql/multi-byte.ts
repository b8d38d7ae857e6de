/** An encoding of the WHATWG standard, and what MySQL's character set does otherwise. */
interface MultiByteCharset {
  /** What TextDecoder calls the encoding that is nearest. */
  readonly encoding: string
  /** Bytes of the character whose first byte is `lead`, with `second` behind it. */
  readonly length: (lead: number, second: number) => number
}

const twoBytes = (from: number, to: number) => (lead: number) => (lead >= from && lead <= to ? 2 : 1)
const japanese = (lead: number): number =>
  lead === 0x8f ? 3 : lead === 0x8e || (lead >= 0xa1 && lead <= 0xfe) ? 2 : 1
const shifted = (lead: number): number =>
  (lead >= 0x81 && lead <= 0x9f) || (lead >= 0xe0 && lead <= 0xfc) ? 2 : 1

export const MULTI_BYTE: Readonly<Record<string, MultiByteCharset>> = {
  sjis: { encoding: 'shift_jis', length: shifted },
  cp932: { encoding: 'shift_jis', length: shifted },
  ujis: { encoding: 'euc-jp', length: japanese },
  eucjpms: { encoding: 'euc-jp', length: japanese },
  euckr: { encoding: 'euc-kr', length: twoBytes(0x81, 0xfe) },
  big5: { encoding: 'big5', length: twoBytes(0xa1, 0xf9) },
  gbk: { encoding: 'gbk', length: twoBytes(0x81, 0xfe) },
  gb2312: { encoding: 'gbk', length: twoBytes(0xa1, 0xf7) },
  gb18030: {
    encoding: 'gb18030',
    length: (lead, second) => (lead < 0x81 || lead > 0xfe ? 1 : second >= 0x30 && second <= 0x39 ? 4 : 2)
  }
}

/**
 * Texts of consecutive codes (the bytes of a character as one big-endian number): the first code, then its text and
 * those of the codes behind it; a number of codes stands for so many that the server shows as `?`.
 */
export type CodeRun = readonly [first: number, texts: string | number]

/** A decoder that takes TextDecoder's word for all characters but those in the runs. */
export function multiByteDecoder(
  { encoding, length }: MultiByteCharset,
  runs: readonly CodeRun[]
): (bytes: Buffer) => string {
  const decoder = new TextDecoder(encoding)
  const differing = new Map<number, string>()
  for (const [first, texts] of runs) {
    const list = typeof texts === 'number' ? new Array<string>(texts).fill('?') : [...texts]
    list.forEach((text, i) => {
      differing.set(first + i, text)
    })
  }
  return bytes => {
    let text = ''
    let from = 0
    for (let at = 0; at < bytes.length; ) {
      const lead = bytes[at] as number
      const size = Math.min(length(lead, bytes[at + 1] ?? 0), bytes.length - at)
      const other = differing.get(size === 1 ? lead : bytes.readUIntBE(at, size))
      if (other !== undefined) {
        if (at > from) text += decoder.decode(bytes.subarray(from, at))
        text += other
        from = at + size
      }
      at += size
    }
    return from < bytes.length ? text + decoder.decode(bytes.subarray(from)) : text
  }
}
