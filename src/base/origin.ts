/**
 * Where a connection comes from, as limits count it: one host of IPv4, or one network of IPv6, since whoever has an
 * IPv6 address has 2^64 of them. Callers behind one relay share it, as do those behind one proxy or router.
 */
import { isIPv6 } from 'node:net'

/** The origin of `ip:port`, `[ip]:port` or the like; other text is an origin by itself. */
export function originOf(remoteAddress: string): string {
  const host = /^\[(.*)\]:\d+$/.exec(remoteAddress)?.[1] ?? remoteAddress.replace(/^([^:]*):\d+$/, '$1')
  if (!isIPv6(host)) return host
  // With both ends of a "::" apart, the first four groups are the network.
  const [head = '', tail] = host.split('%')[0]!.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':')
    while (groups.length + after.length < 8) groups.push('0')
    groups.push(...after)
  }
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/** This machine itself: whoever is on it needs no network to do harm, and a proxy in front of a node carries everybody. */
export function isOwnMachine(origin: string): boolean {
  return origin === '127.0.0.1' || origin === '0:0:0:0::/64' || origin === 'local'
}
