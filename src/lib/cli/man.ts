import { type CommandSpec, type Flag, flagUsage } from './flags.ts'
import { formatDefault, wrapCode } from './help.ts'

/**
 * A man page in roff (man(7) macros) from the declaration. Has no date and no version, so that it changes only when
 * the declaration does.
 */
export function formatMan(spec: CommandSpec): string {
  const lines = [`.TH ${spec.name.toUpperCase()} 1 "" millrace "User Commands"`]
  // Left-aligned and without hyphenation: a hyphen inside an identifier would be taken for part of it.
  lines.push('.ad l', '.nh')
  lines.push('.SH NAME', `${roff(spec.name)} \\- ${roff(spec.summary)}`)
  lines.push('.SH SYNOPSIS')
  for (const usage of spec.synopsis) lines.push(`.B ${roff(spec.name)}`, roff(usage), '.br')
  lines.push('.SH DESCRIPTION', ...paragraphs(spec.description))
  if (spec.operands?.length) {
    lines.push('.SH OPERANDS')
    for (const operand of spec.operands) lines.push('.TP', `.I ${roff(operand.name)}`, sentence(operand.help))
  }
  lines.push('.SH OPTIONS')
  for (const [name, flag] of Object.entries(spec.flags)) {
    lines.push(
      '.TP',
      `.B ${roff(`${flag.short === undefined ? '' : `-${flag.short}, `}${flagUsage(name, flag)}`)}`
    )
    lines.push(flagText(flag))
  }
  for (const sub of spec.subcommands ?? []) {
    lines.push(`.SH ${roff(sub.name.toUpperCase())}`)
    for (const usage of sub.synopsis) lines.push(`.B ${roff(`${spec.name} ${sub.name}`)}`, roff(usage), '.br')
    lines.push('.PP', ...paragraphs(sub.description))
  }
  for (const section of spec.sections ?? []) {
    lines.push(`.SH ${roff(section.title.toUpperCase())}`, ...paragraphs(section.text))
  }
  lines.push('.SH EXIT STATUS')
  for (const [code, meaning] of EXITS) lines.push('.TP', `.B ${code}`, roff(meaning))
  lines.push('.SH EXAMPLES')
  for (const { text, code } of spec.examples)
    lines.push(
      '.PP',
      sentence(text),
      '.PP',
      '.nf',
      '.RS 4',
      ...wrapCode(code, CODE_WIDTH).map(roff),
      '.RE',
      '.fi'
    )
  return `${lines.join('\n')}\n`
}

/** What is left of a terminal's 78 columns beside the indent. */
const CODE_WIDTH = 67

const EXITS = [
  ['0', 'Done, or the reader of the output closed the pipe.'],
  ['1', 'Bad input or data; the message names the place.'],
  ['2', 'Usage: a flag, a configuration, a query or a rule that cannot be run.'],
  ['3', 'A server refused, or stayed unreachable.'],
  ['4', 'A threshold was crossed.']
] as const

function flagText(flag: Flag): string {
  const text = [sentence(flag.help)]
  if (flag.doc !== undefined) text.push(roff(flag.doc))
  if (flag.default !== undefined && !flag.doc?.includes('default'))
    text.push(`Default: ${roff(formatDefault(flag))}.`)
  return text.join('\n')
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, i) => {
    const body = text.startsWith('    ')
      ? ['.nf', '.RS 4', roff(text.replace(/^ {4}/gm, '')), '.RE', '.fi']
      : [roff(text)]
    return i === 0 ? body : ['.PP', ...body]
  })
}

/** A phrase as a sentence; one that begins with a literal (a URL, a field) keeps its small letter. */
function sentence(text: string): string {
  const capital = /^[a-z]+(?![\w:[./-])/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
  return roff(/[.!?]$/.test(capital) ? capital : `${capital}.`)
}

/**
 * Escapes what roff would take for markup or print as another character (groff_char(7)): a terminal must show the quotes
 * and hyphens of a command as they are typed. Dots at the start of a line would be macros.
 */
function roff(text: string): string {
  return text
    .replace(/[\\'"`^~-]/g, character => ESCAPES[character] as string)
    .replace(
      /[^\0-\x7f]/gu,
      character => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`
    )
    .replace(/^\./gm, '\\&.')
}

const ESCAPES: Record<string, string> = {
  '\\': '\\e',
  "'": '\\(aq',
  '"': '\\(dq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '-': '\\-'
}
