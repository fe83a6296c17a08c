import { BlockList, isIP } from 'node:net'
import { UsageError } from '../../base/errors.ts'

/** A pattern of targets that may be probed. */
export interface ProbePattern {
  hasPort(port: number): boolean
  /** Whether the pattern permits a host of this name, whatever its addresses are. */
  names(host: string): boolean
  /** Whether the pattern may hold an address of this host. Its addresses are not known yet. */
  mayHold(host: string): boolean
  holds(address: string): boolean
}

/**
 * Parses a pattern: `HOST`, `HOST:PORT` or `HOST:PORT-PORT`. HOST is a name, `*.NAME` (all names below it), `*`, an
 * address, or a network such as `10.0.0.0/8`. IPv6 with a port is written in brackets: `[fd00::/8]:5432`.
 * @throws UsageError if the text is not a pattern.
 */
export const parseProbePattern = (text: string): ProbePattern => {
  const [host, ports] = split(text.toLowerCase())
  const hasPort = portsOf(ports, text)
  const nobody = () => false
  if (isName(host)) return { hasPort, names: namedLike(host), mayHold: nobody, holds: nobody }
  const holds = within(host, text)
  const mayHold = (one: string) => isIP(one) === 0 || holds(one)
  return { hasPort, names: nobody, mayHold, holds }
}

const split = (text: string): [host: string, ports: string | undefined] => {
  const [, bracketed, inBrackets] = /^\[(.+)\](?::([^:]+))?$/.exec(text) ?? []
  if (bracketed !== undefined) return [bracketed, inBrackets]
  const [, plain, ports] = /^([^:]+):([^:]+)$/.exec(text) ?? []
  return [plain ?? text, ports]
}

const portsOf = (ports: string | undefined, text: string): ((port: number) => boolean) => {
  if (ports === undefined || ports === '*') return () => true
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports) ?? []
  const [first, last] = [Number(from), Number(to)]
  if (!(1 <= first && first <= last && last <= 65_535)) throw malformed(text)
  return (port) => first <= port && port <= last
}

const isName = (host: string): boolean =>
  host === '*' || (/^(\*\.)?[\w-]+(\.[\w-]+)*$/.test(host) && !/^[\d.]+$/.test(host))

const namedLike = (pattern: string): ((host: string) => boolean) => {
  if (pattern === '*') return () => true
  const end = pattern.startsWith('*') ? pattern.slice(1) : undefined
  return (host) => {
    const name = host.toLowerCase()
    return end === undefined ? name === pattern : name.endsWith(end)
  }
}

const within = (network: string, text: string): ((address: string) => boolean) => {
  const [address = '', bits, ...more] = network.split('/')
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  const longest = family === 'ipv6' ? 128 : 32
  const length = bits === undefined ? longest : Number(/^\d{1,3}$/.exec(bits)?.[0])
  if (isIP(address) === 0 || !(length <= longest) || more.length > 0) throw malformed(text)
  const list = new BlockList()
  list.addSubnet(address, length, family)
  return (one) => isIP(one) !== 0 && list.check(one, isIP(one) === 6 ? 'ipv6' : 'ipv4')
}

const malformed = (text: string): UsageError =>
  new UsageError(
    `--allow-probe ${JSON.stringify(text.slice(0, 80))} is not a pattern: write HOST:PORT, *.NAME:PORT or 10.0.0.0/8:PORT`,
  )
