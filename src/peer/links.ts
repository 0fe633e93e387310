/**
 * Links: which tree is kept in sync with which peer, and when. A link is durable and is all that a user states; the
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
  /** Send new entries to the peer immediately. */
  readonly onCommit: boolean
  /** Also sync every so many seconds; 0 for never. */
  readonly intervalSeconds: number
  /** Receive entries from the peer. */
  readonly pull: boolean
  /** Send entries to the peer. */
  readonly push: boolean
  /** Do nothing for now; entries that the peer lacks are still marked. */
  readonly paused: boolean
  /** Fetch all blobs of the tree, and not only those that are read. */
  readonly blobs: boolean
}

export const defaultSettings: LinkSettings = {
  onCommit: true,
  intervalSeconds: 0,
  pull: true,
  push: true,
  paused: false,
  blobs: false,
}

export interface Link {
  readonly tree: TreeId
  readonly peer: PeerId
  readonly settings: LinkSettings
  /** When both sides were last found equal, in milliseconds since 1970. */
  readonly lastSuccessMs?: number
  /** Whether the tree was not here when the link was made: then the peer may have to bring it. */
  readonly lackedTree?: true
  /** Whether the node made the link by itself, since the tree's policy names the peer, and nobody has set it since. */
  readonly automatic?: true
}

/**
 * The place of a link. `kept`: it is kept in sync whatever happens, as every link of a tree with few members, and those
 * that people made. In a tree with many members, of the links that the node made by itself, those with its neighbours are
 * kept (`neighbour`), and the others wait until a neighbour is lost (`passive`).
 */
export type LinkPlace = 'kept' | 'neighbour' | 'passive'

/** The sync status of a link. */
export interface LinkStatus {
  readonly tree: TreeId
  readonly peer: PeerId
  readonly settings: LinkSettings
  readonly place: LinkPlace
  /** Whether both sides were found equal, the peer is heard, and no change is known since. False if it is passive. */
  readonly inSync: boolean
  /** Whether the peer is there: it answers, or its own calls show it. */
  readonly heard: boolean
  /** Whether a session is running or waits for its turn. */
  readonly active: boolean
  /** The most entries that the peer may lack, if known; else 0. */
  readonly peerBehind: number
  /** Entries that we lack, if known; else 0. */
  readonly weBehind: number
  /** Milliseconds since 1970; 0 if no entry is pending. */
  readonly oldestPendingMs: number
  /** Milliseconds since 1970; 0 if there was none. */
  readonly lastSuccessMs: number
  /** Milliseconds since 1970; 0 if no attempt is planned. */
  readonly nextAttemptMs: number
  readonly lastError: { readonly code: ErrorCode; readonly message: string } | undefined
  /** Failed attempts since the last success. */
  readonly attempts: number
  /** Why the link is no longer retried automatically; empty if it is. */
  readonly parked: string
  /** Why the peer is polled at intervals and not watched; empty if it is watched, or need not be. */
  readonly polled: string
}

/** Returns the key of a (tree, peer) pair in maps and on disk. */
export function linkKey(tree: TreeId, peer: PeerId): string {
  return `${tree}:${peer}`
}

/** The removal of a link (by its key), of a peer or of a tree by an operator. The oldest has the lowest number. */
interface Removal {
  readonly order: number
}

export class Links {
  private readonly records: Records<Link>
  private readonly removals: Records<Removal>
  private readonly byTree = new Map<TreeId, Set<PeerId>>()
  private readonly byPeer = new Map<PeerId, Set<TreeId>>()
  /** Keys of links whose removal is being written, so that no other write brings them back. */
  private readonly ending = new Set<string>()

  private constructor(records: Records<Link>, removals: Records<Removal>) {
    this.records = records
    this.removals = removals
    for (const { tree, peer } of records.values()) this.index(tree, peer)
  }

  static async open(db: Database): Promise<Links> {
    return new Links(await Records.open<Link>(db, 'links'), await Records.open<Removal>(db, 'ended-links'))
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
   * Creates a link or changes its settings, in one batch with `contribution`. `lacksTree`: the tree is not here.
   * `automatic`: nobody asked for it; without, an automatic link becomes a person's. Throws LIMIT_EXCEEDED and
   * INVALID_ARGUMENT.
   */
  async set(
    tree: TreeId,
    peer: PeerId,
    settings: LinkSettings,
    {
      contribution,
      lacksTree = false,
      automatic = false,
    }: { contribution?: Contribution | undefined; lacksTree?: boolean; automatic?: boolean } = {},
  ): Promise<Link> {
    const current = this.get(tree, peer)
    if (current === undefined && this.records.size >= limits.links)
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
    const isFirst = current === undefined && lacksTree
    const { automatic: _, ...others } = current ?? {}
    const link: Link = {
      ...{ ...others, tree, peer, settings },
      ...(isFirst && { lackedTree: true }),
      ...(automatic && { automatic }),
    }
    const key = linkKey(tree, peer)
    const operations = [this.records.put(key, link), ...(contribution?.operations ?? [])]
    const ended = [key, tree].filter((each) => this.removals.get(each) !== undefined)
    operations.push(...ended.map((each) => this.removals.del(each)))
    await this.records.write(operations, true, () => {
      this.records.keep(key, link)
      for (const each of ended) this.removals.forget(each)
      this.index(tree, peer)
      contribution?.stored()
    })
    return link
  }

  /** Records that both sides were found equal. */
  async succeeded(tree: TreeId, peer: PeerId, atMs: number): Promise<void> {
    const link = this.get(tree, peer)
    const key = linkKey(tree, peer)
    if (link !== undefined && !this.ending.has(key))
      await this.records.set(key, { ...link, lastSuccessMs: atMs })
  }

  /** Returns whether an operator removed this link, its peer or its tree, and has not restored it since. */
  wasEnded(tree: TreeId, peer: PeerId): boolean {
    return [linkKey(tree, peer), peer, tree].some((key) => this.removals.get(key) !== undefined)
  }

  /** Drops an automatic link, which may be made again at any time. */
  async drop({ tree, peer }: Link): Promise<void> {
    const key = linkKey(tree, peer)
    this.ending.add(key)
    try {
      await this.records.delete([key])
    } finally {
      this.ending.delete(key)
    }
    forget(this.byTree, tree, peer)
    forget(this.byPeer, peer, tree)
  }

  /** Removes a link permanently: only `set` brings it back. */
  remove(link: Link): Promise<void> {
    return this.end([link], linkKey(link.tree, link.peer))
  }

  /** Lets a tree not be linked with a peer automatically, as if an operator had removed that link. */
  refuse(tree: TreeId, peer: PeerId): Promise<void> {
    return this.end([], linkKey(tree, peer))
  }

  /** Removes all links of a peer. Until `welcome`, none is created automatically either. */
  removePeer(peer: PeerId): Promise<void> {
    return this.end(this.ofPeer(peer), peer)
  }

  /** Removes all links of a tree. Until an operator links the tree with a peer, none is created automatically either. */
  removeTree(tree: TreeId): Promise<void> {
    return this.end(this.ofTree(tree), tree)
  }

  /** Lets a removed peer be linked automatically again. */
  welcome(peer: PeerId): Promise<void> {
    return this.forgetRemoval(peer)
  }

  /** Deletes links and records the removal under `removalKey`, in one write. */
  private async end(links: readonly Link[], removalKey: string): Promise<void> {
    const removals = [...this.removals.entries()].sort(([, a], [, b]) => a.order - b.order)
    const removal: Removal = { order: (removals.at(-1)?.[1].order ?? 0) + 1 }
    const excess = removals.slice(0, Math.max(0, removals.length + 1 - limits.links)).map(([key]) => key)
    const keys = links.map(({ tree, peer }) => linkKey(tree, peer))
    const operations = [
      ...keys.map((key) => this.records.del(key)),
      ...excess.map((key) => this.removals.del(key)),
      this.removals.put(removalKey, removal),
    ]
    for (const key of keys) this.ending.add(key)
    try {
      await this.records.write(operations, true, () => {
        for (const key of keys) this.records.forget(key)
        for (const key of excess) this.removals.forget(key)
        this.removals.keep(removalKey, removal)
      })
    } finally {
      for (const key of keys) this.ending.delete(key)
    }
    for (const { tree, peer } of links) {
      forget(this.byTree, tree, peer)
      forget(this.byPeer, peer, tree)
    }
  }

  private async forgetRemoval(key: string): Promise<void> {
    if (this.removals.get(key) !== undefined) await this.removals.delete([key])
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
