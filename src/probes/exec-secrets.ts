import { isSecretName, redact } from '../base/redact.ts'

/** Commands that run the program that follows them. */
const wrappers = new Set(['command', 'env', 'exec', 'nice', 'nohup', 'setsid', 'sudo', 'time'])

/** Reserved words of the shell's grammar. Such a word is not the name of a program. */
const reserved = new Set(['!', 'case', 'for', 'function', 'if', 'select', 'until', 'while'])

/** `NAME=VALUE`, if the end of the value is certain. */
const assignment = /^[a-z_]\w*=(?:[^\s'"\\$`;&|<>()]|'[^']*'|"[^"\\$`]*")*(?=\s)\s+/i

const program = /^[\w./+-]{1,100}(?=$|[\s;&|<>)])/

/**
 * Returns the program that a shell command runs first: `mysqladmin` for `MYSQL_PWD=secret mysqladmin ping`. No other
 * part of a command is certain to hold no secret. Returns `sh` if the program is not certain.
 */
export const programIn = (command: string): string => {
  let rest = command.trimStart()
  for (;;) {
    rest = withoutAssignments(rest)
    const [word] = program.exec(rest) ?? []
    if (word === undefined || reserved.has(word)) return 'sh'
    const behind = rest.slice(word.length).trimStart()
    const name = word.split('/').at(-1) || 'sh'
    if (!wrappers.has(name) || !/^[\w./]/.test(behind)) return name
    rest = behind
  }
}

const withoutAssignments = (text: string): string => {
  let rest = text
  while (assignment.test(rest)) rest = rest.replace(assignment, '')
  return rest
}

const assigned = /=('[^']*'|"[^"]*"|[^\s;&|<>()'"]+)/g
const used = /\$\{?([a-z_]\w*)/gi

/** Shorter values are not secrets, and they occur in any text. */
const minSecretLength = 3

/**
 * Removes the secrets of a command from its output: the values that the command assigns, and the secret variables that
 * it uses. Returns an empty text if the output repeats a line of the command, because some shells print what they
 * cannot parse.
 */
export const withoutSecretsOf = (
  command: string,
  said: string,
  env: NodeJS.ProcessEnv = process.env,
): string => {
  const texts = command.split('\n').map((line) => line.trim())
  if (texts.some((text) => /\s/.test(text) && said.includes(text))) return ''
  const literals = [...command.matchAll(assigned)].map(([, value = '']) => unquoted(value))
  const names = [...command.matchAll(used)].map(([, name = '']) => name).filter(isSecretName)
  const secrets = [...literals, ...names.map((name) => env[name] ?? '')]
    .filter(({ length }) => length >= minSecretLength)
    .sort((one, other) => other.length - one.length)
  return redact(secrets.reduce((text, secret) => text.replaceAll(secret, '***'), said))
}

const unquoted = (value: string): string => value.replace(/^(['"])(.*)\1$/s, '$2')
