/** Decides which callers a node admits and how much each may do, from their proofs, the peer book and the operators. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Interceptor } from '@connectrpc/connect'
import type { NamedPeers } from '../access/named-peers.ts'
import type { Clock } from '../base/clock.ts'
import { tracing } from '../base/tracing/tracing.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PeerBook, PeerEntry } from '../peer/book.ts'
import { Bindings, bindingOfServer } from '../rpc/auth/binding.ts'
import { checkCaller } from '../rpc/auth/callers.ts'
import { Identification } from '../rpc/auth/identify.ts'
import { Proofs } from '../rpc/auth/proof.ts'
import { ProofBudget } from '../rpc/auth/proof-budget.ts'
import type { Share } from '../rpc/auth/spent.ts'
import { Twins } from '../rpc/auth/twins.ts'
import { type Caller, callerKey } from '../rpc/caller.ts'
import { Throttle } from '../rpc/server/throttle.ts'
import { traceServing } from '../rpc/tracing/calls.ts'
import type { Database } from '../store/database/open.ts'
import { certificateHashOfPem } from '../transport/certificate.ts'
import type { NodeOptions } from './options.ts'

export interface AdmissionParts {
  readonly self: PeerId
  readonly db: Database
  readonly clock: Clock
  readonly book: PeerBook
  readonly named: NamedPeers
  readonly options: NodeOptions
}

export class Admission {
  /** Limits what each caller may use. */
  readonly throttle: Throttle
  /** What handshakes and proofs may name as this node's channels. */
  readonly bindings: Bindings
  /** Notices keys that run twice, this node's own too. */
  readonly twins: Twins
  private readonly book: PeerBook
  private readonly self: PeerId
  private operators: ReadonlySet<PeerId>
  private readonly identification: Identification
  private readonly traceStrangers: boolean

  private constructor(parts: AdmissionParts, bindings: Bindings, proofs: Proofs) {
    const { self, book, named, options, clock } = parts
    this.book = book
    this.bindings = bindings
    this.self = self
    this.traceStrangers = options.traceStrangers ?? false
    this.operators = new Set([self, ...(options.operators ?? [])])
    this.throttle = new Throttle({
      clock,
      isKnown: (peer) =>
        this.operators.has(peer) || isInvited(book.get(peer)) || (named.has(peer) && !this.isBlocked(peer)),
      isOperator: (peer) => this.operators.has(peer),
      peersOf: (connected) => this.peersOf(connected),
    })
    const isKnown = (peer: PeerId) => this.throttle.isKnown(peer)
    this.twins = new Twins({ self, clock, isKnown })
    this.identification = new Identification({
      ...{ clock, proofs, isKnown },
      budget: new ProofBudget(clock, isKnown),
      isOperator: (peer) => this.operators.has(peer),
      isBlocked: (peer) => this.isBlocked(peer),
    })
  }

  static async open(parts: AdmissionParts): Promise<Admission> {
    const { self: audience, clock, db, options } = parts
    const bindings = new Bindings({
      certificates: options.tlsBindings ?? [],
      hosts: options.allowedHosts ?? [],
      origins: options.corsOrigins ?? [],
      insecure: options.http?.insecure ?? false,
    })
    const shareOf = (issuer: PeerId) => admission.shareOf(issuer)
    const proofs = await Proofs.open({ audience, clock, db, bindings, shareOf })
    const admission = new Admission(parts, bindings, proofs)
    return admission
  }

  /** Lets these peers, and the node's own key, operate the node from now on, and no others. */
  setOperators(operators: readonly PeerId[]): void {
    this.operators = new Set([this.self, ...operators])
  }

  private shareOf(issuer: PeerId): Share {
    if (this.operators.has(issuer)) return 'operator'
    return this.throttle.isKnown(issuer) ? 'known' : 'stranger'
  }

  /** Identifies the caller of a call; see `Identification.identify`. */
  identify(connected: Caller, headers: IncomingHttpHeaders, remoteAddress: string): Promise<Caller> {
    return this.identification.identify(connected, headers, remoteAddress)
  }

  /** The interceptors that every call over a connection passes, in order. */
  get interceptors(): Interceptor[] {
    const traces = tracing === undefined ? [] : [traceServing(tracing, (caller) => this.continues(caller))]
    return [...traces, checkCaller, this.twins.serving, this.throttle.interceptor]
  }

  /** Reports whether calls of this caller continue its own traces. A stranger could make the node record all of its calls. */
  private continues({ peer, operator }: Caller): boolean {
    return this.traceStrangers || operator || (peer !== undefined && this.throttle.isKnown(peer))
  }

  isBlocked(peer: PeerId): boolean {
    return this.book.get(peer)?.blocked ?? false
  }

  /** Returns the peers that have proven their keys on the connection of a caller. */
  peersOf(connected: Caller): PeerId[] {
    return this.identification.peersOf(connected)
  }
}

function isInvited(entry: PeerEntry | undefined): boolean {
  return entry !== undefined && !entry.blocked && !entry.uninvited
}

/** Returns the binding that tokens for a node's own HTTP port name. Throws INVALID_ARGUMENT for a bad certificate. */
export function ownBinding({ http }: NodeOptions): string {
  const [certificate] = [http?.tls?.cert ?? []].flat()
  return bindingOfServer(certificate && certificateHashOfPem(certificate))
}

/** Gives every call the rights of the operator, for programs that call the node in-process. */
export const asOperator: Interceptor = (next) => (request) => {
  const caller = { remoteAddress: 'local', transport: 'in-process', operator: true }
  request.contextValues.set(callerKey, caller)
  return next(request)
}
