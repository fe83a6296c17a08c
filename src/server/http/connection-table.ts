import { readFile } from 'node:fs/promises'
import { isIPv4, type Socket } from 'node:net'
import { endianness } from 'node:os'

/** The kernel's state of a connection. */
interface ConnectionState {
  /** Whether neither end has closed the connection. */
  readonly established: boolean
  /** Whether the other end's system has confirmed everything that was sent. */
  readonly confirmed: boolean
}

/**
 * Reads the Linux kernel's table of connections, keyed by their names. Node does not report how much of a connection's
 * data has arrived, but this table does. So it shows when a client has vanished without closing its connection. On
 * other systems the table is empty.
 */
export const readConnections = async (): Promise<ReadonlyMap<string, ConnectionState>> => {
  const tables = ['/proc/self/net/tcp', '/proc/self/net/tcp6']
  const texts = await Promise.all(tables.map((path) => readFile(path, 'latin1').catch(() => '')))
  return new Map(texts.flatMap(connectionsIn))
}

/** Returns the name of a connection in the table, or `undefined` if the connection has ended. */
export const connectionOf = (socket: Socket | null): string | undefined => {
  const { localAddress, localPort, remoteAddress, remotePort } = socket ?? {}
  if (!localAddress || !localPort || !remoteAddress || !remotePort) return undefined
  return `${toHex(localAddress, localPort)} ${toHex(remoteAddress, remotePort)}`
}

const ESTABLISHED = '01'

/** Lines are `sl: LOCAL REMOTE STATE SENDING:RECEIVING …`. SENDING counts the bytes that are not confirmed yet. */
const connectionsIn = (table: string): [string, ConnectionState][] =>
  [...table.matchAll(/^ *\d+: (\S+ \S+) (\S+) ([0-9A-F]{8}):/gm)].map(
    ([, name = '', state, sending]) => [
      name,
      { established: state === ESTABLISHED, confirmed: sending === '00000000' },
    ],
  )

const toHex = (address: string, port: number): string => {
  const bytes = isIPv4(address) ? address.split('.').map(Number) : bytesOf(address)
  const words = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.slice(4 * at, 4 * at + 4))
  // The kernel prints words of 32 bits in this machine's byte order.
  const ordered = endianness() === 'LE' ? words.map((word) => word.reverse()) : words
  return `${Buffer.from(ordered.flat()).toString('hex')}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
}

/** Returns the bytes of an IPv6 address. */
const bytesOf = (address: string): number[] => {
  const text = address.replace(/%.*/, '').replace(/[\d.]+$/, (last) => {
    if (!isIPv4(last)) return last
    return Buffer.from(last.split('.').map(Number)).toString('hex').replace(/^.{4}/, '$&:')
  })
  const [before = [], after = []] = text
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const middle = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...middle, ...after].flatMap((group) => [
    Number.parseInt(group, 16) >> 8,
    Number.parseInt(group, 16) & 255,
  ])
}
