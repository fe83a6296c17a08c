import { codeOf } from '../base/reason.ts'

const lookups = new Map<string, Promise<string[]>>()

/**
 * The addresses of a host as getaddrinfo has them. `localhost` is both of its addresses, whatever the hosts file
 * says: a server in a container often listens on one of them only.
 * @throws the resolver's error, with its code.
 */
export const addressesOf = async (host: string): Promise<string[]> => {
  const { isIP } = await import('node:net')
  if (isIP(host) !== 0) return [host]
  return /^localhost\.?$/i.test(host) ? ['127.0.0.1', '::1'] : resolve(host)
}

/**
 * Asks getaddrinfo. It cannot be cancelled and has only a few threads, which it shares with file access: so later
 * attempts join a lookup that is under way instead of queueing behind it.
 */
export const resolve = (host: string): Promise<string[]> => {
  const pending = lookups.get(host)
  if (pending !== undefined) return pending
  const lookup = ask(host).finally(() => lookups.delete(host))
  lookups.set(host, lookup)
  return lookup
}

const ask = async (host: string): Promise<string[]> => {
  const { lookup } = await import('node:dns/promises')
  try {
    const found = await lookup(host, { all: true })
    return [...new Set(found.map(({ address }) => address))]
  } catch (error) {
    if (codeOf(error) === 'ENOTFOUND') await checkDescriptors()
    throw error
  }
}

/**
 * Where no descriptor is left, getaddrinfo can read nothing and ask nobody, and says that there is no such name.
 * @throws the system's error, where it is so.
 */
const checkDescriptors = async (): Promise<void> => {
  const { closeSync, openSync } = await import('node:fs')
  closeSync(openSync('/dev/null', 'r'))
}
