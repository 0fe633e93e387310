/**
 * Who makes a call, as far as it is proven, and how handlers learn it. A connection's caller is fixed when its byte
 * stream is accepted; `auth/identify.ts` adds what a call itself proves.
 */
import type { Duplex } from 'node:stream'
import { createContextKey } from '@connectrpc/connect'
import type { PeerId } from '../dag/identity.ts'

export interface Caller {
  /** The key that the caller proved to hold; on a connection's own caller only where the transport proved it. */
  readonly peer?: PeerId
  /** `ip:port` or the like. */
  readonly remoteAddress: string
  /** The name of the transport that the call came over. */
  readonly transport: string
  /** Came over the control socket of the node's own data folder, or is the node's own key or one that it names. */
  readonly operator: boolean
}

export const callerKey = createContextKey<Caller>(
  { remoteAddress: 'unknown', transport: 'unknown', operator: false },
  { description: 'who makes this call' },
)

/** Fires when the node begins to stop: a call that has no end of its own, such as a watch, should end then. */
export const stoppingKey = createContextKey<AbortSignal>(new AbortController().signal, {
  description: 'whether the node is stopping',
})

/** A byte stream from or to a remote, as RPC needs it; every transport's channel is one. */
export interface ByteChannel {
  readonly stream: Duplex
  readonly remotePeer?: PeerId
  readonly remoteAddress: string
  /** A byte costs more to carry than to compress. */
  readonly dear?: boolean
  path?(): { kind: string; roundTripMs?: number; bytesSent?: number; bytesReceived?: number } | undefined
}
