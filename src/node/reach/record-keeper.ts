/**
 * Decides what to believe of the address records that peers tell, of themselves and of others: keeps the latest of each,
 * and puts the addresses that whoever told them may name into the peer book, beside those that were given. A peer that
 * names new addresses again and again, to point this node at others, is taken at its word only now and then.
 */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { hostOf, isLinkLocal, type Reach, reachOf } from '../../base/hosts.ts'
import { limits } from '../../base/limits.ts'
import { Buckets } from '../../base/token-bucket.ts'
import type { PeerId } from '../../dag/identity.ts'
import { type AddressRecord, readRecord } from '../../find/record.ts'
import type { AddressRecords, KeptRecord, SignedBytes } from '../../peer/address-records.ts'
import type { PeerBook } from '../../peer/book.ts'
import type { TransportManager } from '../../transport/manager.ts'
import { isSocket } from './advertised.ts'

export interface RecordKeeperParts {
  readonly clock: Clock
  readonly transports: Pick<TransportManager, 'route'>
  readonly book: PeerBook
  readonly records: AddressRecords
  /** Called when a new address of a peer is in the peer book. */
  onNew(peer: PeerId): void
}

/** What a peer tells of itself, as the peer book takes it. */
export type Told = Parameters<PeerBook['tell']>[1]

export class RecordKeeper {
  private readonly parts: RecordKeeperParts
  private readonly changes: Buckets
  private readonly arrivals: Buckets
  /** The records that the peer book has. */
  private readonly settled = new WeakSet<KeptRecord>()
  /** Cancels the timers of peers whose new addresses wait. */
  private readonly waiting = new Map<PeerId, () => void>()

  constructor(parts: RecordKeeperParts) {
    this.parts = parts
    const perSecond = limits.recordChanges / (limits.toldRetryMs / 1_000)
    const { clock } = parts
    const keys = limits.recordsKept
    this.changes = new Buckets({ clock, burst: limits.recordChanges, perSecond, keys })
    const arrivalsPerSecond = 1_000 / limits.recordArrivalMs
    this.arrivals = new Buckets({ clock, burst: limits.recordArrivals, perSecond: arrivalsPerSecond, keys })
  }

  stop(): void {
    for (const cancel of this.waiting.values()) cancel()
    this.waiting.clear()
  }

  /** Reads the record that a peer tells of itself. Throws PROTOCOL, also if it is another's or of the future. */
  async readOwn(peer: PeerId, signed: SignedBytes): Promise<AddressRecord> {
    const record = await readRecord(signed)
    if (record.peer !== peer)
      throw new CausewayError(
        'PROTOCOL',
        `An address record is its peer's own, got one of ${record.peer} from ${peer}.`,
      )
    this.checkNotAhead(record)
    return record
  }

  /** Reads a record that somebody else passes on. Throws PROTOCOL, also if it has expired or is of the future. */
  async readPassed(signed: SignedBytes): Promise<AddressRecord> {
    const record = await readRecord(signed)
    this.checkNotAhead(record)
    if (record.sequence + record.ttlSeconds * 1_000 <= this.parts.clock.now())
      throw new CausewayError(
        'PROTOCOL',
        `An address record that is passed on has not expired, and that of ${record.peer} has: a clock is wrong.`,
        { data: { peer: record.peer } },
      )
    return record
  }

  /**
   * Keeps a record that somebody at an address told. Returns whether it is later than what was known, and its peer does not
   * issue too many. `passed`: it was not its own peer that told it, so it holds from when it was issued.
   */
  async keep(
    record: AddressRecord,
    signed: SignedBytes,
    from: string,
    { passed = false } = {},
  ): Promise<boolean> {
    const { clock, records } = this.parts
    const { peer, sequence, ttlSeconds, near } = record
    if ((records.get(peer, near)?.sequence ?? 0) >= sequence) return false
    if (this.arrivals.take(peer) > 0) return false
    const ttlMs = ttlSeconds * 1_000
    const expiresMs = passed ? Math.min(sequence, clock.now()) + ttlMs : clock.now() + ttlMs
    return records.keep(peer, {
      ...{ sequence, ttlSeconds, near, expiresMs, seen: seenFrom(from) },
      addresses: await this.mayNamed(record, from),
      record: Buffer.from(signed.record).toString('base64'),
      signature: Buffer.from(signed.signature).toString('base64'),
    })
  }

  /** A peer may have come into the book, or told something new: takes over what is known of its addresses. */
  async settle(peer: PeerId): Promise<void> {
    const { book, records, onNew } = this.parts
    const kept = records.of(peer)
    const entry = book.get(peer)
    const [latest] = kept
    if (latest === undefined || entry === undefined || (entry.toldSequence ?? 0) > latest.sequence) return
    if (entry.toldSequence !== undefined && kept.every((each) => this.settled.has(each))) return
    const addresses = [...new Set(kept.flatMap((each) => each.addresses))]
    const known = new Set(entry.addresses.map(({ address }) => address))
    const isNew = addresses.some((address) => !known.has(address))
    const waitMs = isNew ? this.changes.take(peer) : 0
    if (waitMs > 0) return this.later(peer, waitMs)
    for (const each of kept) this.settled.add(each)
    const expiresMs = Math.max(...kept.map((each) => each.expiresMs))
    if (await book.tell(peer, { addresses, sequence: latest.sequence, expiresMs })) onNew(peer)
  }

  /** Returns what a peer at an address tells of itself, without what it may not tell. Throws PROTOCOL. */
  async read(peer: PeerId, signed: SignedBytes, from: string): Promise<Told> {
    const record = await this.readOwn(peer, signed)
    const expiresMs = this.parts.clock.now() + record.ttlSeconds * 1_000
    return { addresses: await this.mayNamed(record, from), sequence: record.sequence, expiresMs }
  }

  private checkNotAhead({ peer, sequence }: AddressRecord): void {
    if (sequence > this.parts.clock.now() + limits.recordAheadMs)
      throw new CausewayError(
        'PROTOCOL',
        `An address record is not issued in the future: the clock of its peer ${peer} is wrong.`,
        { data: { peer } },
      )
  }

  private later(peer: PeerId, waitMs: number): void {
    if (this.waiting.has(peer)) return
    const cancel = this.parts.clock.setTimer(waitMs, () => {
      this.waiting.delete(peer)
      void this.settle(peer)
    })
    this.waiting.set(peer, cancel)
  }

  /** Returns the addresses of a record that somebody who is seen at `from` may name. */
  private async mayNamed({ peer, addresses }: AddressRecord, from: string): Promise<string[]> {
    const seen = seenFrom(from)
    const kept = await Promise.all(addresses.map((address) => this.narrow(address, peer, seen)))
    return kept.filter((address) => address !== undefined)
  }

  /** Returns what somebody who is seen from here may tell of an address; undefined if nothing. */
  private async narrow(address: string, peer: PeerId, seen: Reach): Promise<string | undefined> {
    try {
      const transport = this.parts.transports.route(address)
      if (transport.narrow === undefined) return address
      return await transport.narrow(address, peer, (host) => mayTell(host, seen))
    } catch {
      // No transport here takes such an address, or it is malformed: nothing here could dial it.
      return undefined
    }
  }
}

/**
 * Reports whether a peer that is seen from there may name a host: not this machine or a private network unless the peer
 * is there itself, and never where a cloud serves its secrets.
 */
function mayTell(host: string, seen: Reach): boolean {
  const reach = reachOf(host)
  if (reach === 'nowhere' || isLinkLocal(host)) return false
  return reach === 'everywhere' || seen === 'machine' || (reach === 'network' && seen === 'network')
}

/** Returns how far away a remote address is. One that names no host, such as a relay, is taken to be far. */
export function seenFrom(remoteAddress: string): Reach {
  return isSocket(remoteAddress) ? reachOf(hostOf(remoteAddress)!) : 'everywhere'
}
