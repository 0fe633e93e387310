/**
 * Notices that two nodes run with one key, as a copied data folder does. Every call of a node names its process by a
 * random number, its instance. A peer whose calls come from one instance, then from another, and then from the first
 * again runs twice: a node that was started again never goes back. Who notices it tells its own operator, and says so in
 * its answers, so that both twins tell theirs.
 */
import type { Interceptor } from '@connectrpc/connect'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { bytesToHex } from '../../dag/hex.ts'
import type { PeerId } from '../../dag/identity.ts'
import { type Caller, callerKey } from '../caller.ts'

const instanceHeader = 'causeway-instance'
const twinHeader = 'causeway-twin'
const instanceBytes = 16

/** The instances from which a peer has called: the latest one, and the one before. */
interface Seen {
  latest: string
  before?: string
  isTwin: boolean
}

export interface TwinsParts {
  readonly self: PeerId
  readonly clock: Clock
  /** Reports whether the node or one of its trees knows this peer. */
  isKnown(peer: PeerId): boolean
}

export class Twins {
  private readonly parts: TwinsParts
  private readonly instance: string
  /** The peers that called last are the last ones. */
  private readonly seen = new Map<PeerId, Seen>()
  /** When each peer with a twin was last reported. */
  private readonly reportedMs = new Map<PeerId, number>()

  private listener: (error: CausewayError) => void = () => {}

  constructor(parts: TwinsParts) {
    this.parts = parts
    this.instance = bytesToHex(parts.clock.randomBytes(instanceBytes))
  }

  /** Calls `listener` when a key is seen to run twice, at most every `limits.twinReportMs` for each key. */
  onTwin(listener: (error: CausewayError) => void): void {
    this.listener = listener
  }

  /** For the calls of this node. */
  readonly calling: Interceptor = (next) => async (request) => {
    request.header.set(instanceHeader, this.instance)
    const response = await next(request)
    if (response.header.has(twinHeader)) this.report(this.parts.self, 'An answer of a peer shows')
    return response
  }

  /** For the calls that this node serves. */
  readonly serving: Interceptor = (next) => async (request) => {
    const caller = request.contextValues.get(callerKey)
    const isTwin = this.note(caller, request.header.get(instanceHeader))
    const response = await next(request)
    if (isTwin) response.header.set(twinHeader, '1')
    return response
  }

  /** Notes from where a peer calls. Returns whether it runs twice. */
  private note({ peer, remoteAddress }: Caller, instance: string | null): boolean {
    if (peer === undefined || instance === null || !/^[0-9a-f]{32}$/.test(instance)) return false
    if (peer === this.parts.self) {
      if (instance === this.instance) return false
      this.report(peer, `A call from ${remoteAddress} shows`)
      return true
    }
    if (!this.parts.isKnown(peer)) return false
    const seen = this.seen.get(peer) ?? { latest: instance, isTwin: false }
    this.seen.delete(peer)
    this.seen.set(peer, seen)
    if (this.seen.size > limits.peers) this.forgetOldest()
    if (instance === seen.before) seen.isTwin = true
    if (instance !== seen.latest) [seen.before, seen.latest] = [seen.latest, instance]
    if (seen.isTwin) this.report(peer, `A call from ${remoteAddress} shows`)
    return seen.isTwin
  }

  private forgetOldest(): void {
    const [oldest] = this.seen.keys()
    this.seen.delete(oldest!)
    this.reportedMs.delete(oldest!)
  }

  private report(peer: PeerId, how: string): void {
    const now = this.parts.clock.monotonic()
    const last = this.reportedMs.get(peer)
    if (last !== undefined && now < last + limits.twinReportMs) return
    this.reportedMs.set(peer, now)
    const whose = peer === this.parts.self ? "this node's key" : `the key of the peer ${peer}`
    this.listener(
      new CausewayError(
        'ALREADY_STARTED',
        `${how} that two nodes run with ${whose}, as when a data folder was copied: stop one of them, and let it begin with a folder of its own.`,
        { data: { peer } },
      ),
    )
  }
}
