import { expandEnv } from './env.ts'
import { usageError } from './errors.ts'
import type { Flag } from './flags.ts'
import { suggest } from './suggest.ts'
import { parseBytes, parseDuration, parseInteger } from './units.ts'

/**
 * The value of a flag from its text. `previous` is what the same flag gave earlier, for lists.
 * @throws ToolError USAGE
 */
export function convertFlag(name: string, flag: Flag, text: string, previous?: unknown): unknown {
  const what = `--${name}`
  if (flag.word !== undefined && text.startsWith(`${flag.word} `)) text = text.slice(flag.word.length + 1)
  switch (flag.kind) {
    case 'integer':
      return parseInteger(text, what)
    case 'duration':
      return parseDuration(text, what)
    case 'bytes':
      return parseBytes(text, what)
    case 'list':
      return [
        ...((previous as string[] | undefined) ?? []),
        ...text.split(',').map(item => item.trim())
      ].filter(item => item !== '')
    case 'strings':
      return [...((previous as string[] | undefined) ?? []), text]
    case 'choice': {
      const choices = flag.choices ?? []
      if (choices.includes(text)) return text
      const near = suggest(text, choices)
      throw usageError(
        `${what}: '${text}' is not one of ${choices.join(', ')}`,
        near === undefined ? undefined : `did you mean ${near}?`
      )
    }
    default:
      return expandEnv(text, what)
  }
}
