/**
 * Channel bindings: the text by which handshakes and tokens name the channel that they are for. Both ends of a channel
 * must mean the same one, so somebody who stands in between, under an address and a certificate of its own, cannot pass
 * a handshake or a token on. docs/protocol.md specifies the texts, docs/security.md says what each is worth.
 */
import { CausewayError } from '../../base/errors.ts'
import { anyOrigin, parseHost, parseOrigin } from '../../base/hosts.ts'
import { limits } from '../../base/limits.ts'
import type { Protection } from '../../base/protection.ts'
import { insecure } from './token.ts'

/** What else, besides its own certificate, callers may name to mean this node. */
export interface BindingOptions {
  /** Hashes of the certificates of proxies that end TLS in front of the node, in hex. */
  readonly certificates?: readonly string[]
  /** The names by which callers that cannot see its certificate reach the node by TLS. */
  readonly hosts?: readonly string[]
  /** The origins of web pages that call the node from a browser. */
  readonly origins?: readonly string[]
  /** Whether plain HTTP that leaves this machine may carry proofs. */
  readonly insecure?: boolean
}

interface ProtectedBy {
  readonly protection?: Protection
}

/** Returns the binding that this side of a channel names. */
export function bindingOf({ protection }: ProtectedBy): string {
  if (protection?.kind === 'tls') return `tls:${protection.certificate}`
  return protection === undefined || protection.kind === 'none' ? insecure : ''
}

/** Returns the binding of a server's certificate, given its hash; without TLS, that of a loopback address. */
export function bindingOfServer(certificate: string | undefined): string {
  return certificate === undefined ? '' : `tls:${certificate}`
}

/** What one server accepts as the binding of its channels. */
export class Bindings {
  private named: ReadonlySet<string> = new Set()
  private readonly hosts: readonly string[]
  private readonly origins: ReadonlySet<string>
  private readonly insecure: boolean

  /** Throws INVALID_ARGUMENT for a hash, host or origin that is malformed. */
  constructor({ certificates = [], hosts = [], origins = [], insecure = false }: BindingOptions = {}) {
    this.hosts = hosts.map((host) => `host:${parseHost(host)}`)
    this.setCertificates(certificates)
    this.origins = new Set(origins.filter((origin) => origin !== anyOrigin).map(parseOrigin))
    this.insecure = insecure
  }

  /** Takes these hashes of proxies' certificates in place of those before. Throws INVALID_ARGUMENT, and changes nothing. */
  setCertificates(certificates: readonly string[]): void {
    this.named = new Set([...certificates.map((hash) => `tls:${parseCertificateHash(hash)}`), ...this.hosts])
  }

  /** Reports whether a binding means this connection of this server. */
  accepts(binding: string, connected: ProtectedBy): boolean {
    const own = bindingOf(connected)
    if (own === insecure)
      return this.insecure && (binding === own || binding === '' || this.named.has(binding))
    return binding === own || (connected.protection!.kind !== 'keys' && this.named.has(binding))
  }

  /**
   * Reports whether a token's claim of an origin is right: a web page names its own, which the node must know, and
   * which its browser states too, in the header. Other callers name none, and a token without a host name needs none.
   */
  acceptsOrigin(binding: string, origin: string | undefined, header: string | null): boolean {
    if (origin === undefined) return header === null || !binding.startsWith('host:')
    return this.origins.has(origin) && (header === null || header === origin)
  }

  /** Throws WRONG_PEER, with `data.reason`, if a handshake's binding does not mean this connection. */
  check(binding: string, connected: ProtectedBy): void {
    if (this.accepts(binding, connected)) return
    throw new CausewayError('WRONG_PEER', `The handshake ${otherChannel(binding)}`, {
      data: { reason: 'binding', binding: shown(binding) },
    })
  }
}

/** Returns the rest of a message about a binding that does not mean the connection. It does not say what would. */
export function otherChannel(binding: string): string {
  if (binding === insecure)
    return 'is for plain HTTP that leaves the machine, which this node takes only with `causeway serve --insecure`: use TLS or QUIC.'
  return `is for another channel than it came over: its binding is ${JSON.stringify(shown(binding))}. Somebody may stand in between: check the address. If a proxy of this node ends TLS, its operator names the proxy's certificate with \`causeway serve --tls-binding\`.`
}

function shown(binding: string): string {
  return binding.slice(0, limits.bindingCharacters)
}

/** Returns why a caller proves no key at an address of plain HTTP, unless it accepts that. */
export function unprotected(address: string): CausewayError {
  return new CausewayError(
    'UNREACHABLE',
    `${address} is plain HTTP that leaves this machine, and anyone on the path could read and change what is said: use an address with https: or iroh:, or accept the risk with --insecure.`,
    { data: { address, reason: 'insecure' } },
  )
}

/** Parses the hash of a certificate: hex digits, which colons may separate. Throws INVALID_ARGUMENT. */
export function parseCertificateHash(text: string): string {
  const hash = text.replace(/^tls:/, '').replaceAll(':', '').toLowerCase()
  if (/^[0-9a-f]+$/.test(hash) && [56, 64, 96, 128].includes(hash.length)) return hash
  throw new CausewayError(
    'INVALID_ARGUMENT',
    `The hash of a certificate has 56, 64, 96 or 128 hex digits, got ${JSON.stringify(shown(text))}.`,
  )
}
