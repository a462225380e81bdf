import type { Command } from './command.js'
import { type Flag, flagsOf, wordsOf } from './completion-words.js'

/** The script that makes a shell complete these commands, to be evaluated or put where the shell looks for such. */
export const scripts: Readonly<Record<string, (commands: readonly Command[]) => string>> = { bash, zsh, fish }

const distinctFlags = (commands: readonly Command[]) => [
  ...new Map(commands.flatMap(flagsOf).map((flag) => [flag.name, flag])).values()
]

function bash(commands: readonly Command[]): string {
  const flags = distinctFlags(commands)
  const named = (value: Flag['value']) => flags.filter((flag) => flag.value === value).map(({ name }) => name)
  const listed = flags.flatMap(({ name, value }) =>
    Array.isArray(value) ? [`    ${name}) COMPREPLY=($(compgen -W "${value.join(' ')}" -- "$current")); return ;;`] : []
  )
  const perCommand = commands.map((command) => {
    const words = [...wordsOf(command, commands), ...flagsOf(command).map(({ name }) => name)]
    return `    ${command.name === 'start' ? 'start|-*|""' : command.name}) words="${words.join(' ')}" ;;`
  })
  return `# Completes sc-proxy in bash: eval "$(sc-proxy completion bash)"
_sc_proxy() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  # bash takes --flag=value apart.
  if [ "$current" = "=" ]; then current=""
  elif [ "$previous" = "=" ]; then previous="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  COMPREPLY=()
  case "$previous" in
${listed.join('\n')}
    ${named('file').join('|')}) compopt -o filenames 2> /dev/null; local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$current")); return ;;
    ${named('any').join('|')}) return ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words="${commands.map(({ name }) => name).join(' ')} "; fi
  case "$([ "$COMP_CWORD" -gt 1 ] && echo "\${COMP_WORDS[1]}")" in
${perCommand.join('\n').replaceAll('words="', 'words+="')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _sc_proxy sc-proxy
`
}

function zsh(commands: readonly Command[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const plain = (text: string) => text.replace(/[[\]:\\]/g, '\\$&')
  const spec = ({ name, summary, value }: Flag) => {
    const action =
      { none: '', file: ':file:_files', any: ':value: ' }[value as string] ?? `:value:(${[...value].join(' ')})`
    return quoted(`*${name}${value === 'none' ? '' : '='}[${plain(summary)}]${action}`)
  }
  const cases = commands.map((command) => {
    const words = wordsOf(command, commands)
    const specs = [...flagsOf(command).map(spec), ...(words.length > 0 ? [quoted(`1:word:(${words.join(' ')})`)] : [])]
    return `    ${command.name}) _arguments -S ${specs.join(' \\\n      ')} ;;`
  })
  return `#compdef sc-proxy
# Completes sc-proxy in zsh: eval "$(sc-proxy completion zsh)"
_sc_proxy() {
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${plain(summary)}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )) && [[ $PREFIX != -* ]]; then
    _describe command commands
    return
  fi
  local command=start
  if [[ $words[2] != -* ]]; then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = "_sc_proxy" ]; then _sc_proxy "$@"; else compdef _sc_proxy sc-proxy; fi
`
}

function fish(commands: readonly Command[]): string {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`
  const lines = ['# Completes sc-proxy in fish: sc-proxy completion fish | source', 'complete -c sc-proxy -f']
  const others = commands.map(({ name }) => name).join(' ')
  for (const command of commands) {
    const { name, summary } = command
    lines.push(`complete -c sc-proxy -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`)
    const isMeant = `__fish_seen_subcommand_from ${name}${name === 'start' ? `; or not __fish_seen_subcommand_from ${others}` : ''}`
    const condition = `-n ${quoted(isMeant)}`
    const words = wordsOf(command, commands)
    if (words.length > 0) lines.push(`complete -c sc-proxy ${condition} -a ${quoted(words.join(' '))}`)
    for (const { name: flag, summary, value } of flagsOf(command)) {
      const takes =
        { none: '', file: ' -r -F', any: ' -x' }[value as string] ?? ` -x -a ${quoted([...value].join(' '))}`
      lines.push(`complete -c sc-proxy ${condition} -l ${flag.slice(2)}${takes} -d ${quoted(summary)}`)
    }
  }
  return `${lines.join('\n')}\n`
}
