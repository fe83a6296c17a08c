import { withoutValue } from './errors.ts'

/** Words that only a shell understands, but that users write in the place of a program. */
const OF_SHELLS = new Set(
  (
    '. : [[ ! { ( alias bg bind break builtin case cd command continue declare dirs disown eval exec exit export fg fi for function getopts ' +
    'hash if jobs let local mapfile popd pushd read readonly return select set shift shopt source times trap type typeset ulimit umask ' +
    'unalias unset until wait while'
  ).split(' '),
)

/** The words among them that a plain sh does not have. */
const OF_BASH = new Set(
  '[[ declare dirs disown function let local mapfile popd pushd select shopt source typeset'.split(
    ' ',
  ),
)

/** Aliases that systems set up. A program does not see any alias of a shell. */
const ALIASES = new Set(['l', 'la', 'll'])

/** A hint for a program's name that only a shell would understand; `undefined` for any other name. */
export function shellHint(name: string): string | undefined {
  const [first = '', ...others] = name.trim().split(/\s+/)
  const alone = others.length === 0
  if (alone && ASSIGNMENT.test(name)) return `write env ${withoutValue(name)} COMMAND…`
  if (OF_SHELLS.has(first)) return `${first} is part of a shell: write ${scriptFor(name, first)}`
  if (ALIASES.has(first)) return 'aliases exist only in a shell: write the command itself'
  if (name.startsWith('~')) return 'only a shell expands ~: write "$HOME/…"'
  if (OPERATORS.test(name) || ASSIGNMENT.test(name))
    return `COMMAND is not run by a shell: write ${scriptFor(name)}`
  return alone
    ? undefined
    : `COMMAND is not run by a shell: write its words as separate arguments, or write ${scriptFor(name)}`
}

const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/
const OPERATORS = /[|&;<>()$`*?[\]{}#!\n]/

const MAX_LENGTH = 80

function scriptFor(name: string, first = ''): string {
  const text = OF_SHELLS.has(name) ? `${name} …` : withoutValue(name)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const showable = text.length <= MAX_LENGTH && !/[\u0000-\u001f\u007f-\u009f]/.test(text)
  const quoted = showable ? text.replaceAll("'", `'\\''`) : '…'
  return `${OF_BASH.has(first) ? 'bash' : 'sh'} -c '${quoted}'`
}
