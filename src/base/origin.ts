/**
 * The origin of a connection, which limits count by: one IPv4 host, or one IPv6 network, since whoever has one IPv6
 * address has 2^64 of them. Callers behind one relay, proxy or router share an origin.
 */
import { isIPv6 } from 'node:net'

/** Returns the origin of `ip:port`, `[ip]:port` or the like. Any other text is its own origin. */
export function originOf(remoteAddress: string): string {
  const host = /^\[(.*)\]:\d+$/.exec(remoteAddress)?.[1] ?? remoteAddress.replace(/^([^:]*):\d+$/, '$1')
  if (!isIPv6(host)) return host
  // Once "::" is expanded, the first four groups are the network.
  const [head = '', tail] = host.split('%')[0]!.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':')
    // Ends at eight groups.
    while (groups.length + after.length < 8) groups.push('0')
    groups.push(...after)
  }
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`
}

/**
 * Returns whether the origin is this machine. A program on it needs no network to do harm, and a proxy in front of a
 * node makes everybody come from it.
 */
export function isOwnMachine(origin: string): boolean {
  return origin === '127.0.0.1' || origin === '0:0:0:0::/64' || origin === 'local'
}
