import {
  type CommandWords,
  type FlagWords,
  nextWords,
  type Topic,
  type Value,
  type Vocabulary,
  valuedFlags,
} from './vocabulary.ts'

/** A completion for fish 3 and later. */
export const fishCompletion = (words: Vocabulary): string => `# fish completion for rdv
# rdv completion fish >~/.config/fish/completions/rdv.fish

# Which command is being written: "", "counter", "counter inc"; COMMAND behind --.
function __rdv_command
    set -l found
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case --
                echo COMMAND
                return
            case ${valuedFlags(words)
              .map(({ name }) => name)
              .join(' ')}
                set skip 1
            case '-*'
            case '*'
                contains -- "$found" "" ${words.topics.map(({ name }) => name).join(' ')}
                and set found (string trim -- "$found $word")
        end
    end
    echo "$found"
end

function __rdv_is
    test (__rdv_command) = "$argv"
end

# The command that is to be run, as it would be completed by itself.
function __rdv_other
    set -l typed (commandline -opc)
    set -l at (contains -i -- -- $typed)
    complete --do-complete=(string join ' ' -- $typed[(math $at + 1)..-1] (commandline -ct))
end

complete -c rdv -f
complete -c rdv -n '__rdv_is COMMAND' -a '(__rdv_other)'
${words.flags.map((flag) => flagLine('', flag)).join('\n')}
${menu('', nextWords(words))}

${words.topics.map(({ name }) => menu(name, nextWords(words, name))).join('\n')}

${words.commands.map(commandLines).join('\n\n')}
`

/** A string in single quotes. */
const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`

const condition = (command: string): string => `-n ${quoted(`__rdv_is ${command || '""'}`)}`

const menu = (command: string, entries: readonly Topic[]): string =>
  entries
    .map(
      ({ name, summary }) =>
        `complete -c rdv ${condition(command)} -a ${name} -d ${quoted(summary)}`,
    )
    .join('\n')

const commandLines = ({ name, flags, argument }: CommandWords): string => {
  const lines = flags.map((flag) => flagLine(name, flag))
  if (argument.kind === 'words' || argument.kind === 'beginnings') {
    lines.push(`complete -c rdv ${condition(name)} -a ${quoted(argument.words.join(' '))}`)
  }
  return lines.join('\n')
}

const flagLine = (command: string, { name, summary, value }: FlagWords): string => {
  const taken = value ? ` ${accepted(value)}` : ''
  return `complete -c rdv ${condition(command)} -l ${name.slice(2)}${taken} -d ${quoted(summary)}`
}

const accepted = (what: Value): string => {
  switch (what.kind) {
    case 'words':
    case 'beginnings':
      return `-xa ${quoted(what.words.join(' '))}`
    case 'file':
      return '-rF'
    case 'directory':
      return "-xa '(__fish_complete_directories)'"
    case 'any':
      return '-x'
  }
}
