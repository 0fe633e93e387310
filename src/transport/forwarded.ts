/**
 * From where a request comes that a trusted proxy passes on, by the header Forwarded (RFC 7239, section 4) or
 * X-Forwarded-For. Each proxy adds the address that it has seen at the end, so only the end can be trusted.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIP } from 'node:net'
import { limits } from '../base/limits.ts'
import { hostPort } from './listening.ts'

/** How trusted proxies say from where a connection comes: the PROXY protocol, or one of these headers of each request. */
export type ProxySends = 'proxy' | 'forwarded' | 'x-forwarded-for'
export const proxySends: readonly ProxySends[] = ['proxy', 'forwarded', 'x-forwarded-for']

/**
 * Returns the last address of the header that is no trusted proxy, as `ip:port` with port 0 if none is named. If all are
 * trusted, it is the first of them. Returns undefined without the header, or if what a proxy has added is no address.
 */
export function forwardedSource(
  headers: IncomingHttpHeaders,
  sends: Exclude<ProxySends, 'proxy'>,
  isTrusted: (address: string) => boolean,
): string | undefined {
  // Node joins several headers of this name by commas.
  const text = [headers[sends] ?? ''].flat().join(',')
  const hops = text.split(',').slice(-limits.forwardedHops).reverse()
  let source: string | undefined
  for (const hop of hops) {
    const node = sends === 'forwarded' ? forIn(hop) : hop.trim()
    const address = node === undefined ? undefined : addressIn(node)
    if (address === undefined) return source
    source = hostPort(address.host, address.port)
    if (!isTrusted(address.host)) return source
  }
  return source
}

/** Returns what an element of Forwarded says after `for=`. */
function forIn(element: string): string | undefined {
  const [, quoted, token] = /(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^\s";,]+))\s*(?:;|$)/i.exec(element) ?? []
  return quoted ?? token
}

/** Reads `1.2.3.4`, `1.2.3.4:5`, `2001:db8::1`, `[2001:db8::1]` and `[2001:db8::1]:5`. */
function addressIn(node: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(node) ?? []
  const host = bracketed ?? plain ?? node
  if (isIP(host) === 0) return undefined
  return { host: host.replace(/^::ffff:(?=\d+\.)/i, ''), port: Number(port ?? 0) }
}
