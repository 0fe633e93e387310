/**
 * The inbound connections of a server: whom each one counts for, and which one goes when there are too many. A known
 * peer may hold so many and no more; for a newcomer, room is made at whoever holds most. The control socket is not
 * counted, so the operator always comes in.
 */
import type { Duplex } from 'node:stream'
import { largestCrowd } from '../../base/crowd.ts'
import { limits } from '../../base/limits.ts'
import { originOf } from '../../base/origin.ts'
import type { ByteChannel, Caller } from '../caller.ts'
import type { Holder, Throttle } from './throttle.ts'

export interface InboundConnection {
  readonly caller: Caller
  readonly channel: ByteChannel
  /** Whether no request has arrived yet, so that closing loses nothing. */
  awaitsFirstBytes: boolean
}

export class Connections {
  private readonly throttle: Pick<Throttle, 'holderOf'> | undefined
  private readonly byStream = new Map<Duplex, InboundConnection>()
  /** The connections that have been counted for a known peer. */
  private readonly ofKnownPeers = new WeakSet<InboundConnection>()
  /** The connections of the control socket. */
  private uncounted = 0

  constructor(throttle: Pick<Throttle, 'holderOf'> | undefined) {
    this.throttle = throttle
  }

  [Symbol.iterator](): IterableIterator<InboundConnection> {
    return this.byStream.values()
  }

  /** Takes in a connection until its stream closes. Returns false if there is no room for it. */
  add(connection: InboundConnection): boolean {
    const { stream } = connection.channel
    const counted = !connection.caller.operator
    if (counted && this.byStream.size - this.uncounted >= limits.connections && !this.makeRoom()) return false
    this.byStream.set(stream, connection)
    if (!counted) this.uncounted++
    stream.once('close', () => {
      if (this.byStream.delete(stream) && !counted) this.uncounted--
    })
    this.boundPeer(connection)
    return true
  }

  /**
   * Ends the oldest connection of a known peer that now holds more than `limits.connectionsPerPeer`. To be called when
   * a peer may have proven itself on this connection.
   */
  boundPeer(connection: InboundConnection): void {
    if (this.ofKnownPeers.has(connection)) return
    const { name, kind } = this.holderOf(connection)
    if (kind !== 'known') return
    this.ofKnownPeers.add(connection)
    const others = [...this].filter(
      (other) => this.ofKnownPeers.has(other) && this.holderOf(other).name === name,
    )
    if (others.length > limits.connectionsPerPeer) this.end(others[0]!)
  }

  /** Ends the connections of the callers that match. */
  cut(which: (caller: Caller) => boolean): void {
    for (const { caller, channel } of this) if (which(caller)) channel.stream.destroy()
  }

  private holderOf({ caller }: InboundConnection): Holder {
    return this.throttle?.holderOf(caller) ?? { name: originOf(caller.remoteAddress), kind: 'stranger' }
  }

  /**
   * Ends a connection to make room for another: the oldest of the origin whose strangers hold most. If strangers have
   * no more than is kept for them, it is the oldest of the known peer that holds most, and more than is kept for it.
   * Returns false if there is no such connection.
   */
  private makeRoom(): boolean {
    const strangers: [InboundConnection, string][] = []
    const known: [InboundConnection, string][] = []
    for (const connection of this) {
      const { name, kind } = this.holderOf(connection)
      if (!connection.caller.operator) (kind === 'stranger' ? strangers : known).push([connection, name])
    }
    const ofPeers = largestCrowd(known, ([, name]) => name)
    const peersMayGo =
      strangers.length <= limits.strangerConnectionsKept &&
      ofPeers !== undefined &&
      ofPeers.held > limits.peerConnectionsKept
    const crowd = peersMayGo ? ofPeers : largestCrowd(strangers, ([, name]) => name)
    if (crowd === undefined) return false
    this.end(crowd.oldest[0])
    return true
  }

  private end({ channel: { stream } }: InboundConnection): void {
    stream.destroy()
    this.byStream.delete(stream)
  }
}
