/**
 * A transport carries bytes to and from an address, and nothing else: it knows no messages. HTTP/2 runs on any byte
 * stream that it yields, so RPC is written once and a new transport is one small file. Every implementation passes one
 * suite, test/transport/contract.ts.
 */
import type { X509Certificate } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebListener } from '../base/hosts.ts'
import type { Protection } from '../base/protection.ts'
import type { PeerId } from '../dag/identity.ts'

/** How to reach a peer, as text: `http://host:port`, `https://host:port`, `iroh:endpoint…`, `memory:name`. */
export type Address = string

/**
 * What is known of the path that a channel's bytes take. The counters begin with the channel. If channels share a
 * connection, they count the bytes of all of them.
 */
export interface PathInfo {
  readonly kind: 'direct' | 'relay' | 'unknown'
  readonly roundTripMs?: number
  readonly bytesSent?: number
  readonly bytesReceived?: number
}

/** A certificate chain with its private key: PEM text or DER bytes, as node:tls accepts them. */
export interface Certificate {
  readonly key: string | Buffer | Array<string | Buffer>
  readonly cert: string | Buffer | Array<string | Buffer>
}

/** A relay that forwards what others send to this node. */
export interface RelayState {
  /** The relay that was chosen; absent while none is. */
  readonly url?: string
  /** Whether this node is connected to it: until then nobody reaches the node through it. */
  readonly connected: boolean
}

/** One byte stream to or from a remote. The receiver of a channel owns its stream and destroys it. */
export interface Channel {
  readonly stream: Duplex
  /** The remote's key, if the transport itself proved it (QUIC does; plain TCP and TLS do not). */
  readonly remotePeer?: PeerId
  /** Where the bytes come from: `ip:port` or similar, for logs and for limits per address. */
  readonly remoteAddress: string
  /** What protects the bytes. A transport that states less than it knows only loses calls that need proof. */
  readonly protection: Protection
  /** Whether a byte costs more to carry than to compress, so that large messages should be compressed. */
  readonly dear?: boolean
  /** Returns from where a request comes, by its headers: only on a channel of a proxy that is trusted to say so. */
  readonly sourceOf?: (headers: IncomingHttpHeaders) => string | undefined
  /** The listener that accepted the channel, if browsers can reach it: over HTTP. */
  readonly listener?: WebListener
  /** Returns the path as it is now; absent if the transport does not know its path. */
  path?(): PathInfo | undefined
}

export interface DialOptions {
  /** Cancels the dial. It has no effect on the stream once the dial has returned. */
  readonly signal?: AbortSignal
}

export interface Transport {
  /** Unique among a node's transports: `http`, `iroh`, `memory`, or a name that the user gives. */
  readonly name: string
  /** Reports whether this transport can dial the address, judging by the text alone. */
  canHandleAddress(address: Address): boolean
  /**
   * Opens a byte stream; the transport need not be listening. Throws BAD_ADDRESS (the address cannot be parsed),
   * UNREACHABLE (refused, or no route), TIMEOUT (limits.dialTimeoutMs passed), WRONG_PEER (the remote is not the peer
   * that the address names), CANCELLED or CLOSED.
   */
  dial(address: Address, options?: DialOptions): Promise<Channel>
  /**
   * Starts this transport's own server, which passes every inbound channel to `accept`. Throws ALREADY_STARTED if it is
   * listening. If binding fails, the transport stays stopped and can listen again.
   */
  listen(accept: (channel: Channel) => void): Promise<void>
  /**
   * Stops listening and ends the inbound channels; it can listen again later. Throws NOT_STARTED if it is not
   * listening.
   */
  stop(): Promise<void>
  /** Serves another certificate on connections from now on, if the transport serves TLS. */
  useCertificate?(certificate: Certificate): void
  /** Returns the certificate that the server shows; undefined without TLS. */
  certificate?(): X509Certificate | undefined
  /** Returns the addresses at which others reach this server now; empty while it is not listening. */
  addresses(): Address[]
  /**
   * Returns the addresses at which others reach this server from other networks, as far as can be judged here. Without
   * this, all of its addresses.
   */
  farAddresses?(): Address[]
  /**
   * Returns an address of a peer with only those of its hosts that `keep` admits; undefined if none is left, or if it is
   * another peer's. Without this, addresses name no hosts.
   */
  narrow?(address: Address, peer: PeerId, keep: (host: string) => boolean): Promise<Address | undefined>
  /** Returns the address of a peer that listens on a socket, `ip:port`. Throws NO_TRANSPORT if this cannot be loaded. */
  addressAt?(peer: PeerId, socket: string): Promise<Address>
  /** Adds a socket, `ip:port`, at which others see this node, to its addresses, or takes it out again. */
  addSocket?(socket: string): Promise<void>
  removeSocket?(socket: string): Promise<void>
  /** Returns the relay through which others reach this server, and whether it is connected; undefined if none is used. */
  relay?(): RelayState | undefined
  /** Returns the local port of the server, to ask for it again after a restart; undefined while there is none. */
  port?(): number | undefined
  /** Stops, ends pooled connections and frees everything. Idempotent. Afterwards dial and listen throw CLOSED. */
  close(): Promise<void>
}
