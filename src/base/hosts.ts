/**
 * Names of hosts and origins as HTTP carries them, and which of them mean this machine whatever DNS says. A listener that
 * browsers can reach compares with these what a request names.
 */
import { BlockList, isIP } from 'node:net'
import { CausewayError } from './errors.ts'

/** What is known of a listener that browsers can reach. */
export interface WebListener {
  /** Whether it is bound to this machine only. */
  readonly loopback: boolean
  /** Reports whether its certificate names the host. */
  certifies(host: string): boolean
}

/** Reports whether a host is this machine only: one that a listener is bound to, or one end of a socket. */
export function isLoopback(host: string): boolean {
  return /^(localhost|(::ffff:)?127(\.\d{1,3}){3}|::1)$/.test(host)
}

/**
 * From where a host can be reached, judged by its name or address alone: `machine`: this machine only; `network`: the
 * networks it is in; `everywhere`: perhaps from all of the Internet; `nowhere`: it means no single host.
 */
export type Reach = 'machine' | 'network' | 'everywhere' | 'nowhere'

const subnets: Readonly<Record<Exclude<Reach, 'everywhere'>, readonly string[]>> = {
  machine: ['127.0.0.0/8', '::1/128'],
  // Private (RFC 1918, RFC 4193), shared by customers of a provider (RFC 6598), and link-local.
  network: [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '169.254.0.0/16',
    'fc00::/7',
    'fe80::/10',
  ],
  nowhere: ['0.0.0.0/8', '224.0.0.0/3', '::/128', 'ff00::/8'],
}

const reaches = Object.entries(subnets).map(([reach, nets]) => {
  const list = new BlockList()
  for (const net of nets) {
    const [address, bits] = net.split('/') as [string, string]
    list.addSubnet(address, Number(bits), address.includes(':') ? 'ipv6' : 'ipv4')
  }
  return [reach as Reach, list] as const
})

/** Returns from where a host can be reached. */
export function reachOf(host: string): Reach {
  const address = host.split('%')[0]!
  const kind = isIP(address)
  if (kind !== 0) {
    const found = reaches.find(([, list]) => list.check(address, kind === 6 ? 'ipv6' : 'ipv4'))
    return found?.[0] ?? 'everywhere'
  }
  if (host === 'localhost' || host.endsWith('.localhost')) return 'machine'
  return !host.includes('.') || /\.(local|lan|internal|home\.arpa)$/.test(host) ? 'network' : 'everywhere'
}

/** Reports whether a host is link-local: on a cloud's machine that is where its metadata and secrets are served. */
export function isLinkLocal(host: string): boolean {
  return linkLocal.check(host.split('%')[0]!, isIP(host) === 6 ? 'ipv6' : 'ipv4')
}

const linkLocal = new BlockList()
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4')
linkLocal.addSubnet('fe80::', 10, 'ipv6')

/**
 * Reports whether DNS cannot point the host at this machine: IP addresses are not looked up, and names in `localhost` mean
 * this machine (RFC 6761, section 6.3).
 */
export function isBeyondDns(host: string): boolean {
  return isIP(host) !== 0 || host === 'localhost' || host.endsWith('.localhost')
}

/** Returns the host of a `Host` or `:authority` header, in lower case without its port, or undefined if it has none. */
export function hostOf(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+?)\.?)(?::\d*)?$/i.exec(header)
  return (match?.[1] ?? match?.[2])?.toLowerCase()
}

/** Parses the name of a host, without a port. Returns it as browsers send it. Throws INVALID_ARGUMENT. */
export function parseHost(text: string): string {
  const url = /[:/?#@\s]/.test(text) ? undefined : parseUrl(`http://${text}`)
  if (url === undefined || !/^[a-z0-9._-]+$/.test(url.hostname))
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `Expected the name of a host without a port, such as node.example, got ${JSON.stringify(text)}.`,
    )
  return hostOf(url.hostname)!
}

/** Parses the origin of web pages. Returns it as browsers send it. Throws INVALID_ARGUMENT. */
export function parseOrigin(text: string): string {
  const url = parseUrl(text)
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `Expected the origin of web pages, such as https://app.example or http://localhost:3000, got ${JSON.stringify(text)}.`,
    )
  return url.origin
}

/** Stands for the pages of all origins, which may make calls without a token. */
export const anyOrigin = '*'

/** Parses the origin of web pages that may call a node, or `*`. Throws INVALID_ARGUMENT. */
export function parseAllowedOrigin(text: string): string {
  return text === anyOrigin ? anyOrigin : parseOrigin(text)
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
