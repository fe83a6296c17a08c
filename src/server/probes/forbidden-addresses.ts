import { BlockList, isIP } from 'node:net'
import { UsageError } from '../../base/errors.ts'
import { addressesOf } from '../../probes/addresses.ts'

/** The prefixes behind which an IPv6 address means an IPv4 one: compatible, and translated (NAT64). */
const EMBEDDING_PREFIXES = ['::', '64:ff9b::']

/** Where clouds serve credentials to whoever can connect from the machine, and the link-local addresses. */
const forbidden = new BlockList()

const forbid = (network: string, bits: number): void => {
  forbidden.addSubnet(network, bits, 'ipv4')
  for (const clothes of EMBEDDING_PREFIXES)
    forbidden.addSubnet(`${clothes}${network}`, 96 + bits, 'ipv6')
}

forbid('169.254.0.0', 16)
// Alibaba's, Oracle's and Azure's
for (const address of ['100.100.100.200', '192.0.0.192', '168.63.129.16']) forbid(address, 32)
forbidden.addSubnet('fe80::', 10, 'ipv6')
// those of Amazon and Google
for (const address of ['fd00:ec2::254', 'fd20:ce::254']) forbidden.addAddress(address, 'ipv6')

/**
 * The addresses of a host, to be connected to as they are: a second look at the name may find others.
 * @throws UsageError one of them is link-local or a metadata service; or the resolver's error.
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
