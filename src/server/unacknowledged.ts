import { readFile } from 'node:fs/promises'
import { isIPv4, type Socket } from 'node:net'
import { endianness } from 'node:os'

/** One reading serves all who ask within so many milliseconds. */
const FRESH = 20

/**
 * Of which connections the other end's system has not yet confirmed all that was sent. Node does not tell, but the
 * Linux kernel's table of connections does: that is how a client is noticed that vanished without a word. Where there
 * is no such table nothing is known to be missing.
 */
export class Unacknowledged {
  #reading: Promise<ReadonlySet<string>> | undefined

  /** Connections as `connectionOf` names them. */
  read(): Promise<ReadonlySet<string>> {
    if (!this.#reading) {
      this.#reading = readTables()
      const forget = () => {
        this.#reading = undefined
      }
      setTimeout(forget, FRESH).unref()
    }
    return this.#reading
  }
}

/** A connection as the table has it; `undefined` where it is over. */
export const connectionOf = (socket: Socket | null): string | undefined => {
  const { localAddress, localPort, remoteAddress, remotePort } = socket ?? {}
  if (!localAddress || !localPort || !remoteAddress || !remotePort) return undefined
  return `${toHex(localAddress, localPort)} ${toHex(remoteAddress, remotePort)}`
}

const readTables = async (): Promise<Set<string>> => {
  const tables = ['/proc/self/net/tcp', '/proc/self/net/tcp6']
  const texts = await Promise.all(tables.map((path) => readFile(path, 'latin1').catch(() => '')))
  return new Set(texts.flatMap(unacknowledgedIn))
}

/** Lines are `sl: LOCAL REMOTE state SENDING:RECEIVING …`; what is being sent was not confirmed yet. */
const unacknowledgedIn = (table: string): string[] =>
  [...table.matchAll(/^ *\d+: (\S+ \S+) \S+ ([0-9A-F]{8}):/gm)].flatMap(
    ([, connection = '', sending]) => (sending === '00000000' ? [] : [connection]),
  )

const toHex = (address: string, port: number): string => {
  const bytes = isIPv4(address) ? address.split('.').map(Number) : bytesOf(address)
  const words = Array.from({ length: bytes.length / 4 }, (_, at) => bytes.slice(4 * at, 4 * at + 4))
  // The kernel prints words of 32 bits in this machine's order.
  const ordered = endianness() === 'LE' ? words.map((word) => word.reverse()) : words
  return `${Buffer.from(ordered.flat()).toString('hex')}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
}

/** Of an IPv6 address. */
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
