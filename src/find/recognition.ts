/**
 * Finds the known peer that sent a beacon, by trying one after another. A beacon costs work for each known peer, so tries
 * are counted: past a rate they wait, and others run in between.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, sleep } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import { Buckets } from '../base/token-bucket.ts'
import type { PeerId } from '../dag/identity.ts'
import { type Beacon, hourOf, TagMaker } from './beacon.ts'

export interface RecognitionParts {
  readonly clock: Clock
  /** Returns the peers that this node knows. */
  known(): Iterable<PeerId>
}

export class Recognition {
  private readonly parts: RecognitionParts
  private readonly tries: Buckets
  /** The peers that were recognised last; the latest is the last. */
  private readonly met = new Set<PeerId>()

  constructor(parts: RecognitionParts) {
    this.parts = parts
    this.tries = new Buckets({
      ...{ clock: parts.clock, keys: 1 },
      ...{ burst: limits.beaconTriesBurst, perSecond: limits.beaconTriesPerSecond },
    })
  }

  /** Returns the known peer that sent a beacon, or undefined if none did. Throws the signal's error. */
  async senderOf({ salt, tag, portBytes }: Beacon, signal: AbortSignal): Promise<PeerId | undefined> {
    const maker = new TagMaker(salt, portBytes)
    let tried = 0
    for (const [peer, hour] of this.candidates()) {
      if (maker.tag(peer, hour) === tag) {
        this.meet(peer)
        return peer
      }
      tried++
      if (tried % limits.beaconTriesAtOnce === 0) await this.pause(limits.beaconTriesAtOnce, signal)
    }
    this.tries.charge('', tried % limits.beaconTriesAtOnce)
    return undefined
  }

  /** Yields whom to try for which hours: first who was met lately, then all for this hour, then for those beside it. */
  private *candidates(): Generator<readonly [PeerId, number]> {
    const now = hourOf(this.parts.clock.now())
    const hours = [now]
    for (let off = 1; off <= limits.beaconHours; off++) hours.push(now - off, now + off)
    for (const peer of [...this.met].reverse()) for (const hour of hours) yield [peer, hour]
    for (const hour of hours)
      for (const peer of this.parts.known()) if (!this.met.has(peer)) yield [peer, hour]
  }

  private async pause(tries: number, signal: AbortSignal): Promise<void> {
    const waitMs = this.tries.take('', tries)
    if (waitMs === 0) {
      await nextTurn(undefined, { signal })
      return
    }
    await sleep(this.parts.clock, waitMs, signal)
    this.tries.charge('', tries)
  }

  private meet(peer: PeerId): void {
    this.met.delete(peer)
    this.met.add(peer)
    if (this.met.size > limits.beaconPeersMet) this.met.delete(this.met.values().next().value!)
  }
}
