import {
  type CommandWords,
  type FlagWords,
  nextWords,
  type Topic,
  type Value,
  type Vocabulary,
} from './vocabulary.ts'

/** A completion for zsh's own system, `compinit`. */
export const zshCompletion = (words: Vocabulary): string => `#compdef rdv
# zsh completion for rdv
# rdv completion zsh >a folder of $fpath/_rdv, or source <(rdv completion zsh) in ~/.zshrc, after compinit

_rdv() {
  local -i separator=\${words[(i)--]}
  if ((separator < CURRENT)); then
    # the command that is to be run
    words=("\${(@)words[separator + 1,-1]}")
    ((CURRENT -= separator))
    _normal -p rdv
    return
  fi
  local context state line
  _arguments -C ${words.flags.map(spec).join(' \\\n    ')} \\
    ': :_rdv_words' '*::: :->rest' && return
  [[ $state = rest ]] || return
  words=($line[1] "\${(@)words}")
  ((CURRENT += 1))
  case $line[1] in
${words.topics.map(({ name }) => `  ${name}) ${functionName(name)} ;;`).join('\n')}
${words.commands
  .filter(({ name }) => !name.includes(' '))
  .map(({ name }) => `  ${name}) ${functionName(name)} ;;`)
  .join('\n')}
  esac
}

${menu('_rdv_words', 'command', nextWords(words))}

${words.topics.map(({ name }) => topicFunction(words, name)).join('\n\n')}

${words.commands.map(commandFunction).join('\n\n')}

if [ "$funcstack[1]" = _rdv ]; then
  _rdv "$@"
else
  compdef _rdv rdv
fi
`

const functionName = (name: string): string => `_rdv_${name.replace(' ', '_')}`

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const menu = (name: string, what: string, entries: readonly Topic[]): string => `${name}() {
  local -a entries=(
${entries.map((entry) => `    ${quoted(`${entry.name}:${entry.summary.replaceAll(':', '\\:')}`)}`).join('\n')}
  )
  _describe ${what} entries
}`

const topicFunction = (words: Vocabulary, topic: string): string => {
  const next = nextWords(words, topic)
  const verbs = next.map(({ name }) => `  ${name}) ${functionName(`${topic} ${name}`)} ;;`)
  return `${menu(`${functionName(topic)}_words`, 'command', next)}

${functionName(topic)}() {
  local context state line
  _arguments -C ': :${functionName(topic)}_words' '*::: :->rest' && return
  [[ $state = rest ]] || return
  words=($line[1] "\${(@)words}")
  ((CURRENT += 1))
  case $line[1] in
${verbs.join('\n')}
  esac
}`
}

const commandFunction = ({ name, flags, argument }: CommandWords): string => {
  const specs = [...flags.map(spec), quoted(`*: :${action(argument)}`)]
  return `${functionName(name)}() {
  _arguments ${specs.join(' \\\n    ')}
}`
}

/** A specification for `_arguments`: `--flag=[summary]:VALUE:action`. */
const spec = ({ name, summary, repeatable, value, valueName }: FlagWords): string => {
  const star = repeatable ? '*' : ''
  const explained = `[${summary.replaceAll(/[[\]]/g, '\\$&')}]`
  if (!value) return quoted(`${star}${name}${explained}`)
  const asked = valueName.replaceAll(':', '\\:')
  return quoted(`${star}${name}=${explained}:${asked}:${action(value)}`)
}

const action = (value: Value): string => {
  switch (value.kind) {
    case 'words':
      return `(${value.words.join(' ')})`
    case 'beginnings':
      return `{compadd -S "" -- ${value.words.join(' ').replaceAll(':', '\\:')}}`
    case 'file':
      return '_files'
    case 'directory':
      return '_files -/'
    case 'any':
      return ' '
  }
}
