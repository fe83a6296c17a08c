import { redact } from '../base/redact.ts'
import { attempt } from './attempt.ts'
import { malformedUrl, parseConnectionUrl } from './postgres/connection-url.ts'
import type { Parameters } from './postgres/parameters.ts'
import { combine, serviceOf } from './postgres/settings.ts'
import type { Settings } from './postgres/wanted.ts'
import type { ProbeFactory } from './probe.ts'

/**
 * `postgres://…` and `postgresql://…`: up if a session can be opened and `SELECT 1` is answered, so user, password and
 * database must be right. The URL has the same meaning as for `psql`. Parts that the URL leaves out come from the
 * places that psql uses: a service file, the environment and a password file.
 */
const postgres: ProbeFactory = (text, { resolve }) => {
  const url = parseConnectionUrl(text)
  if (serviceOf(url).service === undefined) checked(text, combine(url))
  const check = async (signal: AbortSignal) => {
    const settings = checked(text, await settingsFor(url))
    const { checkHosts } = await import('./postgres/check-hosts.ts')
    return checkHosts(settings, signal, resolve)
  }
  return { name: redact(text), check: (signal) => attempt(signal, () => check(signal)) }
}

export default postgres

const settingsFor = async (url: Parameters): Promise<Settings> => {
  const { service, servicefile } = serviceOf(url)
  if (service === undefined) return combine(url)
  const { readService } = await import('./postgres/service-file.ts')
  return combine(url, await readService(service, servicefile))
}

/** Refuses a URL without a host, unlike psql, because such a URL may result from an empty variable. */
const checked = (text: string, settings: Settings): Settings => {
  const unusable = settings.hosts.length === 0 || settings.hosts.some(isNameless)
  if (unusable) throw malformedUrl(text, 'has no usable host')
  return settings
}

const isNameless = ({ name, address }: Settings['hosts'][number]): boolean =>
  `${name}${address}` === '' || /[\s\p{Cc}]/u.test(name)
