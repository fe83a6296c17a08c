import { join } from 'node:path'
import { UsageError } from '../../base/errors.ts'
import { inHome } from './home.ts'
import { type Given, isParameter, type Parameters, suggestParameter } from './parameters.ts'

/** The directory in which Debian's libpq looks for the system-wide file, unless `PGSYSCONFDIR` is set. */
const systemFolder = '/etc/postgresql-common'

/**
 * Returns the parameters of a service. They come from its section of `servicefile` or `~/.pg_service.conf`, or else of
 * the system-wide file.
 * @throws UsageError if no file has the section, or the section is malformed, or `servicefile` cannot be read.
 */
export const readService = async (service: string, servicefile = ''): Promise<Parameters> => {
  const own = servicefile || inHome('.pg_service.conf')
  const everybody = join(process.env.PGSYSCONFDIR || systemFolder, 'pg_service.conf')
  for (const file of [own, everybody]) {
    const text = await contents(file)
    if (text === undefined && file === servicefile)
      throw new UsageError(`the service file ${file} cannot be read: PGSERVICEFILE names it`)
    const found = text === undefined ? undefined : section(service, text, file)
    if (found !== undefined) return found
  }
  throw new UsageError(`no service ${service} is defined: write a section [${service}] in ${own}`)
}

const contents = async (file: string): Promise<string | undefined> => {
  const { readFile } = await import('node:fs/promises')
  try {
    return await readFile(file, 'utf8')
  } catch {
    return undefined
  }
}

const section = (service: string, text: string, file: string): Parameters | undefined => {
  const lines = text.split('\n').map((line) => line.trim())
  const start = lines.indexOf(`[${service}]`)
  if (start < 0) return undefined
  const found = new Map<string, Given>()
  for (const [index, line] of lines.entries()) {
    if (index <= start || line === '' || line.startsWith('#')) continue
    if (line.startsWith('[')) break
    const [name, given] = setting(line, `line ${index + 1} of ${file}`)
    if (!found.has(name)) found.set(name, given)
  }
  return found
}

const setting = (line: string, place: string): [name: string, given: Given] => {
  if (line.startsWith('ldap'))
    throw new UsageError(`${place} refers to LDAP, which rdv does not support`)
  const [, name, value = ''] = /^([^=]*)=(.*)$/.exec(line) ?? []
  if (name === undefined) throw new UsageError(`${place} is malformed: write NAME=VALUE`)
  if (name === 'service' || name === 'servicefile')
    throw new UsageError(`${place} refers to another service: write its parameters there`)
  if (!isParameter(name))
    throw new UsageError(`${place} has an unknown parameter: ${suggestParameter(name)}`)
  return [name, { value, from: `${name}=${value} in ${place}` }]
}
