/**
 * The caller of a call, as far as it is proven, and the context keys by which handlers read it. A connection's caller
 * is set when its byte stream is accepted; `auth/identify.ts` adds what the call itself proves.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import { createContextKey } from '@connectrpc/connect'
import type { WebListener } from '../base/hosts.ts'
import type { Protection } from '../base/protection.ts'
import type { PeerId } from '../dag/identity.ts'

type SourceOf = (headers: IncomingHttpHeaders) => string | undefined

export interface Caller {
  /** The caller's key, if it proved to hold it. On a connection's own caller: only if the transport proved it. */
  readonly peer?: PeerId
  /** `ip:port` or similar. */
  readonly remoteAddress: string
  /** What protects the bytes of the call. Without it: nothing. */
  readonly protection?: Protection
  /** The name of the transport that carries the call. */
  readonly transport: string
  /** On a connection of a proxy that is trusted to say so: returns from where a request comes, by its headers. */
  readonly sourceOf?: SourceOf
  /** Whether the call came over the node's control socket, or from the node's own key or an operator's key. */
  readonly operator: boolean
}

export const callerKey = createContextKey<Caller>(
  { remoteAddress: 'unknown', transport: 'unknown', operator: false },
  { description: 'the caller of this call' },
)

/** Fires when the node begins to stop. A call without an end of its own, such as a watch, should end then. */
export const stoppingKey = createContextKey<AbortSignal>(new AbortController().signal, {
  description: 'whether the node is stopping',
})

/** A byte stream to or from a remote, as RPC needs it. The channel of every transport is one. */
export interface ByteChannel {
  readonly stream: Duplex
  readonly remotePeer?: PeerId
  readonly remoteAddress: string
  /** What protects the bytes. Without it: nothing. */
  readonly protection?: Protection
  /** Whether a byte costs more to carry than to compress. */
  readonly dear?: boolean
  readonly sourceOf?: SourceOf
  /** The listener that accepted the stream, if browsers can reach it. */
  readonly listener?: WebListener
  path?(): { kind: string; roundTripMs?: number; bytesSent?: number; bytesReceived?: number } | undefined
}
