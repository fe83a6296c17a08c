import { isSecretName, redact } from '../base/redact.ts'

/** Words that run the program that follows them. */
const wrappers = new Set(['command', 'env', 'exec', 'nice', 'nohup', 'setsid', 'sudo', 'time'])

/** Words of the shell's grammar, which begin something else than a program's name. */
const reserved = new Set(['!', 'case', 'for', 'function', 'if', 'select', 'until', 'while'])

/** `NAME=VALUE`, where it is certain where the value ends. */
const assignment = /^[a-z_]\w*=(?:[^\s'"\\$`;&|<>()]|'[^']*'|"[^"\\$`]*")*(?=\s)\s+/i

const program = /^[\w./+-]{1,100}(?=$|[\s;&|<>)])/

/**
 * The program that a shell command runs first: `mysqladmin` of `MYSQL_PWD=secret mysqladmin ping`. It is all of a command
 * that is sure to hold no secret. `sh` where it is not certain which one it is.
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

/** Shorter ones are no secrets, and stand in any text. */
const minSecretLength = 3

/**
 * What a command said, without what it was told in secret: values that it assigns, variables with secrets that it uses,
 * and, since some shells print what they cannot parse, its own text.
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
