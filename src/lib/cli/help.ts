import { type CommandSpec, type Flag, flagUsage } from './flags.ts'
import { durationText, formatBytes } from './units.ts'

const WIDTH = 78

/** The text of `--help`: every line under 79 columns. */
export function formatHelp(spec: CommandSpec): string {
  const lines: string[] = []
  spec.synopsis.forEach((usage, i) => {
    const head = `${i === 0 ? 'Usage: ' : '       '}${spec.name} `
    lines.push(
      ...wrap(usage, WIDTH - head.length).map((part, k) => (k === 0 ? head : ' '.repeat(head.length)) + part)
    )
  })
  lines.push('', ...wrap(`${capitalize(spec.summary)}.`, WIDTH))
  if (spec.operands?.length) {
    lines.push('', ...table(spec.operands.map(operand => [`  ${operand.name}`, operand.help])))
  }
  lines.push(
    '',
    'Flags:',
    ...table(Object.entries(spec.flags).map(([name, flag]) => [label(name, flag), describe(flag)]))
  )
  if (spec.subcommands?.length) {
    lines.push('', 'Commands:')
    lines.push(...table(spec.subcommands.map(sub => [`  ${sub.name} ${sub.synopsis[0] ?? ''}`, sub.summary])))
  }
  if (spec.examples.length > 0) {
    lines.push('', 'Examples:')
    for (const { text, code } of spec.examples) {
      lines.push(...wrap(`# ${text}`, WIDTH - 2).map(line => `  ${line}`))
      lines.push(...wrapCode(code).map(line => `  ${line}`))
    }
  }
  lines.push(
    '',
    ...wrap(
      `Exit: 0 done, 1 bad input or data, 2 usage, 3 server, 4 threshold. See man ${manName(spec)}.`,
      WIDTH
    )
  )
  return `${lines.join('\n')}\n`
}

/** A subcommand is described in its tool's page. */
function manName(spec: CommandSpec): string {
  return spec.name.split(' ')[0] as string
}

function label(name: string, flag: Flag): string {
  return `${flag.short === undefined ? '      ' : `  -${flag.short}, `}${flagUsage(name, flag)}`
}

function describe(flag: Flag): string {
  return flag.default === undefined ? flag.help : `${flag.help} [${formatDefault(flag)}]`
}

/** A flag's default as a user would write it. */
export function formatDefault(flag: Flag): string {
  if (flag.kind === 'duration') return durationText(Number(flag.default))
  if (flag.kind === 'bytes') return formatBytes(Number(flag.default)).replace(' ', '')
  return String(flag.default)
}

/** Two columns; a left cell that is too long gets a line of its own. */
function table(rows: readonly (readonly [string, string])[] | string[][]): string[] {
  const indent = Math.min(30, Math.max(...rows.map(([left]) => (left as string).length)) + 2)
  const lines: string[] = []
  for (const [left = '', right = ''] of rows) {
    const parts = wrap(right, WIDTH - indent)
    if (left.length > indent - 2) {
      const margin = ' '.repeat(left.length - left.trimStart().length)
      lines.push(...wrap(left.trim(), WIDTH - margin.length).map(part => margin + part))
    } else lines.push(left.padEnd(indent) + (parts.shift() ?? ''))
    lines.push(...parts.map(part => ' '.repeat(indent) + part))
  }
  return lines
}

/** Breaks text at spaces into lines of at most `width` characters. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  if (line !== '') lines.push(line)
  return lines
}

/** Examples are broken before pipes and flags, with backslashes, so that they can be pasted. */
export function wrapCode(code: string, longest = WIDTH - 2): string[] {
  const width = longest - 2 // room for a backslash
  return code.split('\n').flatMap(line => {
    if (line.length <= longest) return [line]
    const lines: string[] = []
    for (const piece of line.split(/ (?=\| |--)/)) {
      const last = lines.at(-1)
      const joins = last !== undefined && !piece.startsWith('| ') && last.length + 1 + piece.length <= width
      if (joins || last === undefined) lines.splice(-1, 1, last === undefined ? piece : `${last} ${piece}`)
      else lines.push(`${piece.startsWith('| ') ? '  ' : '    '}${piece}`)
    }
    return lines.map((part, i) => (i < lines.length - 1 ? `${part} \\` : part))
  })
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
