/**
 * The address record that this node issues of itself, one for each scope. A later one always has a greater sequence, also
 * after the clock was set back or a backup was restored: then peers show one of ours that is ahead, and the next goes
 * after it. If that happens again and again, the key runs on two machines; then no more are issued for a while.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { Identity } from '../../dag/identity.ts'
import { type SignedRecord, signRecord } from '../../find/record.ts'

export interface OwnRecordParts {
  readonly identity: Identity
  readonly clock: Clock
  /** Returns the addresses for peers that are near, or for all. */
  addresses(near: boolean): readonly string[]
}

/** The record of one scope that was issued last. */
interface Issued {
  readonly addresses: string
  readonly atMs: number
  readonly signed: SignedRecord
  /** Whether a record of ours that somebody else issued is later. */
  isOvertaken: boolean
}

export class OwnRecord {
  private readonly parts: OwnRecordParts
  private readonly issued = new Map<boolean, Issued>()
  private lastSequence = 0
  /** When records of our key came that were later than ours, in monotonic time. */
  private overtakenAt: number[] = []
  private pausedUntil = Number.NEGATIVE_INFINITY

  constructor(parts: OwnRecordParts) {
    this.parts = parts
  }

  /** Returns the record of a scope. Issues one if the addresses have changed, or half its time is over. */
  issue(near: boolean): SignedRecord {
    const { clock, identity } = this.parts
    const last = this.issued.get(near)
    if (last !== undefined && this.runsTwice) return last.signed
    const addresses = fitting(this.parts.addresses(near))
    const text = addresses.join(' ')
    const halfMs = (limits.recordOwnTtlSeconds * 1_000) / 2
    const isFresh = last?.addresses === text && Math.abs(clock.now() - last.atMs) < halfMs
    if (last !== undefined && isFresh && !last.isOvertaken) return last.signed
    const sequence = Math.max(clock.now(), this.lastSequence + 1)
    this.lastSequence = sequence
    const signed = signRecord(identity, { sequence, near, addresses, ttlSeconds: limits.recordOwnTtlSeconds })
    this.issued.set(near, { addresses: text, atMs: clock.now(), signed, isOvertaken: false })
    return signed
  }

  /** A record of our key has come. Returns whether it is later than ours, so that peers need a later one. */
  saw(sequence: number): boolean {
    const { clock } = this.parts
    if (sequence <= this.lastSequence) return false
    this.lastSequence = sequence
    for (const each of this.issued.values()) each.isOvertaken = true
    const now = clock.monotonic()
    this.overtakenAt = [...this.overtakenAt.filter((at) => now - at < limits.recordTwinMs), now]
    if (this.overtakenAt.length >= limits.recordTwinTimes) this.pausedUntil = now + limits.recordTwinPauseMs
    return !this.runsTwice
  }

  /** Whether the records of another node with this key have just overtaken ours again and again. */
  get runsTwice(): boolean {
    return this.parts.clock.monotonic() < this.pausedUntil
  }
}

/** Returns as many of the addresses as a record may have. */
function fitting(addresses: readonly string[]): string[] {
  const kept: string[] = []
  let bytes = 0
  for (const address of addresses.slice(0, limits.dialAddresses)) {
    bytes += Buffer.byteLength(address) + 3
    if (bytes > limits.recordBytes - 128) break
    kept.push(address)
  }
  return kept
}
