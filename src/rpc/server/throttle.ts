/**
 * Bounds what each caller may make the node do. Operators have no bounds. Peers that the node's operator or a tree's
 * policy names have bounds that no honest peer reaches. Strangers share the rest by origin, since keys are free and
 * addresses are not: they get few calls, their work takes turns and waits for everyone else's, and a connection that
 * goes on calling after refusals is cut.
 */
import type { Interceptor } from '@connectrpc/connect'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { originOf } from '../../base/origin.ts'
import { Buckets } from '../../base/token-bucket.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Caller } from '../caller.ts'
import { freePayer, type Payer } from './body/request-body.ts'
import { FairQueue } from './fair-queue.ts'
import { BriefCalls, Call, Capacity, type Load, loadKey, type Share, unlimited } from './load.ts'

export interface ThrottleParts {
  readonly clock: Clock
  /** Reports whether the node's operator knows this peer. */
  isKnown(peer: PeerId): boolean
  isOperator(peer: PeerId): boolean
  /** Returns the peers that have proven themselves on a connection. */
  peersOf(connected: Caller): PeerId[]
}

/** Whom a connection counts for. */
export interface Holder {
  /** The known peer that has proven itself on the connection, otherwise the connection's origin. */
  readonly name: string
  readonly kind: 'operator' | 'known' | 'stranger'
}

/** A call that has begun. */
export interface OpenCall {
  readonly load: Load
  readonly payer: Payer
  body(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  /** Charges bytes that were sent. Waits while they are more than the caller may receive now. */
  send(bytes: number, signal: AbortSignal): Promise<void>
  leave(): void
}

function openCall(call: Call): OpenCall {
  return {
    load: call,
    payer: call,
    body: (chunks) => call.body(chunks),
    send: (bytes, signal) => call.send(bytes, signal),
    leave: () => call.leave(),
  }
}

const unlimitedCall: OpenCall = {
  load: unlimited,
  payer: freePayer,
  body: (chunks) => chunks,
  send: async () => {},
  leave: () => {},
}

/** The first call of every client over HTTP, before any proof. */
const handshakePath = '/causeway.v1.SyncService/Handshake'

/** Always answered, as /healthz is: somebody restarts nodes that do not answer, and a refusal costs as much. */
const healthPath = '/grpc.health.v1.Health/Check'

/** Methods that cost more than one request, in requests. */
const costs: Readonly<Record<string, number>> = {
  Handshake: 2,
  SyncTree: 4,
  SendEntries: 2,
  Watch: 4,
  RequestAccess: 4,
  ListTrees: 4,
  GetEntries: 2,
  ListEntries: 4,
  WatchTree: 4,
  PrepareCommit: 2,
  SubmitEntries: 2,
}

export class Throttle {
  private readonly parts: ThrottleParts
  private readonly known: Share
  private readonly strangers: Share
  private readonly strangerQueue: FairQueue
  private readonly briefCalls = new BriefCalls()
  /** When a call last showed that a tree's policy names a peer. */
  private readonly lastVouchMs = new Map<PeerId, number>()
  private readonly frames: Readonly<Record<'known' | 'stranger', Buckets>>
  /** Refused calls by connection. */
  private readonly refusals = new WeakMap<Caller, number>()
  /** When a caller that is no stranger last called. */
  private lastKnownCallMs = Number.NEGATIVE_INFINITY

  constructor(parts: ThrottleParts) {
    this.parts = parts
    const { clock } = parts
    const keys = limits.callersRemembered
    const buckets = (burst: number, perSecond: number) => new Buckets({ clock, burst, perSecond, keys })
    this.frames = {
      known: buckets(limits.knownFrameBurst, limits.knownFramesPerSecond),
      stranger: buckets(limits.strangerFrameBurst, limits.strangerFramesPerSecond),
    }
    this.known = {
      name: 'You',
      requests: buckets(limits.knownRequestBurst, limits.knownRequestsPerSecond),
      bytes: buckets(limits.knownBytesBurst, limits.knownBytesPerSecond),
      workMs: buckets(limits.knownWorkBurstMs, limits.knownWorkMsPerSecond),
      calls: new Capacity({ each: limits.knownCalls, all: Number.POSITIVE_INFINITY }),
      requestBytes: new Capacity({ each: limits.knownRequestBytes, all: Number.POSITIVE_INFINITY }),
      jsonBytes: limits.messageBytes,
      turn: (_caller, _signal, work) => work(),
    }
    this.strangerQueue = new FairQueue({
      clock,
      places: limits.strangerWorkAtOnce,
      rest: (workMs) => (this.knownBusy ? workMs * limits.strangerRestRatio : 0),
    })
    this.strangers = {
      name: 'Unknown callers from your address',
      requests: buckets(limits.strangerRequestBurst, limits.strangerRequestsPerSecond),
      bytes: buckets(limits.strangerBytesBurst, limits.strangerBytesPerSecond),
      workMs: buckets(limits.strangerWorkBurstMs, limits.strangerWorkMsPerSecond),
      calls: new Capacity({ each: limits.strangerCalls, all: limits.strangerCallsInAll }),
      requestBytes: new Capacity({
        each: limits.strangerRequestBytes,
        all: limits.strangerRequestBytesInAll,
      }),
      jsonBytes: limits.strangerJsonBytes,
      turn: (caller, signal, work) => this.strangerQueue.run(caller, signal, work),
    }
  }

  /** How many pieces of strangers' work wait for their turn. */
  get waiting(): number {
    return this.strangerQueue.length
  }

  /** Records that a tree's policy names this peer. For `limits.vouchedMs` it is no stranger. */
  vouch(peer: PeerId): void {
    this.lastVouchMs.delete(peer)
    this.lastVouchMs.set(peer, this.parts.clock.monotonic())
    if (this.lastVouchMs.size > limits.callersRemembered)
      this.lastVouchMs.delete(this.lastVouchMs.keys().next().value!)
  }

  /** Reports whether the operator knows this peer, or a policy named it recently. */
  isKnown(peer: PeerId): boolean {
    if (this.parts.isKnown(peer)) return true
    const atMs = this.lastVouchMs.get(peer)
    return atMs !== undefined && this.parts.clock.monotonic() - atMs < limits.vouchedMs
  }

  /** Returns whom a connection counts for. */
  holderOf(connected: Caller): Holder {
    const peers = this.parts.peersOf(connected)
    const operator = peers.find((peer) => this.parts.isOperator(peer))
    if (connected.operator || operator !== undefined) return { name: operator ?? 'local', kind: 'operator' }
    // A trusted proxy bounds what others send to it, and its connections carry the calls of many.
    if (connected.sourceOf !== undefined) return { name: connected.remoteAddress, kind: 'operator' }
    const known = peers.find((peer) => this.isKnown(peer))
    return known === undefined
      ? { name: originOf(connected.remoteAddress), kind: 'stranger' }
      : { name: known, kind: 'known' }
  }

  /**
   * Begins a call of a caller that has proven what it is; end it with `leave`. Throws RESOURCE_EXHAUSTED, with the time
   * to wait before another try.
   */
  enter({ peer, operator, remoteAddress }: Caller, path = ''): OpenCall {
    const { clock } = this.parts
    const stranger = !operator && (peer === undefined || !this.isKnown(peer))
    if (!stranger) this.lastKnownCallMs = clock.monotonic()
    if (operator) return unlimitedCall
    if (!stranger) return openCall(Call.begin(this.known, peer!, clock))
    const always = path === healthPath
    const brief = always || path === handshakePath ? this.briefCalls : undefined
    const origin = originOf(remoteAddress)
    return openCall(Call.begin(this.strangers, origin, clock, { brief, always }))
  }

  /** Pays for frames of HTTP/2 that a connection has sent. Returns false if it has sent more than it may. */
  payFrames(connected: Caller, frames: number): boolean {
    const { name, kind } = this.holderOf(connected)
    return kind === 'operator' || this.frames[kind].take(name, frames) === 0
  }

  /** Counts a refused call. Returns true if the connection has had so many that it should be cut. */
  countRefusal(connected: Caller): boolean {
    const count = (this.refusals.get(connected) ?? 0) + 1
    this.refusals.set(connected, count)
    return count >= limits.refusalsPerConnection
  }

  /** Charges each call the cost of its method beyond one request. Runs after the caller was identified. */
  readonly interceptor: Interceptor = (next) => (request) => {
    const load = request.contextValues.get(loadKey)
    load.charge((costs[request.method.name] ?? 1) - 1)
    return next(request)
  }

  private get knownBusy(): boolean {
    return this.parts.clock.monotonic() - this.lastKnownCallMs < limits.knownBusyMs
  }
}
