/**
 * A transport carries bytes to and from an address, and nothing else: it knows no message. HTTP/2 runs on
 * whatever byte stream it yields, so RPC is written once and a new transport is one small file. The contract
 * below is held by a suite that every implementation passes (test/transport/contract.ts).
 */
import type { Duplex } from 'node:stream'
import type { PeerId } from '../dag/identity.ts'

/** How to reach a peer, as text: `http://host:port`, `https://host:port`, `iroh:endpoint…`, `memory:name`. */
export type Address = string

/** What is known of the way that bytes take. Counters begin with the channel; where channels share a connection they are of all. */
export interface PathInfo {
  readonly kind: 'direct' | 'relay' | 'unknown'
  readonly roundTripMs?: number
  readonly bytesSent?: number
  readonly bytesReceived?: number
}

/** One byte stream to or from a remote. Whoever gets a channel owns its stream and destroys it. */
export interface Channel {
  readonly stream: Duplex
  /** The remote's key where the transport itself proved it (QUIC does; plain TCP and TLS do not). */
  readonly remotePeer?: PeerId
  /** Where the bytes come from, for logs and limits per address: `ip:port` or the like. */
  readonly remoteAddress: string
  /** A byte costs more to carry than to compress: who has much to say should compress it. */
  readonly dear?: boolean
  /** The path as it is now; absent where the transport cannot tell. */
  path?(): PathInfo | undefined
}

export interface DialOptions {
  /** Cancels the dial; the stream that a dial yielded is the caller's and not bound to it. */
  readonly signal?: AbortSignal
}

export interface Transport {
  /** Unique among a node's transports: `http`, `iroh`, `memory`, or as the user names it. */
  readonly name: string
  /** Whether this transport can dial the address; looks at the text alone. */
  canHandleAddress(address: Address): boolean
  /**
   * Opens a byte stream. Errors: BAD_ADDRESS (not parseable), UNREACHABLE (refused, no route, or the deadline of
   * limits.dialTimeoutMs passed: TIMEOUT), WRONG_PEER (the remote is not whom the address names), CANCELLED, CLOSED.
   * Works without listening.
   */
  dial(address: Address, options?: DialOptions): Promise<Channel>
  /**
   * Starts this transport's own server; `accept` gets every inbound channel. ALREADY_STARTED when it listens.
   * Errors while binding leave the transport stopped and able to listen again.
   */
  listen(accept: (channel: Channel) => void): Promise<void>
  /** Stops listening and ends the inbound channels; NOT_STARTED when it does not listen. It can listen again. */
  stop(): Promise<void>
  /** The addresses at which others reach this server now; empty while it does not listen. */
  addresses(): Address[]
  /** Stops, ends pooled connections, frees everything. Idempotent; afterwards dial and listen give CLOSED. */
  close(): Promise<void>
}
