/**
 * Keeps web pages from calling a node through the browser of somebody who can reach it. A page may point its own name at
 * the node's address (DNS rebinding): its requests then name a host that is not the node's. A page elsewhere may send
 * requests: browsers then name its origin. Programs name no origin, so a listener beyond this machine, which peers reach
 * by names that it does not know, goes by the origin alone. Browsers name no origin with a GET of a page's own host, or of
 * a picture, so a call by GET goes by the host everywhere.
 */
import { CausewayError } from '../../../base/errors.ts'
import { anyOrigin, hostOf, isBeyondDns, type WebListener } from '../../../base/hosts.ts'

/** What an operator allows beside what a listener knows to be its own. */
export interface AllowedNames {
  /** Names of hosts, as `parseHost` returns them. */
  readonly hosts: readonly string[]
  /** Origins of web pages, as `parseAllowedOrigin` returns them. */
  readonly origins: readonly string[]
}

/** What a request says about where it comes from and where it goes. */
export interface Naming {
  /** The headers `:authority` and `host`, as far as the request has them. */
  readonly hosts: readonly string[]
  readonly origin: string | undefined
  /** Whether it has a token: what is open to the pages of all origins is open without one. */
  readonly proves: boolean
  /** Whether it is a call by GET. */
  readonly isGetCall?: boolean
  /** Whether the browser says that a page of another origin makes it; not every browser says so. */
  readonly fromElsewhere?: boolean
  readonly isHttp2: boolean
}

/** The host that calls name on a stream that was not dialled by a URL: see rpc/client/connection.ts. */
const ownName = 'causeway'

/** Returns the reason to refuse a request, or undefined. */
export function refuseNaming(
  { hosts, origin, proves, isGetCall = false, fromElsewhere = false, isHttp2 }: Naming,
  listener: WebListener,
  allowed: AllowedNames,
): CausewayError | undefined {
  const isOwn = (header: string): boolean => {
    const host = hostOf(header)
    if (host === undefined) return false
    return isBeyondDns(host) || allowed.hosts.includes(host) || listener.certifies(host)
  }
  if (origin !== undefined && !allowed.origins.includes(origin)) {
    // A page of this listener's own names as its origin what it names as its host.
    const isSame = hosts.length > 0 && hosts.every((host) => /^https?:\/\/(.*)$/.exec(origin)?.[1] === host)
    const isStranger = allowed.origins.includes(anyOrigin) && !proves
    if (!isStranger && !(isSame && hosts.every(isOwn)))
      return new CausewayError(
        'FORBIDDEN',
        `Pages of the origin ${quote(origin)} may not call this node${proves ? ' with a token' : ''}: expected an origin that it allows with --cors-origin.`,
        { data: { origin } },
      )
  }
  if (isGetCall && fromElsewhere && origin === undefined)
    return new CausewayError(
      'FORBIDDEN',
      'Pages of other origins may not call this node by GET without naming their origin.',
    )
  if (!listener.loopback && !isGetCall) return undefined
  // No browser speaks HTTP/2 without TLS, and none sends a POST without an origin.
  const isOurs = (host: string) => isHttp2 && origin === undefined && hostOf(host) === ownName
  const foreign = hosts.find((host) => !isOwn(host) && !isOurs(host))
  if (foreign === undefined) return undefined
  return new CausewayError(
    'FORBIDDEN',
    `The host ${quote(foreign)} is not this node's: expected localhost, an IP address, or a name that it allows with --allowed-host.`,
    { data: { host: foreign } },
  )
}

const quote = (text: string): string => JSON.stringify(text.slice(0, 100))
