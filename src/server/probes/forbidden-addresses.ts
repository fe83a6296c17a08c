import { BlockList, isIP } from 'node:net'
import { UsageError } from '../../base/errors.ts'
import { addressesOf } from '../../probes/addresses.ts'

/** Prefixes of IPv6 addresses that contain an IPv4 address: compatible, and translated (NAT64). */
const EMBEDDING_PREFIXES = ['::', '64:ff9b::']

/** The link-local addresses, and the addresses where clouds serve credentials to any process of the machine. */
const forbidden = new BlockList()

const forbid = (network: string, bits: number): void => {
  forbidden.addSubnet(network, bits, 'ipv4')
  for (const clothes of EMBEDDING_PREFIXES)
    forbidden.addSubnet(`${clothes}${network}`, 96 + bits, 'ipv6')
}

forbid('169.254.0.0', 16)
// Metadata services of Alibaba, Oracle and Azure.
for (const address of ['100.100.100.200', '192.0.0.192', '168.63.129.16']) forbid(address, 32)
forbidden.addSubnet('fe80::', 10, 'ipv6')
// Metadata services of Amazon and Google.
for (const address of ['fd00:ec2::254', 'fd20:ce::254']) forbidden.addAddress(address, 'ipv6')

/**
 * Returns the addresses of a host. The caller must connect to these addresses, because a second lookup of the name may
 * find others.
 * @throws UsageError if one of them is link-local or a metadata service; or the resolver's error.
 */
export const reachableOf = async (host: string): Promise<string[]> => {
  const addresses = await addressesOf(host)
  if (addresses.some(isForbidden)) {
    throw new UsageError(`${host} is link-local or a metadata service, which may not be probed`)
  }
  return addresses
}

const isForbidden = (address: string): boolean => {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  return forbidden.check(address.replace(/%.*/, ''), family)
}
