/** The addresses that an operator says others reach the node at: what it cannot see itself, behind a NAT or a proxy. */
import { isIP } from 'node:net'
import { CausewayError } from '../../base/errors.ts'
import { hostOf, reachOf } from '../../base/hosts.ts'
import { limits } from '../../base/limits.ts'
import { parseHttpAddress } from '../../transport/http.ts'

export interface Advertised {
  /** `http://host:port` and `https://host:port`. */
  readonly http: readonly string[]
  /** `ip:port` of QUIC. */
  readonly quic: readonly string[]
}

/**
 * Sorts such addresses by their transport: `http://host:port`, `https://host:port`, and `quic:IP:PORT`. Throws
 * INVALID_ARGUMENT for anything else, and LIMIT_EXCEEDED past `limits.advertised`.
 */
export function parseAdvertised(addresses: readonly string[]): Advertised {
  if (addresses.length > limits.advertised)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A node advertises at most ${limits.advertised} addresses, got ${addresses.length}.`,
    )
  const [http, quic]: [string[], string[]] = [[], []]
  for (const address of addresses) {
    const socket = /^quic:(.+:\d{1,5})$/.exec(address)?.[1]
    if (socket !== undefined && isSocket(socket)) quic.push(socket)
    else if (isHttp(address)) http.push(address.replace(/\/$/, ''))
    else
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `An address to advertise is http://HOST:PORT, https://HOST:PORT or quic:IP:PORT, got ${JSON.stringify(address.slice(0, 200))}.`,
      )
  }
  return { http, quic }
}

function isHttp(address: string): boolean {
  try {
    return address.length <= limits.addressBytes && reachOf(parseHttpAddress(address).host) !== 'nowhere'
  } catch {
    return false
  }
}

/** Reports whether a text is the IP address and the port of one socket. */
export function isSocket(text: string): boolean {
  const host = hostOf(text) ?? ''
  const port = Number(/:(\d+)$/.exec(text)?.[1])
  return isIP(host) !== 0 && reachOf(host) !== 'nowhere' && port > 0 && port < 65_536
}
