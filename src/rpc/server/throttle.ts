/**
 * How much each caller may make the node do. Operators may do anything. Peers that the node's operator or a tree's policy
 * names have bounds that no honest one reaches. Strangers share what is left, by where they come from, since keys are
 * free and addresses are not: few calls, work by turns and after everybody else's, and a connection that is cut when
 * its caller does not take no for an answer.
 */
import type { Interceptor } from '@connectrpc/connect'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { originOf } from '../../base/origin.ts'
import { Buckets } from '../../base/token-bucket.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Caller } from '../caller.ts'
import { FairQueue } from './fair-queue.ts'
import { Call, Held, type Load, loadKey, type Share, unlimited } from './load.ts'

export interface ThrottleParts {
  readonly clock: Clock
  /** Whether the node's operator knows this peer. */
  isKnown(peer: PeerId): boolean
  /** The peers that have proven themselves on a connection. */
  peersOf(connected: Caller): PeerId[]
  /** Who makes a call on this connection, as far as it is proven; `claim`: whom its header says and must still prove. */
  callerOf(connected: Caller, authorization: string | undefined): { caller: Caller; claim?: string }
}

/** A call that may begin. */
export interface Entered {
  readonly load: Load
  body(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>
  leave(): void
}

function entered(call: Call): Entered {
  return { load: call, body: (chunks) => call.body(chunks), leave: () => call.leave() }
}

const freely: Entered = { load: unlimited, body: (chunks) => chunks, leave: () => {} }

/** With which everybody begins over HTTP, before a proof. */
const handshakePath = '/causeway.v1.SyncService/Handshake'

/** Calls that cost more than the others, in requests. */
const costs: Readonly<Record<string, number>> = {
  Handshake: 2,
  SyncTree: 4,
  SendEntries: 2,
  Watch: 4,
  RequestAccess: 4,
}

export class Throttle {
  private readonly parts: ThrottleParts
  private readonly known: Share
  private readonly strangers: Share
  /** First calls of those who say to be known, until they have proven it. */
  private readonly claims: Buckets
  private readonly claimed = new WeakMap<Load, string>()
  /** Peers that a tree's policy names, and when a call last showed it. */
  private readonly vouchedAtMs = new Map<PeerId, number>()
  private readonly refusals = new WeakMap<Caller, number>()
  /** When somebody who is no stranger last called. */
  private knownAtMs = Number.NEGATIVE_INFINITY

  constructor(parts: ThrottleParts) {
    this.parts = parts
    const { clock } = parts
    const keys = limits.callersRemembered
    const buckets = (burst: number, perSecond: number) => new Buckets({ clock, burst, perSecond, keys })
    this.claims = buckets(limits.claimBurst, limits.claimsPerSecond)
    this.known = {
      name: 'You',
      requests: buckets(limits.knownRequestBurst, limits.knownRequestsPerSecond),
      bytes: buckets(limits.knownBytesBurst, limits.knownBytesPerSecond),
      workMs: buckets(limits.knownWorkBurstMs, limits.knownWorkMsPerSecond),
      calls: new Held({ each: limits.knownCalls, all: Number.POSITIVE_INFINITY }),
      requestBytes: new Held({ each: limits.knownRequestBytes, all: Number.POSITIVE_INFINITY }),
      turn: (_caller, _signal, work) => work(),
    }
    const queue = new FairQueue({
      clock,
      places: limits.strangerWorkAtOnce,
      rest: (tookMs) => (this.knownBusy ? tookMs * limits.strangerRestRatio : 0),
    })
    this.strangers = {
      name: 'Unknown callers from your address',
      requests: buckets(limits.strangerRequestBurst, limits.strangerRequestsPerSecond),
      bytes: buckets(limits.strangerBytesBurst, limits.strangerBytesPerSecond),
      workMs: buckets(limits.strangerWorkBurstMs, limits.strangerWorkMsPerSecond),
      calls: new Held({ each: limits.strangerCalls, all: limits.strangerCallsInAll }),
      requestBytes: new Held({
        each: limits.strangerRequestBytes,
        all: limits.strangerRequestBytesInAll,
      }),
      turn: (caller, signal, work) => queue.run(caller, signal, work),
    }
  }

  /** A policy names this peer: for a while it is no stranger. */
  vouch(peer: PeerId): void {
    this.vouchedAtMs.delete(peer)
    this.vouchedAtMs.set(peer, this.parts.clock.monotonic())
    if (this.vouchedAtMs.size > limits.callersRemembered)
      this.vouchedAtMs.delete(this.vouchedAtMs.keys().next().value!)
  }

  isKnown(peer: PeerId): boolean {
    if (this.parts.isKnown(peer)) return true
    const atMs = this.vouchedAtMs.get(peer)
    return atMs !== undefined && this.parts.clock.monotonic() - atMs < limits.vouchedMs
  }

  /** Whether nobody has proven on this connection to be more than that. */
  isStranger(connected: Caller): boolean {
    return !connected.operator && !this.parts.peersOf(connected).some((peer) => this.isKnown(peer))
  }

  /** Begins a call; RESOURCE_EXHAUSTED with the time to come again. End it with `leave`. */
  enter(connected: Caller, authorization: string | undefined, path = ''): Entered {
    const { clock } = this.parts
    const { caller, claim } = this.parts.callerOf(connected, authorization)
    const { peer, operator } = caller
    const stranger = !operator && (peer === undefined || !this.isKnown(peer))
    if (!stranger) this.knownAtMs = clock.monotonic()
    if (operator) return freely
    return stranger
      ? this.enterAsStranger(originOf(connected.remoteAddress), claim, path === handshakePath)
      : entered(Call.begin(this.known, peer!, 1, clock))
  }

  /**
   * Somebody who has proven nothing yet. Who says to be a peer that is known may try so now and then also where the
   * others from there have used up what they had, so that a flood does not keep it out.
   */
  private enterAsStranger(origin: string, claim: string | undefined, brief: boolean): Entered {
    const { clock } = this.parts
    if (claim === undefined) return entered(Call.begin(this.strangers, origin, 1, clock, brief))
    const key = `${claim} from ${origin}`
    if (this.isKnown(claim as PeerId) && this.claims.take(key) === 0) {
      const call = Call.begin(this.known, key, 1, clock)
      this.claimed.set(call, key)
      return entered(call)
    }
    return entered(Call.begin(this.strangers, origin, limits.proofCost, clock))
  }

  /** Counts a refused call; true: its caller has had so many on this connection that it is to be cut. */
  refused(connected: Caller): boolean {
    const count = (this.refusals.get(connected) ?? 0) + 1
    this.refusals.set(connected, count)
    return count >= limits.refusalsPerConnection
  }

  /** Charges each call with what its kind costs beside the one request. Runs when its caller is proven. */
  readonly interceptor: Interceptor = (next) => (request) => {
    const load = request.contextValues.get(loadKey)
    load.charge((costs[request.method.name] ?? 1) - 1)
    // What was claimed is true, so it costs no further claim: only impostors run out of them.
    const claim = this.claimed.get(load)
    if (claim !== undefined) this.claims.charge(claim, -1)
    return next(request)
  }

  private get knownBusy(): boolean {
    return this.parts.clock.monotonic() - this.knownAtMs < limits.knownBusyMs
  }
}
