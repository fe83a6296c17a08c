import { codeOf } from '../base/reason.ts'

const lookups = new Map<string, Promise<string[]>>()

/**
 * Returns the addresses of a host, as getaddrinfo reports them. `localhost` always has both of its addresses, whatever
 * the hosts file says, because a server in a container often listens on only one of them.
 * @throws the resolver's error, with its code.
 */
export const addressesOf = async (host: string): Promise<string[]> => {
  const { isIP } = await import('node:net')
  if (isIP(host) !== 0) return [host]
  return /^localhost\.?$/i.test(host) ? ['127.0.0.1', '::1'] : resolve(host)
}

/**
 * Resolves a host through getaddrinfo. A lookup cannot be cancelled, and getaddrinfo has only a few threads, which it
 * shares with file access. So a later call joins a lookup of the same host that is under way instead of queueing behind
 * it.
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
 * If no file descriptor is left, getaddrinfo can neither read its files nor query a server, and it reports that the
 * name does not exist.
 * @throws the system's error if no file descriptor is left.
 */
const checkDescriptors = async (): Promise<void> => {
  const { closeSync, openSync } = await import('node:fs')
  closeSync(openSync('/dev/null', 'r'))
}
