/**
 * The peer book: every peer that this node knows, with its addresses and how dialling each one went. It is durable,
 * kept in memory as a whole, and bounded, since peers can get into it automatically.
 */
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'

/** How this node found a peer at an address: where a seed led (`SEED`), or by a beacon in the LAN (`LAN`). */
export type FoundSource = 'LAN' | 'SEED'
/** From whom an address comes, other than from an operator or a ticket: the peer told it, or it was found there. */
export type AddressSource = FoundSource | 'TOLD'

export interface PeerAddress {
  readonly address: string
  /** Absent: an operator or a ticket gave it, and nothing that a peer says pushes it out. */
  readonly source?: AddressSource
  /** Milliseconds since 1970 until which an address with a source holds. */
  readonly expiresMs?: number
  /** Milliseconds since 1970; absent if it never worked. */
  readonly lastSuccessMs?: number
  /** Milliseconds since 1970; absent if it never failed. */
  readonly lastFailureMs?: number
  /** How often one that the peer told has failed, if it never worked. Fresh ones inherit it from those that just failed. */
  readonly failures?: number
}

export interface PeerEntry {
  readonly peer: PeerId
  /** For people; may be empty. */
  readonly name: string
  /** An address that works moves to the front. */
  readonly addresses: readonly PeerAddress[]
  /** The peer is neither dialled nor served. */
  readonly blocked: boolean
  /** The peer was added automatically, since a tree's policy names it; no operator vouched for it. */
  readonly uninvited?: true
  /** The sequence of the last record in which the peer told its addresses. */
  readonly toldSequence?: number
}

/**
 * Returns the addresses of a peer in the order in which to dial them: the one that last worked, those of the LAN, those
 * given, those of seeds, those that the peer told. Leaves out those that have expired, and those told that never worked and
 * were tried a few times, and lately.
 */
export function dialOrder({ addresses }: PeerEntry, nowMs: number): string[] {
  const rank = ({ source, lastSuccessMs }: PeerAddress) =>
    lastSuccessMs !== undefined && lastSuccessMs === lastMs ? -1 : dialRank[source ?? 'GIVEN']
  const lastMs = Math.max(0, ...addresses.map(({ lastSuccessMs = 0 }) => lastSuccessMs))
  return addresses
    .filter((each) => isDue(each, nowMs))
    .sort((a, b) => rank(a) - rank(b))
    .map(({ address }) => address)
}

const dialRank = { LAN: 0, GIVEN: 1, SEED: 2, TOLD: 3 }
/** Past the bound the addresses with the highest of these are dropped. */
const keepRank = { GIVEN: 0, LAN: 1, SEED: 2, TOLD: 3 }

function isDue(address: PeerAddress, nowMs: number): boolean {
  const { source, expiresMs, lastSuccessMs } = address
  if (source === undefined) return true
  if (expiresMs !== undefined && expiresMs <= nowMs) return false
  // Somebody was there, and is looked for there again.
  if (source !== 'TOLD') return true
  const waits = (address.failures ?? 0) >= limits.toldTries && failedLately(address, nowMs)
  return lastSuccessMs !== undefined || !waits
}

function failedLately({ lastFailureMs }: Pick<PeerAddress, 'lastFailureMs'>, nowMs: number): boolean {
  // Also if the clock was set back since.
  return lastFailureMs !== undefined && Math.abs(nowMs - lastFailureMs) < limits.toldRetryMs
}

export class PeerBook {
  private readonly records: Records<PeerEntry>
  private readonly clock: Clock
  /** How often addresses of each peer have failed that only its word speaks for, and when last. */
  private readonly failing = new Map<PeerId, { failures: number; lastFailureMs: number }>()
  /** How addresses that failed and that their peers name no more were tried, by peer and address. */
  private readonly forgotten = new Map<string, Pick<PeerAddress, 'lastFailureMs' | 'failures'>>()

  private constructor(records: Records<PeerEntry>, clock: Clock) {
    this.records = records
    this.clock = clock
  }

  static async open(db: Database, clock: Clock): Promise<PeerBook> {
    return new PeerBook(await Records.open<PeerEntry>(db, 'peers'), clock)
  }

  get size(): number {
    return this.records.size
  }

  get(peer: PeerId): PeerEntry | undefined {
    return this.records.get(peer)
  }

  /** Returns all peers in no order, without a copy. */
  all(): IterableIterator<PeerEntry> {
    return this.records.values()
  }

  /** Returns all peers, sorted by PeerId. */
  list(): PeerEntry[] {
    return [...this.records.values()].sort((a, b) => (a.peer < b.peer ? -1 : 1))
  }

  /**
   * Adds a peer, or adds addresses and a new name to one that is in the book. New addresses go to the front; past the
   * bound the last ones are dropped. Throws LIMIT_EXCEEDED and BAD_ADDRESS.
   */
  async add(
    peer: PeerId,
    {
      name,
      addresses = [],
      uninvited,
    }: { name?: string | undefined; addresses?: readonly string[]; uninvited?: true } = {},
  ): Promise<PeerEntry> {
    if (name !== undefined && Buffer.byteLength(name) > limits.nameBytes)
      throw exceeded(`A peer's name has at most ${limits.nameBytes} bytes.`, limits.nameBytes)
    if (addresses.length > limits.dialAddresses)
      throw exceeded(
        `A peer has at most ${limits.dialAddresses} addresses, got ${addresses.length}.`,
        limits.dialAddresses,
      )
    for (const address of addresses) checkAddress(address)
    const current = this.get(peer)
    if (current === undefined && this.records.size >= limits.peers)
      throw exceeded(`The peer book has at most ${limits.peers} peers: remove some.`, limits.peers)
    const newAddresses = [...new Set(addresses)]
    const before = current?.addresses ?? []
    const given = newAddresses.map((address) => {
      const {
        source: _,
        expiresMs: __,
        ...known
      } = before.find((each) => each.address === address) ?? { address }
      return known
    })
    const others = before.filter(({ address }) => !newAddresses.includes(address))
    const { toldSequence } = current ?? {}
    const entry: PeerEntry = {
      peer,
      name: name || (current?.name ?? ''),
      addresses: bounded([...given, ...others]),
      blocked: current?.blocked ?? false,
      ...(uninvited && { uninvited }),
      ...(toldSequence !== undefined && { toldSequence }),
    }
    await this.records.set(peer, entry, { sync: true })
    return entry
  }

  /**
   * Takes over what a peer of the book told of its addresses, in place of what it told before. Returns whether any is new.
   * Does nothing if it told a later record already. Addresses past the bound are dropped, never those that were given. One
   * that failed stays slow, although the peer named others in between.
   */
  async tell(
    peer: PeerId,
    { addresses, sequence, expiresMs }: { addresses: readonly string[]; sequence: number; expiresMs: number },
  ): Promise<boolean> {
    const current = this.get(peer)
    if (current === undefined || (current.toldSequence ?? 0) > sequence) return false
    const before = current.addresses
    const others = before.filter(({ source }) => source !== 'TOLD')
    const last = this.failing.get(peer)
    const fresh =
      last !== undefined && failedLately(last, this.clock.now()) ? { failures: last.failures } : undefined
    const told = [...new Set(addresses)]
      .filter((address) => isAddress(address) && !others.some((each) => each.address === address))
      .map((address) => ({
        ...(before.find((each) => each.address === address) ?? this.forgotten.get(peer + address) ?? fresh),
        ...({ address, source: 'TOLD', expiresMs } as const),
      }))
    const entry = { ...current, addresses: bounded([...others, ...told]), toldSequence: sequence }
    this.forgetFailed(
      peer,
      before.filter(({ address }) => !entry.addresses.some((each) => each.address === address)),
    )
    await this.records.set(peer, entry)
    return entry.addresses.some(({ address }) => !before.some((each) => each.address === address))
  }

  /** Remembers of addresses that a peer names no more that they failed. */
  private forgetFailed(peer: PeerId, addresses: readonly PeerAddress[]): void {
    for (const each of addresses) {
      const { address, lastFailureMs, failures } = each
      if (lastFailureMs === undefined || failures === undefined || !isUnproven(each)) continue
      this.forgotten.delete(peer + address)
      this.forgotten.set(peer + address, { lastFailureMs, failures })
      if (this.forgotten.size > limits.toldForgotten)
        this.forgotten.delete(this.forgotten.keys().next().value!)
    }
  }

  /**
   * Takes over the addresses at which a peer of the book was found, in place of earlier ones of that source. Returns whether
   * any is new.
   */
  async learn(
    peer: PeerId,
    source: FoundSource,
    { addresses, expiresMs }: { addresses: readonly string[]; expiresMs: number },
  ): Promise<boolean> {
    const current = this.get(peer)
    if (current === undefined) return false
    const before = current.addresses
    const fresh = [...new Set(addresses)].filter((address) => {
      const other = before.find((each) => each.address === address)
      return (
        isAddress(address) &&
        keepRank[source] <= keepRank[other === undefined ? source : (other.source ?? 'GIVEN')]
      )
    })
    const kept = before.filter((each) => each.source !== source && !fresh.includes(each.address))
    const found = fresh.map((address) => ({
      ...before.find((each) => each.address === address),
      ...{ address, source, expiresMs },
    }))
    const entry = { ...current, addresses: bounded([...kept, ...found]) }
    const isNew = entry.addresses.some(({ address }) => !before.some((each) => each.address === address))
    // What is found again and again is not worth a write each time.
    if (isNew || entry.addresses.length !== before.length) await this.records.set(peer, entry)
    else this.records.keep(peer, entry)
    return isNew
  }

  /** Blocks or unblocks a peer. Throws UNKNOWN_PEER if it is not in the book. */
  async block(peer: PeerId, blocked: boolean): Promise<void> {
    await this.records.set(peer, { ...this.expect(peer), blocked }, { sync: true })
  }

  /** Removes a peer. Throws UNKNOWN_PEER if it is not in the book. */
  async remove(peer: PeerId): Promise<void> {
    this.expect(peer)
    this.failing.delete(peer)
    await this.records.delete([peer])
  }

  /**
   * Records how dialling an address went. An address that worked is tried first from now on. Only the first of a run of
   * failures is written to disk, since a peer that is away fails for days.
   */
  async note(peer: PeerId, address: string, worked: boolean): Promise<void> {
    const entry = this.get(peer)
    const found = entry?.addresses.find((each) => each.address === address)
    if (entry === undefined || found === undefined) return
    const now = this.clock.now()
    if (!worked) {
      const failures = (found.failures ?? 0) + 1
      if (isUnproven(found)) this.failing.set(peer, { failures, lastFailureMs: now })
      const failed = { ...found, ...(isUnproven(found) && { failures }), lastFailureMs: now }
      const addresses = entry.addresses.map((each) => (each === found ? failed : each))
      const { lastSuccessMs = 0, lastFailureMs = 0 } = found
      if (lastFailureMs > lastSuccessMs) this.records.keep(peer, { ...entry, addresses })
      else await this.records.set(peer, { ...entry, addresses })
      return
    }
    const others = entry.addresses.filter((each) => each !== found)
    this.failing.delete(peer)
    const { failures: _, ...known } = found
    const first = { ...known, lastSuccessMs: now }
    await this.records.set(peer, { ...entry, addresses: [first, ...others] })
  }

  /** Returns the peer. Throws UNKNOWN_PEER if it is not in the book. */
  expect(peer: PeerId): PeerEntry {
    const entry = this.get(peer)
    if (entry !== undefined) return entry
    throw new CausewayError('UNKNOWN_PEER', `The peer ${peer} is not in the peer book: add it first.`, {
      data: { peer },
    })
  }
}

/** Whether only the peer's word speaks for an address. */
function isUnproven({ source, lastSuccessMs }: PeerAddress): boolean {
  return source === 'TOLD' && lastSuccessMs === undefined
}

/** Returns as many addresses as a peer may have: first those that were given, then by their sources. */
function bounded(addresses: readonly PeerAddress[]): PeerAddress[] {
  const rank = ({ source }: PeerAddress) => keepRank[source ?? 'GIVEN']
  const kept = new Set([...addresses].sort((a, b) => rank(a) - rank(b)).slice(0, limits.dialAddresses))
  return addresses.filter((each) => kept.has(each))
}

function isAddress(address: string): boolean {
  try {
    checkAddress(address)
    return true
  } catch {
    return false
  }
}

function checkAddress(address: string): void {
  if (address.length > limits.addressBytes)
    throw exceeded(
      `An address has at most ${limits.addressBytes} characters, got ${address.length}.`,
      limits.addressBytes,
    )
  if (!/^[a-z][a-z0-9+.-]*:./.test(address))
    throw new CausewayError(
      'BAD_ADDRESS',
      `An address begins with its scheme, such as http://host:port, got ${JSON.stringify(address.slice(0, 80))}.`,
    )
}

function exceeded(message: string, max: number): CausewayError {
  return new CausewayError('LIMIT_EXCEEDED', message, { data: { max } })
}
