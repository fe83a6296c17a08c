import {
  type FlagWords,
  nextWords,
  type Value,
  type Vocabulary,
  valuedFlags,
} from './vocabulary.ts'

/**
 * A completion for bash 3.2 and later. Bash splits words at `:` and `=`, so the parts of a URL are separate words, and
 * the text after a URL's scheme is not completed.
 */
export const bashCompletion = (words: Vocabulary): string => `# bash completion for rdv
# eval "$(rdv completion bash)" in ~/.bashrc, or rdv completion bash >~/.local/share/bash-completion/completions/rdv

_rdv() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command= i
  local IFS=$' \\t\\n'
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    --) _rdv_other $((i + 1)); return ;;
    ${names(valuedFlags(words), ' | ')})
      if [ "\${COMP_WORDS[i + 1]}" = = ]; then ((i++)); fi
      ((i++))
      ;;
    -* | : | = | //*) ;;
    *)
      case $command in
      '' | ${words.topics.map(({ name }) => name).join(' | ')}) command="\${command:+$command }\${COMP_WORDS[i]}" ;;
      esac
      ;;
    esac
  done
  if [ "$prev" = = ]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  case $cur in
  =) cur= ;;
  :* | //*) return ;;
  esac
  case $prev in
${cases(valuedFlags(words).map(({ name, value }) => [name, `${reply(value)}; return`]))}
  esac
  case $cur in
  -*) _rdv_flags "$command" ;;
  *) _rdv_argument "$command" ;;
  esac
}

# the command that is to be run
_rdv_other() {
  local IFS=$'\\n'
  if declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif [ "$1" = "$COMP_CWORD" ]; then
    COMPREPLY=($(compgen -c -- "$cur"))
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}

_rdv_flags() {
  local words=
  case $1 in
  '') words='${names(words.flags)}' ;;
${cases(words.commands.map(({ name, flags }) => [name, `words='${names(flags)}'`]))}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}

_rdv_argument() {
  case $1 in
  '') ${reply({ kind: 'words', words: nextWords(words).map(({ name }) => name) })} ;;
${cases(words.topics.map(({ name }) => [name, reply({ kind: 'words', words: nextWords(words, name).map((next) => next.name) })]))}
${cases(words.commands.filter(({ argument }) => argument.kind !== 'any').map(({ name, argument }) => [name, reply(argument)]))}
  esac
}

complete -F _rdv rdv
`

type Case = readonly [pattern: string, action: string]

/** Patterns with the same action become one case. */
const cases = (all: readonly Case[]): string =>
  [...Map.groupBy(all, ([, action]) => action)]
    .map(([action, same]) => {
      const patterns = same.map(([pattern]) => `'${pattern}'`).join(' | ')
      return `  ${patterns}) ${action} ;;`
    })
    .join('\n')

const names = (flags: readonly FlagWords[], separator = ' '): string =>
  flags.map(({ name }) => name).join(separator)

const reply = (value: Value): string => {
  switch (value.kind) {
    case 'words':
      return `COMPREPLY=($(compgen -W '${value.words.join(' ')}' -- "$cur"))`
    case 'beginnings':
      return `compopt -o nospace 2>/dev/null; ${reply({ kind: 'words', words: value.words })}`
    case 'file':
      return `compopt -o filenames 2>/dev/null; IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur"))`
    case 'directory':
      return `compopt -o filenames 2>/dev/null; IFS=$'\\n'; COMPREPLY=($(compgen -d -- "$cur"))`
    case 'any':
      return ':'
  }
}
