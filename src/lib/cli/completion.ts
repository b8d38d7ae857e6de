import type { CommandSpec, Flag } from './flags.ts'

export type Shell = 'bash' | 'zsh' | 'fish'

/** A completion script for the shell, to be sourced: `source <(cdc-tail --completion bash)`. */
export function formatCompletion(spec: CommandSpec, shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash(spec)
    case 'zsh':
      return zsh(spec)
    case 'fish':
      return fish(spec)
  }
}

function bash(spec: CommandSpec): string {
  const fn = `_${spec.name.replace(/-/g, '_')}`
  const cases = Object.entries(spec.flags)
    .filter(([, flag]) => flag.kind !== 'boolean')
    .map(
      ([name, flag]) =>
        `    --${name}${flag.short === undefined ? '' : `|-${flag.short}`}) ${bashValue(flag)}; return ;;`
    )
  const subcommands = (spec.subcommands ?? []).map(sub => sub.name)
  const first =
    subcommands.length === 0 ? '' : `\n    ((COMP_CWORD > 1)) || COMPREPLY+=(${bashWords(subcommands)})`
  // Words are separated by newlines, since names of files may have spaces. --flag=value comes as three words.
  return `${fn}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} IFS=$'\\n'
  COMPREPLY=()
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  case $prev in
${cases.join('\n')}
  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=(${bashWords(Object.keys(spec.flags).map(name => `--${name}`))})
  else
    COMPREPLY=($(compgen -f -- "$cur"))${first}
  fi
}
complete -o filenames -F ${fn} ${spec.name}
`
}

function bashWords(words: readonly string[]): string {
  return `$(compgen -W $'${words.join('\\n')}' -- "$cur")`
}

function bashValue(flag: Flag): string {
  if (flag.choices !== undefined) return `COMPREPLY=(${bashWords(flag.choices)})`
  if (flag.complete === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))'
  if (flag.complete === 'directory') return 'COMPREPLY=($(compgen -d -- "$cur"))'
  return 'COMPREPLY=()'
}

function zsh(spec: CommandSpec): string {
  const args = Object.entries(spec.flags).map(([name, flag]) => {
    const help = flag.help.replace(/[[\]:']/g, ' ')
    const repeat = flag.kind === 'list' || flag.kind === 'strings' ? '*' : ''
    return `  '${repeat}--${name}[${help}]${zshValue(flag)}'`
  })
  return `#compdef ${spec.name}
_arguments \\
${args.join(' \\\n')} \\
  '*:file:_files'
`
}

function zshValue(flag: Flag): string {
  if (flag.kind === 'boolean') return ''
  if (flag.choices !== undefined) return `:value:(${flag.choices.join(' ')})`
  if (flag.complete === 'file') return ':file:_files'
  if (flag.complete === 'directory') return ':directory:_files -/'
  return ':value: '
}

function fish(spec: CommandSpec): string {
  const lines = Object.entries(spec.flags).map(([name, flag]) => {
    const parts = [`complete -c ${spec.name} -l ${name}`]
    if (flag.short !== undefined) parts.push(`-s ${flag.short}`)
    if (flag.kind !== 'boolean') parts.push(flag.complete === undefined ? '-x' : '-r')
    if (flag.choices !== undefined) parts.push(`-a '${flag.choices.join(' ')}'`)
    parts.push(`-d '${flag.help.replaceAll("'", "\\'")}'`)
    return parts.join(' ')
  })
  return `${lines.join('\n')}\n`
}
