import { isIP } from 'node:net'
import { UsageError } from '../../base/errors.ts'
import { printable } from '../../base/redact.ts'

/**
 * Returns a host as it goes into a URL. Only the canonical spelling is accepted: `0x7f.1` and `2130706433` are
 * disguised addresses, and so is an IPv4 address in the form of an IPv6 address.
 * @throws UsageError for any other text.
 */
export const checkProbeHost = (host: string): string => {
  const inUrl = isIP(host) === 6 ? `[${host}]` : host
  const canonical = /^[\w.:[\]-]{1,255}$/.test(inUrl) ? URL.parse(`http://${inUrl}`)?.hostname : ''
  if (canonical === inUrl.toLowerCase() && !/^\[::(ffff:)?[\da-f]+:[\da-f]+\]$/.test(canonical)) {
    return inUrl
  }
  throw new UsageError(
    `${printable(JSON.stringify(host.slice(0, 80)))} is not a host name or an address in its usual form`,
  )
}
