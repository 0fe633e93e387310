/** Decides which callers a node admits and how much each may do, from their proofs, the peer book and the operators. */
import type { Interceptor } from '@connectrpc/connect'
import type { NamedPeers } from '../access/named-peers.ts'
import type { Clock } from '../base/clock.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PeerBook, PeerEntry } from '../peer/book.ts'
import { operatorsOnly } from '../rpc/auth/authorize.ts'
import { Identification } from '../rpc/auth/identify.ts'
import { Proofs } from '../rpc/auth/proof.ts'
import { type Caller, callerKey } from '../rpc/caller.ts'
import { Throttle } from '../rpc/server/throttle.ts'
import type { Database } from '../store/database/open.ts'

export interface AdmissionParts {
  readonly self: PeerId
  readonly db: Database
  readonly clock: Clock
  readonly book: PeerBook
  readonly named: NamedPeers
  readonly operators: readonly PeerId[]
}

export class Admission {
  /** Limits what each caller may use. */
  readonly throttle: Throttle
  private readonly book: PeerBook
  private readonly identification: Identification

  private constructor({ self, book, named, operators, clock }: AdmissionParts, proofs: Proofs) {
    this.book = book
    const own = new Set<PeerId>([self, ...operators])
    this.identification = new Identification({
      proofs,
      isOperator: (peer) => own.has(peer),
      isBlocked: (peer) => this.isBlocked(peer),
    })
    this.throttle = new Throttle({
      clock,
      isKnown: (peer) =>
        own.has(peer) || isInvited(book.get(peer)) || (named.has(peer) && !this.isBlocked(peer)),
      peersOf: (connected) => this.peersOf(connected),
      callerOf: (connected, authorization) => this.identification.callerOf(connected, authorization),
    })
  }

  static async open(parts: AdmissionParts): Promise<Admission> {
    return new Admission(parts, await Proofs.open(parts.self, parts.clock, parts.db))
  }

  /** The interceptors that every call over a connection passes, in order. */
  get interceptors(): Interceptor[] {
    return [this.identification.interceptor, operatorsOnly, this.throttle.interceptor]
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

/** Gives every call the rights of the operator, for programs that call the node in-process. */
export const asOperator: Interceptor = (next) => (request) => {
  const caller = { remoteAddress: 'local', transport: 'in-process', operator: true }
  request.contextValues.set(callerKey, caller)
  return next(request)
}
