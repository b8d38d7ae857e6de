/**
 * A flag is declared once, as data: parsing, `--help`, the man page and shell completion are all made from it.
 *
 * Kinds and the values they give:
 * - `string`: string · `boolean`: true or false · `choice`: one of `choices` · `list`: string[], repeatable, commas split
 * - `strings`: string[], repeatable, commas kept · `integer`: number
 * - `duration`: milliseconds, written `500ms`, `1s`, `15m`, `2h`, `1d` · `bytes`: number, written `64k`, `16MiB`
 */
export type FlagKind = 'string' | 'boolean' | 'choice' | 'list' | 'strings' | 'integer' | 'duration' | 'bytes'

export interface Flag {
  readonly kind: FlagKind
  /** One letter, without its dash. */
  readonly short?: string
  /** A word that may stand before the value: `--emit every 1s`. */
  readonly word?: string
  /** The value's name in help: `FILE`, `URL`, `N`. */
  readonly arg?: string
  readonly choices?: readonly string[]
  /** The choice that the flag alone stands for; a value need not follow then. */
  readonly alone?: string
  readonly default?: string | number | boolean
  /** One phrase for `--help`, without a full stop. */
  readonly help: string
  /** More for the man page: sentences that follow the phrase. */
  readonly doc?: string
  /** How the shell completes the value. */
  readonly complete?: 'file' | 'directory'
}

export type FlagSet = Readonly<Record<string, Flag>>

type Camel<S extends string> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S

type RawValue<F extends Flag> = F['kind'] extends 'boolean'
  ? boolean
  : F['kind'] extends 'list' | 'strings'
    ? string[]
    : F['kind'] extends 'integer' | 'duration' | 'bytes'
      ? number
      : F extends { kind: 'choice'; choices: readonly (infer C)[] }
        ? C
        : string

type Always<F extends Flag> = F['kind'] extends 'boolean' | 'list' | 'strings'
  ? true
  : F extends { default: string | number }
    ? true
    : false

/** The parsed flags: keys in camel case; absent ones are undefined unless they have a default. */
export type FlagValues<S extends FlagSet> = {
  readonly [K in keyof S & string as Camel<K>]: Always<S[K]> extends true
    ? RawValue<S[K]>
    : RawValue<S[K]> | undefined
}

export interface Operand {
  /** As in the synopsis: `URL`, `FILE`. */
  readonly name: string
  readonly help: string
  readonly required?: boolean
  readonly many?: boolean
}

export interface CommandSpec<S extends FlagSet = FlagSet> {
  readonly name: string
  /** The one-line description of the man page's NAME section. */
  readonly summary: string
  /** Usage lines without the tool's name. */
  readonly synopsis: readonly string[]
  /** Paragraphs. */
  readonly description: readonly string[]
  readonly operands?: readonly Operand[]
  readonly flags: S
  readonly examples: readonly { readonly text: string; readonly code: string }[]
  /** Further sections of the man page. */
  readonly sections?: readonly { readonly title: string; readonly text: readonly string[] }[]
  readonly subcommands?: readonly CommandSpec[]
  /** Turns another tool's configuration file into ours: gets the file's content, returns flags by long name. */
  readonly adaptConfig?: (content: Readonly<Record<string, unknown>>) => Record<string, unknown>
}

/** `stop-at` → `stopAt`. */
export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/** What `--flag` looks like in help and man page: `--in PORT`, `--log text|json`. */
export function flagUsage(name: string, flag: Flag): string {
  if (flag.kind === 'boolean') return `--${name}`
  const value = flag.arg ?? (flag.kind === 'choice' ? (flag.choices ?? []).join('|') : defaultArg(flag.kind))
  if (flag.alone !== undefined) return `--${name} [${value}]`
  return flag.word === undefined ? `--${name} ${value}` : `--${name} ${flag.word} ${value}`
}

function defaultArg(kind: FlagKind): string {
  switch (kind) {
    case 'integer':
      return 'N'
    case 'duration':
      return 'TIME'
    case 'bytes':
      return 'SIZE'
    case 'list':
      return 'A,B'
    default:
      return 'TEXT'
  }
}

/** Flags that every tool has. */
export const commonFlags = {
  config: {
    kind: 'string',
    arg: 'FILE',
    complete: 'file',
    help: 'read flags from a YAML file',
    doc: 'Keys are the long names of flags, and of operands in lower case. A flag on the command line wins. ${VAR} in URLs is read from the environment.'
  },
  log: {
    kind: 'choice',
    choices: ['text', 'json'],
    default: 'text',
    help: 'form of the messages on stderr'
  },
  metrics: {
    kind: 'string',
    arg: '[HOST:]PORT',
    help: 'serve Prometheus metrics over HTTP',
    doc: 'Path /metrics. The host is 127.0.0.1 unless given; port 0 takes a free one and names it on stderr.'
  },
  quiet: { kind: 'boolean', short: 'q', help: 'no progress line, only warnings and errors' },
  completion: {
    kind: 'choice',
    choices: ['bash', 'zsh', 'fish'],
    help: 'print a completion script for the shell and exit'
  },
  help: { kind: 'boolean', short: 'h', help: 'show this help and exit' },
  version: { kind: 'boolean', short: 'V', help: 'show the version and exit' }
} as const satisfies FlagSet

/** Flags of tools that read events. */
export const inputFlags = {
  in: {
    kind: 'string',
    arg: 'PORT',
    default: '-',
    complete: 'file',
    help: 'where events come from: -, a file (.gz, .zst), kafka://BROKER[,BROKER...]/TOPIC',
    doc: 'The default, -, is standard input. Files are read to their end. For topics see KAFKA.'
  },
  'stop-at': {
    kind: 'choice',
    choices: ['now'],
    help: 'end behind the records that topics have at the start; files and pipes end by themselves'
  },
  'max-line': {
    kind: 'bytes',
    default: 16 * 1024 * 1024,
    help: 'the longest line that is accepted',
    doc: 'A longer line stops the tool with status 1, so that a file that is not line-delimited cannot fill the memory.'
  },
  'dead-letter': {
    kind: 'string',
    arg: 'FILE',
    complete: 'file',
    help: 'keep lines that cannot be processed in FILE, or in kafka://BROKER[,BROKER...]/TOPIC',
    doc: "Each as one JSON line with the reason and the original bytes, appended to the file, or the value of one record. Without it, the first such line stops the tool with status 1. A mark is acknowledged, or the offsets of a group committed, once the letters before it are durable, in a topic on all replicas; after a kill the lines since then come again, and so do their letters. A topic that is not there is made as the brokers' defaults say. Its records have the document's id as key, where es-sink knows it, and are packed with zstd. Brokers that cannot be reached are waited for as --retry-for says, and then the tool ends with status 3; while more than 1 MB of letters waits for them, it reads no further. For logging in see KAFKA."
  }
} as const satisfies FlagSet

/** Flags of tools that write events. */
export const outputFlags = {
  out: {
    kind: 'string',
    arg: 'PORT',
    default: '-',
    complete: 'file',
    help: 'where events go: -, a file (.gz, .zst)',
    doc: 'The default, -, is standard output. A file is overwritten; with --state it is continued exactly where the last acknowledged mark left it.'
  }
} as const satisfies FlagSet

/** Flags of tools that keep state. */
export const stateFlags = {
  state: {
    kind: 'string',
    arg: 'DIR',
    complete: 'directory',
    help: 'keep state in DIR and resume from it',
    doc: 'All tools of one pipeline share the directory; each writes below DIR/<tool>.'
  },
  name: {
    kind: 'string',
    arg: 'NAME',
    help: 'tells two tools of a kind in one pipeline apart',
    doc: 'The state is then kept in DIR/<tool>.NAME.'
  }
} as const satisfies FlagSet

/** Flags of tools that talk to a server. */
export const serverFlags = {
  'retry-for': {
    kind: 'duration',
    help: 'how long an unreachable server is waited for',
    doc: 'Past it the tool ends with status 3. Unless given, a start waits 10 s, and a tool that was connected once goes on trying for as long as it takes.'
  }
} as const satisfies FlagSet
