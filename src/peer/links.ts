/**
 * Links: which tree is kept equal with which peer, and when. A link is durable and is all that a user states; the
 * dispatcher does the rest.
 */

import { CausewayError, type ErrorCode } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Contribution } from '../store/contributors.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'

export interface LinkSettings {
  /** Send what comes in here at once. */
  readonly onCommit: boolean
  /** Also sync every so many seconds; 0: not. */
  readonly intervalSeconds: number
  /** Take entries from the peer. */
  readonly pull: boolean
  /** Give entries to the peer. */
  readonly push: boolean
  /** Do nothing for now; what is to be told is still noted. */
  readonly paused: boolean
}

export const defaultSettings: LinkSettings = {
  onCommit: true,
  intervalSeconds: 0,
  pull: true,
  push: true,
  paused: false,
}

export interface Link {
  readonly tree: TreeId
  readonly peer: PeerId
  readonly settings: LinkSettings
  /** When a session last showed both sides equal, milliseconds since 1970. */
  readonly lastSuccessMs?: number
}

/** How a link stands. */
export interface LinkStatus {
  readonly tree: TreeId
  readonly peer: PeerId
  readonly settings: LinkSettings
  /** Whether both sides were shown equal and nothing has changed since, as far as is known. */
  readonly inSync: boolean
  /** Whether a session runs now or waits for its turn. */
  readonly active: boolean
  /** Entries that the peer lacks at most, where known; else 0. */
  readonly peerBehind: number
  /** Entries that we lack, where known; else 0. */
  readonly weBehind: number
  /** Milliseconds since 1970; 0: none, never, or not by itself. */
  readonly oldestPendingMs: number
  readonly lastSuccessMs: number
  readonly nextAttemptMs: number
  readonly lastError: { readonly code: ErrorCode; readonly message: string } | undefined
  /** Attempts that failed since the last success. */
  readonly attempts: number
  /** Why it is not tried any more by itself; empty where it is. */
  readonly parked: string
}

/** What a (tree, peer) pair is called in maps and on disk. */
export function linkKey(tree: TreeId, peer: PeerId): string {
  return `${tree}:${peer}`
}

/** A link, by its key, or a peer that an operator has removed; the oldest has the least number. */
interface Ended {
  readonly order: number
}

export class Links {
  private readonly records: Records<Link>
  private readonly ended: Records<Ended>
  private readonly byTree = new Map<TreeId, Set<PeerId>>()
  private readonly byPeer = new Map<PeerId, Set<TreeId>>()

  private constructor(records: Records<Link>, ended: Records<Ended>) {
    this.records = records
    this.ended = ended
    for (const { tree, peer } of records.values()) this.index(tree, peer)
  }

  static async open(db: Database): Promise<Links> {
    return new Links(await Records.open<Link>(db, 'links'), await Records.open<Ended>(db, 'ended-links'))
  }

  get size(): number {
    return this.records.size
  }

  get(tree: TreeId, peer: PeerId): Link | undefined {
    return this.records.get(linkKey(tree, peer))
  }

  list(): Link[] {
    return [...this.records.values()]
  }

  ofTree(tree: TreeId): Link[] {
    return Array.from(this.byTree.get(tree) ?? [], (peer) => this.get(tree, peer)!)
  }

  ofPeer(peer: PeerId): Link[] {
    return Array.from(this.byPeer.get(peer) ?? [], (tree) => this.get(tree, peer)!)
  }

  /**
   * Links a tree with a peer, or changes the settings of a link, in one batch with what is contributed. Throws
   * LIMIT_EXCEEDED or INVALID_ARGUMENT.
   */
  async set(tree: TreeId, peer: PeerId, settings: LinkSettings, contribution?: Contribution): Promise<Link> {
    const known = this.get(tree, peer)
    if (known === undefined && this.records.size >= limits.links)
      throw new CausewayError('LIMIT_EXCEEDED', `A node has at most ${limits.links} links: remove some.`, {
        data: { max: limits.links },
      })
    const { intervalSeconds } = settings
    if (!Number.isInteger(intervalSeconds) || intervalSeconds < 0 || intervalSeconds > limits.intervalSeconds)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `An interval is 0 (none) to ${limits.intervalSeconds} whole seconds, got ${intervalSeconds}.`,
      )
    if (!settings.pull && !settings.push)
      throw new CausewayError('INVALID_ARGUMENT', 'A link pulls or pushes: pause it to do neither.')
    const link: Link = { ...known, tree, peer, settings }
    const key = linkKey(tree, peer)
    const operations = [this.records.put(key, link), ...(contribution?.operations ?? [])]
    if (this.ended.get(key) !== undefined) operations.push(this.ended.del(key))
    await this.records.write(operations, true, () => {
      this.records.keep(key, link)
      this.ended.forget(key)
      this.index(tree, peer)
      contribution?.stored()
    })
    return link
  }

  /** Notes that both sides were shown equal. */
  async succeeded(tree: TreeId, peer: PeerId, atMs: number): Promise<void> {
    const link = this.get(tree, peer)
    if (link !== undefined) await this.records.set(linkKey(tree, peer), { ...link, lastSuccessMs: atMs })
  }

  /** Whether this link, or all of its peer, was ended here and not wanted again since. */
  wasEnded(tree: TreeId, peer: PeerId): boolean {
    return this.ended.get(linkKey(tree, peer)) !== undefined || this.ended.get(peer) !== undefined
  }

  /** Ends a link for good: it comes again only when it is made again. */
  remove(link: Link): Promise<void> {
    return this.end([link], linkKey(link.tree, link.peer))
  }

  /** Ends all links of a peer, and what it would be linked with by itself, until `welcome`. */
  removePeer(peer: PeerId): Promise<void> {
    return this.end(this.ofPeer(peer), peer)
  }

  /** A peer that was removed is wanted again. */
  welcome(peer: PeerId): Promise<void> {
    return this.forgetEnded(peer)
  }

  /** Removes links and notes what was ended, in one write. */
  private async end(links: readonly Link[], ended: string): Promise<void> {
    const notes = [...this.ended.entries()].sort(([, a], [, b]) => a.order - b.order)
    const note: Ended = { order: (notes.at(-1)?.[1].order ?? 0) + 1 }
    const excess = notes.slice(0, Math.max(0, notes.length + 1 - limits.links)).map(([key]) => key)
    const keys = links.map(({ tree, peer }) => linkKey(tree, peer))
    const operations = [
      ...keys.map((key) => this.records.del(key)),
      ...excess.map((key) => this.ended.del(key)),
      this.ended.put(ended, note),
    ]
    await this.records.write(operations, true, () => {
      for (const key of keys) this.records.forget(key)
      for (const key of excess) this.ended.forget(key)
      this.ended.keep(ended, note)
    })
    for (const { tree, peer } of links) {
      forget(this.byTree, tree, peer)
      forget(this.byPeer, peer, tree)
    }
  }

  private async forgetEnded(key: string): Promise<void> {
    if (this.ended.get(key) !== undefined) await this.ended.delete([key])
  }

  private index(tree: TreeId, peer: PeerId): void {
    remember(this.byTree, tree, peer)
    remember(this.byPeer, peer, tree)
  }
}

function remember<Key, Item>(sets: Map<Key, Set<Item>>, key: Key, item: Item): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([item]))
  else set.add(item)
}

function forget<Key, Item>(sets: Map<Key, Set<Item>>, key: Key, item: Item): void {
  const set = sets.get(key)
  set?.delete(item)
  if (set?.size === 0) sets.delete(key)
}
