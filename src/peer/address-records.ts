/**
 * The signed address records of peers, which this node may pass on: the latest of each peer and scope. They are durable,
 * kept in memory as a whole, and bounded. What they say goes into the peer book as well; see record-keeper.ts.
 */
import type { Clock } from '../base/clock.ts'
import type { Reach } from '../base/hosts.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import { type PeerId, parsePeerId } from '../dag/identity.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'

/** An encoded AddressRecord with the signature of its peer. */
export interface SignedBytes {
  readonly record: Uint8Array
  readonly signature: Uint8Array
}

export interface KeptRecord {
  readonly sequence: number
  readonly ttlSeconds: number
  /** Whether it also names addresses that only the peer's own network reaches. */
  readonly near: boolean
  /** How far away whoever told it was seen. */
  readonly seen: Reach
  /** Those of its addresses that whoever told it may name. */
  readonly addresses: readonly string[]
  /** Milliseconds since 1970 until which it holds here. */
  readonly expiresMs: number
  /** The signed bytes, in base64. */
  readonly record: string
  readonly signature: string
}

/** A record that somebody has, as questions name it: by the first 16 hex digits of the PeerId. */
export interface KnownRecord {
  readonly prefix: string
  readonly near: boolean
  readonly sequence: number
}

/** A question for the records of a tree's members, with those that the other side may lack. */
export interface MemberAsk {
  readonly tree: TreeId
  readonly known: readonly KnownRecord[]
  readonly news: readonly SignedBytes[]
  readonly limit: number
}

/** The answer to ExchangeAddresses. */
export interface AddressAnswer {
  /** The remote's own record; absent if it tells us none. */
  readonly own?: SignedBytes | undefined
  /** The `ip:port` at which it sees us; empty if it does not say. */
  readonly observed: string
  /** Records of members that the asker lacks. */
  readonly records?: readonly SignedBytes[]
  /** Whether there are more. */
  readonly more?: boolean
}

export class AddressRecords {
  private readonly records: Records<KeptRecord>
  private readonly clock: Clock
  private readonly isPreferred: (peer: PeerId) => boolean

  private constructor(records: Records<KeptRecord>, clock: Clock, isPreferred: (peer: PeerId) => boolean) {
    this.records = records
    this.clock = clock
    this.isPreferred = isPreferred
  }

  /** Opens them without those that have expired. Past the bound, peers that are not preferred go first. */
  static async open(
    db: Database,
    clock: Clock,
    isPreferred: (peer: PeerId) => boolean,
  ): Promise<AddressRecords> {
    const records = new AddressRecords(
      await Records.open<KeptRecord>(db, 'address-records'),
      clock,
      isPreferred,
    )
    await records.dropExpired()
    return records
  }

  get size(): number {
    return this.records.size
  }

  /** Returns the record of a peer in one scope, if it holds. */
  get(peer: PeerId, near: boolean): KeptRecord | undefined {
    const kept = this.records.get(keyOf(peer, near))
    return kept !== undefined && this.holds(kept) ? kept : undefined
  }

  /** Returns the records of a peer that hold, the latest first. */
  of(peer: PeerId): KeptRecord[] {
    const both = [this.get(peer, false), this.get(peer, true)].filter((kept) => kept !== undefined)
    return both.sort((a, b) => b.sequence - a.sequence)
  }

  /** Returns all peers whose records hold. */
  peers(): PeerId[] {
    const held = [...this.records.entries()].filter(([, kept]) => this.holds(kept))
    return [...new Set(held.map(([key]) => peerOf(key)))]
  }

  /** Keeps a record. Returns false if one of this peer and scope is here that is as late. */
  async keep(peer: PeerId, record: KeptRecord): Promise<boolean> {
    const key = keyOf(peer, record.near)
    // One that has expired is still later than what somebody replays.
    if ((this.records.get(key)?.sequence ?? 0) >= record.sequence) return false
    // In memory first, so that of two that come at once the later one stays.
    this.records.keep(key, record)
    await this.makeRoom(key)
    await this.records.store(key)
    return true
  }

  private holds({ expiresMs }: KeptRecord): boolean {
    return expiresMs > this.clock.now()
  }

  private async makeRoom(newest: string): Promise<void> {
    if (this.records.size <= limits.recordsKept) return
    await this.dropExpired()
    if (this.records.size <= limits.recordsKept) return
    let worst: { key: string; isPreferred: boolean; expiresMs: number } | undefined
    for (const [key, { expiresMs }] of this.records.entries()) {
      if (key === newest) continue
      const isPreferred = this.isPreferred(peerOf(key))
      const isWorse =
        worst === undefined || isPreferred === worst.isPreferred
          ? expiresMs < (worst?.expiresMs ?? Number.POSITIVE_INFINITY)
          : worst.isPreferred
      if (isWorse) worst = { key, isPreferred, expiresMs }
    }
    await this.records.delete([worst!.key])
  }

  private async dropExpired(): Promise<void> {
    const expired = [...this.records.entries()].filter(([, kept]) => !this.holds(kept)).map(([key]) => key)
    if (expired.length > 0) await this.records.delete(expired)
  }
}

/** Returns the bytes of a kept record, to pass them on. */
export function signedBytes({ record, signature }: KeptRecord): SignedBytes {
  return { record: Buffer.from(record, 'base64'), signature: Buffer.from(signature, 'base64') }
}

function keyOf(peer: PeerId, near: boolean): string {
  return `${peer}:${near ? 'near' : 'wide'}`
}

function peerOf(key: string): PeerId {
  return parsePeerId(key.slice(0, key.indexOf(':')))
}
