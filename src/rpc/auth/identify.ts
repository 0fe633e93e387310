/**
 * Identifies the caller of a call before the call's body is read: the peer that the transport proved, or the issuer of
 * the call's proof. A proof is valid only on the first connection that presents it, for that connection's life, with
 * every call that carries it. So a client signs once per connection, and other callers on the same connection of a proxy
 * gain nothing. A reusable proof is valid on every connection, and on none once it has expired.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { originOf } from '../../base/origin.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Caller } from '../caller.ts'
import { claimedIssuer } from './claims.ts'
import type { Proofs, Proven } from './proof.ts'
import type { ProofBudget } from './proof-budget.ts'

export interface IdentifyParts {
  readonly clock: Clock
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
  readonly checking: Map<string, Promise<Proven>>
  /** The latest that hold. Those that do not hold take no place here. */
  readonly proven: Map<string, Proven>
}

export class Identification {
  private readonly parts: IdentifyParts
  /** By the connection's caller. */
  private readonly presented = new WeakMap<Caller, Presented>()

  constructor(parts: IdentifyParts) {
    this.parts = parts
  }

  /**
   * Returns the caller of a call with these headers on the connection of `connected`, which comes from `remoteAddress`. Throws UNAUTHENTICATED for an
   * invalid proof, FORBIDDEN for a blocked peer, and RESOURCE_EXHAUSTED if the origin has presented too many proofs.
   */
  async identify(
    connected: Caller,
    { authorization, origin }: Pick<IncomingHttpHeaders, 'authorization' | 'origin'>,
    remoteAddress = connected.remoteAddress,
  ): Promise<Caller> {
    const peer =
      authorization === undefined
        ? connected.peer
        : (await this.prove({ connected, remoteAddress }, authorization, origin ?? null)).peer
    if (peer === undefined) return connected
    const { isBlocked, isOperator } = this.parts
    if (isBlocked(peer)) throw new CausewayError('FORBIDDEN', 'The peer is blocked.')
    return { ...connected, peer, operator: connected.operator || isOperator(peer) }
  }

  /** Returns the peers that have proven themselves on a connection, given the connection's caller. */
  peersOf(connected: Caller): PeerId[] {
    const nowMs = this.parts.clock.now()
    const peers = [...(this.presented.get(connected)?.proven.values() ?? [])].flatMap(
      ({ peer, untilMs = Number.POSITIVE_INFINITY }) => (nowMs < untilMs ? [peer] : []),
    )
    return connected.peer === undefined ? peers : [connected.peer, ...peers]
  }

  private prove(
    { connected, remoteAddress }: { readonly connected: Caller; readonly remoteAddress: string },
    header: string,
    origin: string | null,
  ): Proven | Promise<Proven> {
    const presented = this.presented.get(connected) ?? { checking: new Map(), proven: new Map() }
    this.presented.set(connected, presented)
    const { checking, proven } = presented
    const proof = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header)?.[1]
    const earlier = proof && (this.unexpired(proven, proof) ?? checking.get(proof))
    if (earlier) return earlier
    const giveBack = this.parts.budget.pay(originOf(remoteAddress), proof && claimedIssuer(proof))
    if (proof === undefined)
      throw new CausewayError('UNAUTHENTICATED', 'The Authorization header must be `Bearer` and a JWT.', {
        data: { reason: 'malformed' },
      })
    const check = async () => {
      try {
        const shown = await this.parts.proofs.spend(proof, connected, origin)
        if (this.parts.isKnown(shown.peer)) giveBack()
        if (proven.size >= limits.proofsPerConnection) proven.delete(proven.keys().next().value!)
        proven.set(proof, shown)
        return shown
      } finally {
        checking.delete(proof)
      }
    }
    const checked = check()
    checking.set(proof, checked)
    return checked
  }

  /** Returns what a proof proved on this connection before. Forgets one that has expired since, so it is checked again. */
  private unexpired(proven: Map<string, Proven>, proof: string): Proven | undefined {
    const shown = proven.get(proof)
    if (shown?.untilMs === undefined || this.parts.clock.now() < shown.untilMs) return shown
    proven.delete(proof)
    return undefined
  }
}
