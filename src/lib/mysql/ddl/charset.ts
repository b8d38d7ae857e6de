/** Most bytes of a character; all other character sets have one. */
const WIDTHS: Readonly<Record<string, number>> = {
  utf8mb4: 4,
  utf8mb3: 3,
  utf8: 3,
  ucs2: 2,
  utf16: 4,
  utf16le: 4,
  utf32: 4,
  gb18030: 4,
  gbk: 2,
  gb2312: 2,
  big5: 2,
  sjis: 2,
  cp932: 2,
  euckr: 2,
  ujis: 3,
  eucjpms: 3
}

export function bytesPerCharacter(charset: string): number {
  return WIDTHS[charset] ?? 1
}

/**
 * The character set of a collation by its name (`latin1_swedish_ci`); null for names that do not tell: MariaDB's
 * `uca1400_ai_ci` is one of any Unicode set, `DEFAULT` one of any.
 */
export function charsetOfCollationName(collation: string): string | null {
  const name = collation.toLowerCase()
  if (name === 'default' || name.startsWith('uca1400')) return null
  return name.split('_')[0] ?? null
}

/** What a definition says of its character set; `binary` says that text is compared by its bytes. */
export interface CharsetClause {
  readonly charset: string | null
  readonly collation: string | null
}

/** @param otherwise what applies where nothing is said */
export function resolveCharset(
  { charset, collation }: CharsetClause,
  otherwise: string | null
): string | null {
  if (charset !== null) return charset
  return (collation === null ? null : charsetOfCollationName(collation)) ?? otherwise
}
