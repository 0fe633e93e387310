/**
 * The peer book: every peer that this node knows, with its addresses and how each did. It is durable, small enough to
 * be in memory as a whole, and bounded, since peers may come in by themselves.
 */
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'

export interface PeerAddress {
  readonly address: string
  /** Milliseconds since 1970; absent: never. */
  readonly lastSuccessMs?: number
  readonly lastFailureMs?: number
}

export interface PeerEntry {
  readonly peer: PeerId
  /** For people; may be empty. */
  readonly name: string
  /** The one that worked last is first. */
  readonly addresses: readonly PeerAddress[]
  /** Neither dialled nor served. */
  readonly blocked: boolean
  /** It came by itself, since the policy of a tree names it; nobody here has vouched for it. */
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

  /** All peers, by PeerId. */
  list(): PeerEntry[] {
    return [...this.records.values()].sort((a, b) => (a.peer < b.peer ? -1 : 1))
  }

  /**
   * Remembers a peer, or adds addresses and a new name to one that is known. LIMIT_EXCEEDED past the bounds of limits.ts;
   * a known peer's addresses beyond them push out those that failed longest ago.
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
    const known = this.get(peer)
    if (known === undefined && this.records.size >= limits.peers)
      throw exceeded(`The peer book has at most ${limits.peers} peers: remove some.`, limits.peers)
    const given = [...new Set(addresses)]
    const before = known?.addresses ?? []
    const kept = before.filter(({ address }) => !given.includes(address))
    const entry: PeerEntry = {
      peer,
      name: name || (known?.name ?? ''),
      addresses: [
        ...given.map((address) => before.find((each) => each.address === address) ?? { address }),
        ...kept,
      ].slice(0, limits.dialAddresses),
      blocked: known?.blocked ?? false,
      ...(uninvited && { uninvited }),
    }
    await this.records.set(peer, entry, { sync: true })
    return entry
  }

  /** Blocks a peer or lets it in again. UNKNOWN_PEER where it is not in the book. */
  async block(peer: PeerId, blocked: boolean): Promise<void> {
    await this.records.set(peer, { ...this.expect(peer), blocked }, { sync: true })
  }

  async remove(peer: PeerId): Promise<void> {
    this.expect(peer)
    await this.records.delete([peer])
  }

  /**
   * Notes how dialling an address went; one that worked is tried first from now on. A peer that is away fails for days, so
   * of a run of failures only the first is written.
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
    const noted = { ...found, lastSuccessMs: now }
    await this.records.set(peer, { ...entry, addresses: [noted, ...others] })
  }

  /** The peer; UNKNOWN_PEER where it is not in the book. */
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
    throw exceeded(`An address has at most ${limits.addressBytes} characters.`, limits.addressBytes)
  if (!/^[a-z][a-z0-9+.-]*:./.test(address))
    throw new CausewayError(
      'BAD_ADDRESS',
      `An address begins with its scheme, such as http://host:port, got ${JSON.stringify(address.slice(0, 80))}.`,
    )
}

function exceeded(message: string, max: number): CausewayError {
  return new CausewayError('LIMIT_EXCEEDED', message, { data: { max } })
}
