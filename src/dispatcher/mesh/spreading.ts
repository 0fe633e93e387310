/**
 * How entries spread among the neighbours of each tree with many members: remembers who sent which entry, tells what goes
 * inline to whom, and fetches what was announced and does not come. The decisions are those of `Spread`.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { decodeBody } from '../../dag/body.ts'
import { idOf, type SignedEntry, type VerifiedEntry } from '../../dag/entry.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { TreeReader } from '../../store/read/tree-reader.ts'
import type { Selection, WatchEvent, WatcherKind } from '../../sync/answer/tree-watch.ts'
import { type Delivery, isYoung, Spread } from './spread.ts'

export interface SpreadingParts {
  readonly clock: Clock
  readonly store: TreeReader
  /** This node. */
  readonly self: PeerId
  /** Reports whether a tree has many members. */
  isMesh(tree: TreeId): boolean
  /** Returns about how many members a tree has. */
  memberCount(tree: TreeId): number
  /** The direction from a neighbour has become eager or lazy. */
  onDirection(peer: PeerId): void
  /** Compares a tree with a neighbour, which announced what is not here. */
  fetch(tree: TreeId, peer: PeerId): void
  /** A neighbour has exactly what was here at the arrival `sequence`. */
  onEqual(tree: TreeId, peer: PeerId, sequence: number): void
  onError(error: unknown): void
}

/** Steps of which it is not known how many they are: the entry is not sent to all neighbours. No entry counts as older. */
const manySteps = 64

/** Returns one step more than a neighbour told. It may tell any number, and what is passed on has to fit into a message. */
function oneMore(hops: number): number {
  return Math.min(hops, manySteps - 1) + 1
}

/**
 * Returns how many steps an entry has come with a neighbour that told `hops`. None means its author: from another peer, which
 * may send it again long after, none is told, and nothing is known.
 */
function stepsWith(peer: PeerId, hops: number, signed: SignedEntry): number {
  return hops === 0 && authorOf(signed) !== peer ? manySteps : oneMore(hops)
}

function authorOf({ body }: SignedEntry): PeerId | undefined {
  try {
    return decodeBody(body).author
  } catch {
    // It is refused when it is stored.
    return undefined
  }
}

/** How the entries of one tree spread. */
interface TreeSpread {
  readonly spread: Spread
  /** The digest that each neighbour last told. */
  readonly told: Map<PeerId, string>
  /** How many steps the entries would have come that each neighbour announced last. */
  readonly steps: Map<PeerId, number>
  /** From whom entries that nobody sends inline come now: the neighbour that was asked for them last. */
  fetching: Delivery | undefined
  /** Whether the digests are about to be compared with the tree's. */
  comparing: boolean
  cancelTimer: () => void
}

export class Spreading {
  private readonly parts: SpreadingParts
  /** How the latest entries came; the latest is the last. */
  private readonly senders = new Map<EntryId, Delivery>()
  private readonly trees = new Map<TreeId, TreeSpread>()
  private closed = false

  constructor(parts: SpreadingParts) {
    this.parts = parts
  }

  /** Reports whether a neighbour is to send tips alone. */
  isLazy(tree: TreeId, peer: PeerId): boolean {
    return this.trees.get(tree)?.spread.isLazy(peer) ?? false
  }

  /**
   * Takes note of an event before its entries are stored: who sent them, and which came twice. With `isFirst` it is the first
   * of a watch: what it sends again shows no path.
   */
  async receive(
    peer: PeerId,
    { tree, entries, hops = 0, tipsDigest }: WatchEvent,
    isFirst = false,
  ): Promise<void> {
    if (!this.parts.isMesh(tree)) return
    const { spread, told } = this.treeOf(tree)
    told.set(peer, tipsDigest)
    if (entries.length === 0) return
    const ids = entries.map(idOf)
    const here = await this.parts.store.lookupIn(tree, ids)
    for (const [index, id] of ids.entries()) {
      const delivery = { peer, hops: stepsWith(peer, hops, entries[index]!) }
      const first = this.senders.get(id)
      if (first === undefined && here[index] === undefined) this.keep(id, delivery)
      else if (first !== undefined && first.peer !== peer && !isFirst) {
        const lazy = spread.cameTwice(delivery, first)
        if (lazy !== undefined) this.parts.onDirection(lazy)
      }
    }
  }

  /** A neighbour announced tips that are not all here: they are fetched if nobody else brings them. */
  announced(peer: PeerId, { tree, tips, hops = 0 }: WatchEvent): void {
    if (this.closed || !this.parts.isMesh(tree)) return
    const each = this.treeOf(tree)
    each.spread.announce(peer, tips, this.parts.clock.monotonic())
    each.steps.set(peer, oneMore(hops))
    this.setTimer(tree, each)
  }

  /** A peer sends entries that nobody asked for: probably its own. */
  sent(tree: TreeId, peer: PeerId, entries: readonly SignedEntry[]): void {
    if (!this.parts.isMesh(tree) || entries.length > limits.inlineEntries) return
    for (const id of entries.map(idOf)) if (!this.senders.has(id)) this.keep(id, { peer, hops: 1 })
  }

  /** Entries were stored. A neighbour that told of just this state lacks nothing. */
  added(tree: TreeId, added: readonly VerifiedEntry[]): void {
    if (!this.parts.isMesh(tree)) return
    const { self, onError } = this.parts
    const each = this.trees.get(tree)
    for (const { id, body } of added) {
      if (this.senders.has(id)) continue
      if (body.author === self) this.keep(id, { peer: self, hops: 0 })
      else if (each?.fetching !== undefined) this.keep(id, each.fetching)
    }
    if (each === undefined || each.comparing || each.told.size === 0) return
    each.comparing = true
    this.compare(tree, each).catch(onError)
  }

  /** Returns which entries go inline to a watcher, and the most steps that one of them, or one left out, has come. */
  select(tree: TreeId, watcher: PeerId, entries: readonly SignedEntry[], kind: WatcherKind): Selection {
    const { isMesh, memberCount } = this.parts
    if (entries.length === 0 || !isMesh(tree)) return { entries, hops: 0 }
    const members = memberCount(tree)
    const selected: SignedEntry[] = []
    let most = 0
    for (const signed of entries) {
      const { peer, hops } = this.senders.get(idOf(signed)) ?? { peer: undefined, hops: manySteps }
      if (kind.isNeighbour && peer === watcher) continue
      most = Math.max(most, hops)
      if (kind.isNeighbour && kind.lazy && !isYoung(hops, members)) continue
      selected.push(signed)
    }
    return { entries: selected, hops: most }
  }

  /** A peer is no neighbour any more; a later one begins eager. */
  forget(tree: TreeId, peer: PeerId): void {
    const each = this.trees.get(tree)
    each?.spread.forget(peer)
    each?.told.delete(peer)
    each?.steps.delete(peer)
  }

  /** Returns how many steps an entry came, as far as it is remembered. */
  stepsOf(id: EntryId): number | undefined {
    return this.senders.get(id)?.hops
  }

  close(): void {
    this.closed = true
    for (const { cancelTimer } of this.trees.values()) cancelTimer()
    this.trees.clear()
  }

  private treeOf(tree: TreeId): TreeSpread {
    let each = this.trees.get(tree)
    if (each === undefined) {
      each = {
        ...{ spread: new Spread(), told: new Map(), steps: new Map(), fetching: undefined },
        ...{ comparing: false, cancelTimer: () => {} },
      }
      this.trees.set(tree, each)
    }
    return each
  }

  private keep(id: EntryId, delivery: Delivery): void {
    this.senders.set(id, delivery)
    if (this.senders.size > limits.sendersKept) this.senders.delete(this.senders.keys().next().value!)
  }

  private async compare(tree: TreeId, each: TreeSpread): Promise<void> {
    const { tipsDigest, sequence } = await this.parts.store.summary(tree).finally(() => {
      each.comparing = false
    })
    for (const [peer, digest] of [...each.told])
      if (digest === tipsDigest) {
        each.spread.settle(peer)
        this.parts.onEqual(tree, peer, sequence)
      }
  }

  private setTimer(tree: TreeId, each: TreeSpread): void {
    const { clock, onError } = this.parts
    each.cancelTimer()
    const { dueMs } = each.spread
    each.cancelTimer = () => {}
    if (dueMs === Number.POSITIVE_INFINITY) return
    each.cancelTimer = clock.setTimer(Math.max(0, dueMs - clock.monotonic()), () => {
      this.graft(tree, each).catch(onError)
    })
  }

  /** Fetches from the first of those whose tips should be here by now. The others wait once more. */
  private async graft(tree: TreeId, each: TreeSpread): Promise<void> {
    const { clock, store, fetch, onDirection } = this.parts
    const { spread, told } = each
    for (const { peer, tips } of spread.due(clock.monotonic())) {
      const here = await store.lookupIn(tree, tips)
      // A choice of very many tips says nothing of the others.
      const isSample = tips.length >= limits.watchTips && told.get(peer) !== (await store.tipsDigest(tree))
      if (!here.includes(undefined) && !isSample) {
        spread.settle(peer)
        continue
      }
      const wasLazy = spread.isLazy(peer)
      spread.graft(peer, clock.monotonic())
      each.fetching = { peer, hops: each.steps.get(peer) ?? manySteps }
      if (wasLazy) onDirection(peer)
      fetch(tree, peer)
      break
    }
    if (this.trees.get(tree) === each) this.setTimer(tree, each)
  }
}
