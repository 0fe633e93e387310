/**
 * A transport carries bytes to and from an address, and nothing else: it knows no messages. HTTP/2 runs on any byte
 * stream that it yields, so RPC is written once and a new transport is one small file. Every implementation passes one
 * suite, test/transport/contract.ts.
 */
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
  /** Returns the addresses at which others reach this server now; empty while it is not listening. */
  addresses(): Address[]
  /** Stops, ends pooled connections and frees everything. Idempotent. Afterwards dial and listen throw CLOSED. */
  close(): Promise<void>
}
