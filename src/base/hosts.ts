/**
 * Names of hosts and origins as HTTP carries them, and which of them mean this machine whatever DNS says. A listener that
 * browsers can reach compares with these what a request names.
 */
import { isIP } from 'node:net'
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

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}
