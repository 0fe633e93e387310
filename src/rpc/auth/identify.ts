/**
 * Identifies the caller of a call before the call's body is read: the peer that the transport proved, or the issuer of
 * the call's proof. A proof is valid only on the first connection that presents it, for that connection's life, with
 * every call that carries it. So a client signs once per connection, and other callers on the same connection of a proxy
 * gain nothing.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { originOf } from '../../base/origin.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Caller } from '../caller.ts'
import { claimedIssuer } from './claims.ts'
import type { Proofs } from './proof.ts'
import type { ProofBudget } from './proof-budget.ts'

export interface IdentifyParts {
  readonly proofs: Pick<Proofs, 'spend'>
  /** Pays for the checks. */
  readonly budget: Pick<ProofBudget, 'pay'>
  /** Reports whether the node or one of its trees knows this peer. */
  isKnown(peer: PeerId): boolean
  /** Reports whether this peer is an operator. */
  isOperator(peer: PeerId): boolean
  isBlocked(peer: PeerId): boolean
}

/** The proofs that one connection has presented, by their texts. */
interface Presented {
  readonly checking: Map<string, Promise<PeerId>>
  /** The latest that hold. Those that do not hold take no place here. */
  readonly proven: Map<string, PeerId>
}

export class Identification {
  private readonly parts: IdentifyParts
  /** By the connection's caller. */
  private readonly presented = new WeakMap<Caller, Presented>()

  constructor(parts: IdentifyParts) {
    this.parts = parts
  }

  /**
   * Returns the caller of a call with these headers on the connection of `connected`. Throws UNAUTHENTICATED for an
   * invalid proof, FORBIDDEN for a blocked peer, and RESOURCE_EXHAUSTED if the origin has presented too many proofs.
   */
  async identify(
    connected: Caller,
    { authorization, origin }: Pick<IncomingHttpHeaders, 'authorization' | 'origin'>,
  ): Promise<Caller> {
    const peer =
      authorization === undefined
        ? connected.peer
        : await this.issuerOf(connected, authorization, origin ?? null)
    if (peer === undefined) return connected
    const { isBlocked, isOperator } = this.parts
    if (isBlocked(peer)) throw new CausewayError('FORBIDDEN', 'The peer is blocked.')
    return { ...connected, peer, operator: connected.operator || isOperator(peer) }
  }

  /** Returns the peers that have proven themselves on a connection, given the connection's caller. */
  peersOf(connected: Caller): PeerId[] {
    const peers = [...(this.presented.get(connected)?.proven.values() ?? [])]
    return connected.peer === undefined ? peers : [connected.peer, ...peers]
  }

  private issuerOf(connected: Caller, header: string, origin: string | null): PeerId | Promise<PeerId> {
    const presented = this.presented.get(connected) ?? { checking: new Map(), proven: new Map() }
    this.presented.set(connected, presented)
    const { checking, proven } = presented
    const proof = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header)?.[1]
    const earlier = proof && (proven.get(proof) ?? checking.get(proof))
    if (earlier) return earlier
    const giveBack = this.parts.budget.pay(originOf(connected.remoteAddress), proof && claimedIssuer(proof))
    if (proof === undefined)
      throw new CausewayError('UNAUTHENTICATED', 'The Authorization header must be `Bearer` and a JWT.', {
        data: { reason: 'malformed' },
      })
    const check = async () => {
      try {
        const peer = await this.parts.proofs.spend(proof, connected, origin)
        if (this.parts.isKnown(peer)) giveBack()
        if (proven.size >= limits.proofsPerConnection) proven.delete(proven.keys().next().value!)
        proven.set(proof, peer)
        return peer
      } finally {
        checking.delete(proof)
      }
    }
    const checked = check()
    checking.set(proof, checked)
    return checked
  }
}
