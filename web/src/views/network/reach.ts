/** Whether a direct path stays within this machine or its network, judged by the address of the other side. */
export type Reach = 'machine' | 'network' | 'beyond'

const machine = /^(localhost|127(\.\d{1,3}){3}|::1)$/
/** Private and link-local addresses, and those that a provider shares out among its customers. */
const network: readonly RegExp[] = [
  /^(10|192\.168|169\.254|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[789]\d|1[01]\d|12[0-7]))(\.\d{1,3})+$/,
  /^(f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):/,
]

export function reachOf(address: string): Reach {
  const host = hostOf(address)
    .toLowerCase()
    .replace(/^::ffff:/, '')
  if (machine.test(host)) return 'machine'
  return network.some((each) => each.test(host)) ? 'network' : 'beyond'
}

/** Reads `host`, `host:port`, `[host]:port`, or a URL of these. */
function hostOf(address: string): string {
  const place = address.replace(/^[\w+.-]+:\/\//, '').split('/')[0]!
  const bracketed = /^\[([^\]]*)\]/.exec(place)?.[1]
  const [host, , ...more] = place.split(':')
  // With more colons it is an address of IPv6 without a port.
  return bracketed ?? (more.length > 0 ? place : host!)
}
