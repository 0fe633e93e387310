/**
 * Identifies the caller of a call: the peer that the transport proved, or the issuer of the call's proof. A proof is
 * valid only on the first connection that presents it, for that connection's life, with every call that carries it. So
 * a client signs once per connection, and other callers on the same connection of a proxy gain nothing.
 */
import type { Interceptor } from '@connectrpc/connect'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import { type Caller, callerKey } from '../caller.ts'
import { issuerOf } from './claims.ts'
import type { Proofs } from './proof.ts'

export interface IdentifyParts {
  readonly proofs: Proofs
  /** Reports whether this peer is an operator. */
  isOperator(peer: PeerId): boolean
  isBlocked(peer: PeerId): boolean
}

/** A proof that a connection has presented. */
interface Presentation {
  /** The outcome of the check. */
  readonly issuer: Promise<PeerId>
  /** The issuer, once the check has succeeded. */
  peer?: PeerId
}

export class Identification {
  private readonly parts: IdentifyParts
  /** Each connection's proofs, by the connection's caller and the proof's text. */
  private readonly presentations = new WeakMap<Caller, Map<string, Presentation>>()

  constructor(parts: IdentifyParts) {
    this.parts = parts
  }

  /** Sets the caller of each call. Throws UNAUTHENTICATED for an invalid proof, FORBIDDEN for a blocked peer. */
  readonly interceptor: Interceptor = (next) => async (request) => {
    const connected = request.contextValues.get(callerKey)
    const header = request.header.get('authorization')
    if (header !== null || connected.peer !== undefined) {
      const peer =
        header === null ? connected.peer! : await this.check(connected, header, request.header.get('origin'))
      if (this.parts.isBlocked(peer)) throw new CausewayError('FORBIDDEN', 'The peer is blocked.')
      const operator = connected.operator || this.parts.isOperator(peer)
      request.contextValues.set(callerKey, { ...connected, peer, operator })
    }
    return next(request)
  }

  /**
   * Returns the caller of a call with this header, as far as proven already, and the peer that the header still has to
   * prove.
   */
  callerOf(connected: Caller, authorization: string | undefined): { caller: Caller; claim?: string } {
    const proof = proofOf(authorization ?? '') ?? ''
    const proven = this.presentations.get(connected)?.get(proof)?.peer
    const peer = proven ?? connected.peer
    const claim = authorization === undefined || proven !== undefined ? {} : { claim: issuerOf(proof) ?? '' }
    if (peer === undefined) return { caller: connected, ...claim }
    return {
      caller: { ...connected, peer, operator: connected.operator || this.parts.isOperator(peer) },
      ...claim,
    }
  }

  /** Returns the peers that have proven themselves on a connection, given the connection's caller. */
  peersOf(connected: Caller): PeerId[] {
    const presentations = this.presentations.get(connected)?.values() ?? []
    const peers = [...presentations].flatMap(({ peer }) => peer ?? [])
    return connected.peer === undefined ? peers : [connected.peer, ...peers]
  }

  private check(connected: Caller, header: string, origin: string | null): Promise<PeerId> {
    const proof = proofOf(header)
    if (proof === undefined)
      throw new CausewayError('UNAUTHENTICATED', 'The Authorization header must be `Bearer` and a JWT.', {
        data: { reason: 'malformed' },
      })
    const known = this.presentations.get(connected) ?? new Map<string, Presentation>()
    this.presentations.set(connected, known)
    const earlier = known.get(proof)
    if (earlier !== undefined) return earlier.issuer
    const presentation: Presentation = { issuer: this.parts.proofs.spend(proof, connected, origin) }
    if (known.size >= limits.proofsPerConnection) known.delete(known.keys().next().value!)
    known.set(proof, presentation)
    presentation.issuer.then(
      (peer) => (presentation.peer = peer),
      () => known.delete(proof),
    )
    return presentation.issuer
  }
}

/** Returns the proof in an Authorization header, or undefined if it is malformed. */
function proofOf(header: string): string | undefined {
  return /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header)?.[1]
}
