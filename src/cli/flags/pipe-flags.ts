import { UsageError } from '../../base/errors.ts'
import type { PipeAddress } from '../../recipes/pipe/address.ts'
import { lastingFlags, nullFlag, ttlFlag } from './global-flags.ts'

/** The flags of both ends of a pipe. */
export const pipeFlags = { ...lastingFlags, ...nullFlag, ...ttlFlag }

/**
 * Parses `HOST`, `HOST:PORT`, `[ADDRESS]` or `[ADDRESS]:PORT`.
 * @throws UsageError for anything else.
 */
export const parseListen = (text: string): PipeAddress => {
  const [, bracketed, plain, port = '0'] =
    /^(?:\[([0-9a-f:.%]+)\]|([^:[\]/\s]+))(?::(\d{1,5}))?$/i.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535) {
    throw new UsageError(
      `--listen ${JSON.stringify(text)} is not HOST[:PORT]: write 10.0.0.1:7000 or [::1]:7000`,
    )
  }
  return { host, port: Number(port) }
}

/**
 * Parses a host name or an address for use in a URL.
 * @throws UsageError for anything else.
 */
export const parseHost = (text: string): string => {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.%]+)\]|([^:[\]/\s]+))$/i.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined) {
    throw new UsageError(`--advertise ${JSON.stringify(text)} is not a host: write node1 or [::1]`)
  }
  return host
}
