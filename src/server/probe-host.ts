import { BlockList, isIP } from 'node:net'
import { UsageError } from '../errors.ts'
import { addressesOf } from '../probes/addresses.ts'
import type { Probe } from '../probes/probe.ts'

/** Where clouds serve credentials to whoever can connect from the machine, and the link-local addresses. */
const forbidden = new BlockList()
forbidden.addSubnet('169.254.0.0', 16, 'ipv4')
forbidden.addSubnet('fe80::', 10, 'ipv6')
forbidden.addAddress('100.100.100.200', 'ipv4')
forbidden.addAddress('192.0.0.192', 'ipv4')
forbidden.addAddress('fd00:ec2::254', 'ipv6')

/**
 * A host as it goes into a URL. Only in its canonical spelling: `0x7f.1` and `2130706433` are addresses in disguise.
 * @throws UsageError any other text.
 */
export const checkProbeHost = (host: string): string => {
  const inUrl = isIP(host) === 6 ? `[${host}]` : host
  const canonical = /^[\w.:[\]-]+$/.test(inUrl) ? URL.parse(`http://${inUrl}`)?.hostname : undefined
  if (canonical !== inUrl.toLowerCase()) {
    throw new UsageError(
      `${JSON.stringify(host.slice(0, 80))} is no host name or address in its usual form`,
    )
  }
  return inUrl
}

/** The same probe, which refuses a host that means a forbidden address, each time it looks. */
export const guarded = (probe: Probe, host: string): Probe => ({
  name: probe.name,
  async look(signal) {
    const addresses = await addressesOf(host).catch(() => [])
    if (addresses.some(isForbidden)) {
      throw new UsageError(`${host} is link-local or a metadata service: it is not probed`)
    }
    return probe.look(signal)
  },
})

const isForbidden = (address: string): boolean =>
  forbidden.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
