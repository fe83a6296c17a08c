import { isIPv6 } from 'node:net'

/**
 * Returns the unit to which the limits of one client apply: an IPv4 address, or an IPv6 network of 64 bits, because one
 * machine may use all addresses of such a network.
 */
export const clientNetworkOf = (address = ''): string => {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  if (mapped !== undefined || !isIPv6(address)) return mapped ?? address
  const [front = '', back = ''] = address.replace(/%.*/, '').split('::')
  const groups = [front, back].map((part) => (part === '' ? [] : part.split(':')))
  const zeros = Array.from({ length: Math.max(0, 8 - groups.flat().length) }, () => '0')
  return [...(groups[0] ?? []), ...zeros, ...(groups[1] ?? [])].slice(0, 4).join(':')
}
