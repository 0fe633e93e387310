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

export interface PeerAddress {
  readonly address: string
  /** Milliseconds since 1970; absent if it never worked. */
  readonly lastSuccessMs?: number
  /** Milliseconds since 1970; absent if it never failed. */
  readonly lastFailureMs?: number
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
}

export class PeerBook {
  private readonly records: Records<PeerEntry>
  private readonly clock: Clock

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
    const others = before.filter(({ address }) => !newAddresses.includes(address))
    const entry: PeerEntry = {
      peer,
      name: name || (current?.name ?? ''),
      addresses: [
        ...newAddresses.map((address) => before.find((each) => each.address === address) ?? { address }),
        ...others,
      ].slice(0, limits.dialAddresses),
      blocked: current?.blocked ?? false,
      ...(uninvited && { uninvited }),
    }
    await this.records.set(peer, entry, { sync: true })
    return entry
  }

  /** Blocks or unblocks a peer. Throws UNKNOWN_PEER if it is not in the book. */
  async block(peer: PeerId, blocked: boolean): Promise<void> {
    await this.records.set(peer, { ...this.expect(peer), blocked }, { sync: true })
  }

  /** Removes a peer. Throws UNKNOWN_PEER if it is not in the book. */
  async remove(peer: PeerId): Promise<void> {
    this.expect(peer)
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
      const addresses = entry.addresses.map((each) =>
        each === found ? { ...found, lastFailureMs: now } : each,
      )
      const { lastSuccessMs = 0, lastFailureMs = 0 } = found
      if (lastFailureMs > lastSuccessMs) this.records.keep(peer, { ...entry, addresses })
      else await this.records.set(peer, { ...entry, addresses })
      return
    }
    const others = entry.addresses.filter((each) => each !== found)
    const first = { ...found, lastSuccessMs: now }
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
