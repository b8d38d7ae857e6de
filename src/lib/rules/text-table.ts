/**
 * A table in characters with borders, its cells wrapped so that it is no wider than asked, as Python's texttable draws it.
 * Source: texttable (layout), Python Library Reference, textwrap (where lines break).
 */

const WORD_CHARACTER = '[\\p{L}\\p{N}_!"\'&.,?]'
const LETTER = '[\\p{L}_]'
/** Pieces that stay whole where they can: spaces, dashes between words, words up to a hyphen in them. */
const PIECE = new RegExp(
  `([\\t\\n\\v\\f\\r ]+|(?<=${WORD_CHARACTER})-{2,}(?=[\\p{L}\\p{N}_])|[^\\t\\n\\v\\f\\r ]+?(?:-(?:(?<=${LETTER}{2}-)|(?<=${LETTER}-${LETTER}-))(?=${LETTER}-?${LETTER})|(?=[\\t\\n\\v\\f\\r ]|$)|(?<=${WORD_CHARACTER})(?=-{2,}[\\p{L}\\p{N}_])))`,
  'u'
)

const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u

/** Columns of a terminal that a text takes. */
function widthOf(text: string): number {
  let width = 0
  for (const c of text) width += NO_WIDTH.test(c) ? 0 : WIDE.test(c) ? 2 : 1
  return width
}

/** Spaces up to every eighth column in place of tabs. */
export function expandTabs(text: string): string {
  let out = ''
  for (const c of text) out += c === '\t' ? ' '.repeat(8 - ([...out].length % 8)) : c
  return out
}

/** Lines of at most so many characters. */
function wrap(text: string, width: number): string[] {
  const pieces = expandTabs(text)
    .replace(/[\v\f\r]/g, ' ')
    .split(PIECE)
    .filter(p => p !== '')
    .map(p => [...p])
    .reverse()
  const isBlank = (piece: string[] | undefined): boolean =>
    piece !== undefined && piece.join('').trim() === ''
  const lines: string[] = []
  while (pieces.length > 0) {
    if (lines.length > 0 && isBlank(pieces.at(-1))) pieces.pop()
    const line: string[][] = []
    let length = 0
    while (pieces.length > 0 && length + pieces.at(-1)!.length <= width) {
      const piece = pieces.pop()!
      line.push(piece)
      length += piece.length
    }
    const long = pieces.at(-1)
    if (long !== undefined && long.length > width) {
      const end = breakOf(long, width - length)
      line.push(long.slice(0, end))
      pieces[pieces.length - 1] = long.slice(end)
    }
    if (isBlank(line.at(-1))) line.pop()
    if (line.length > 0) lines.push(line.flat().join(''))
  }
  return lines
}

/** Where a word that is longer than a line is broken: behind its last hyphen that has room, else where the room ends. */
function breakOf(word: string[], room: number): number {
  const hyphen = word.lastIndexOf('-', room - 1)
  return room > 0 && hyphen > 0 && word.slice(0, hyphen).some(c => c !== '-') ? hyphen + 1 : room
}

function cellWidth(cell: string): number {
  const widths = cell.split('\n').map(line => {
    const parts = line.split('\t')
    return parts.reduce((length, part, i) => {
      const end = length + widthOf(part)
      return i < parts.length - 1 ? (Math.floor(end / 8) + 1) * 8 : end
    }, 0)
  })
  return Math.max(...widths)
}

/** Where the whole is too wide, room is dealt out a character a column in turn, to those that want more. */
function columnWidths(rows: string[][], most: number): number[] {
  const wanted = rows[0]!.map((_, i) => Math.max(...rows.map(row => cellWidth(row[i]!))))
  let room = most - (3 * (wanted.length - 1) + 4)
  if (wanted.reduce((a, b) => a + b, 0) <= room) return wanted
  const widths = wanted.map(() => 0)
  for (let i = 0; room > 0; i = (i + 1) % widths.length) {
    if (widths[i]! >= wanted[i]!) continue
    widths[i]!++
    room--
  }
  return widths.map(w => Math.max(1, w))
}

function cellLines(cell: string, width: number): string[] {
  return cell.split('\n').flatMap(line => (line.trim() === '' ? [''] : wrap(line, width)))
}

/** Headers are centred, cells stand left. */
export function textTable(headers: string[], rows: string[][], most: number): string {
  const widths = columnWidths([headers, ...rows], most)
  const rule = (c: string): string => `+${widths.map(w => c.repeat(w + 2)).join('+')}+\n`
  const draw = (cells: string[], centred: boolean): string => {
    const columns = cells.map((cell, i) => cellLines(cell, widths[i]!))
    const height = Math.max(...columns.map(c => c.length))
    return Array.from({ length: height }, (_, n) => {
      const line = columns.map((column, i) => {
        const text = column[n] ?? ''
        const fill = Math.max(0, widths[i]! - widthOf(text))
        const left = centred ? Math.floor(fill / 2) : 0
        return ' '.repeat(left) + text + ' '.repeat(fill - left)
      })
      return `| ${line.join(' | ')} |\n`
    }).join('')
  }
  const body = rows.map(row => draw(row, false)).join(rule('-'))
  return `${rule('-')}${draw(headers, true)}${rule('=')}${body}${rule('-')}`.trimEnd()
}
