/**
 * Finds out who calls: the peer that the transport proved, or the issuer of the proof that the call carries. A proof
 * counts once, and then for as long as the connection lives on which it was shown, with every call that shows it again:
 * so a client signs once a connection, and what shares a proxy's connection with it gains nothing.
 */
import type { Interceptor } from '@connectrpc/connect'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import { type Caller, callerKey } from '../caller.ts'
import { issuerOf, type Proofs } from './proof.ts'

export interface IdentifyParts {
  readonly proofs: Proofs
  /** Whether this peer's calls are the operator's. */
  isOperator(peer: PeerId): boolean
  isBlocked(peer: PeerId): boolean
}

interface Shown {
  readonly checked: Promise<PeerId>
  peer?: PeerId
}

export class Identification {
  private readonly parts: IdentifyParts
  private readonly shown = new WeakMap<Caller, Map<string, Shown>>()

  constructor(parts: IdentifyParts) {
    this.parts = parts
  }

  /** Sets the caller of each call, proven. UNAUTHENTICATED for a proof that does not hold, FORBIDDEN to a blocked peer. */
  readonly interceptor: Interceptor = (next) => async (request) => {
    const connected = request.contextValues.get(callerKey)
    const header = request.header.get('authorization')
    if (header !== null || connected.peer !== undefined) {
      const peer = header === null ? connected.peer! : await this.check(connected, header)
      if (this.parts.isBlocked(peer)) throw new CausewayError('FORBIDDEN', 'The peer is blocked.')
      const operator = connected.operator || this.parts.isOperator(peer)
      request.contextValues.set(callerKey, { ...connected, peer, operator })
    }
    return next(request)
  }

  /** Who makes a call with this header, as far as it was proven before; and whom the header still has to prove. */
  callerOf(connected: Caller, authorization: string | undefined): { caller: Caller; claim?: string } {
    const proof = proofOf(authorization ?? '') ?? ''
    const proven = this.shown.get(connected)?.get(proof)?.peer
    const peer = proven ?? connected.peer
    const claim = authorization === undefined || proven !== undefined ? {} : { claim: issuerOf(proof) }
    if (peer === undefined) return { caller: connected, ...claim }
    return {
      caller: { ...connected, peer, operator: connected.operator || this.parts.isOperator(peer) },
      ...claim,
    }
  }

  /** The peers that have proven themselves on a connection, by its caller. */
  peersOf(connected: Caller): PeerId[] {
    const shown = [...(this.shown.get(connected)?.values() ?? [])].flatMap(({ peer }) => peer ?? [])
    return connected.peer === undefined ? shown : [connected.peer, ...shown]
  }

  private check(connected: Caller, header: string): Promise<PeerId> {
    const proof = proofOf(header)
    if (proof === undefined)
      throw new CausewayError('UNAUTHENTICATED', 'A proof is `Authorization: Bearer` and a JWT.', {
        data: { reason: 'malformed' },
      })
    const known = this.shown.get(connected) ?? new Map<string, Shown>()
    this.shown.set(connected, known)
    const before = known.get(proof)
    if (before !== undefined) return before.checked
    const shown: Shown = { checked: this.parts.proofs.spend(proof) }
    if (known.size >= limits.proofsPerConnection) known.delete(known.keys().next().value!)
    known.set(proof, shown)
    shown.checked.then(
      (peer) => (shown.peer = peer),
      () => known.delete(proof),
    )
    return shown.checked
  }
}

/** The proof in an Authorization header. */
function proofOf(header: string): string | undefined {
  return /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header)?.[1]
}
