/**
 * The outbox: for each (tree, peer) at most one mark, "from this arrival on, the peer may lack entries". It is state,
 * not a queue of messages: the tree's own arrivals are the queue, and ten thousand commits leave one mark. A mark is
 * written in the same batch as the entries, and cleared only up to the arrival at which both sides were shown equal.
 */
import { invariant } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { type Link, type Links, linkKey } from '../peer/links.ts'
import type { ContributedStore, Contribution } from '../store/contributors.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'
import type { TreeInfo } from '../store/tree-state.ts'

export interface Mark {
  /** The first arrival (from 1) that the peer was not shown to have; 0: nothing is known of its entries. */
  readonly from: number
  /** When the mark was set or moved, milliseconds since 1970. */
  readonly sinceMs: number
}

export class Outbox {
  /** Reports whether entries wait for others instead of the peer of a passive link. The dispatcher sets it. */
  isPassive: (link: Link) => boolean = () => false
  private readonly store: ContributedStore
  private readonly links: Links
  private readonly clock: Clock
  private readonly marks: Records<Mark>
  /** Keys of marks that are newer in memory than on disk, with their trees. */
  private readonly unsaved = new Map<string, TreeId>()
  private cancelTimer = () => {}

  private constructor(store: ContributedStore, links: Links, clock: Clock, marks: Records<Mark>) {
    this.store = store
    this.links = links
    this.clock = clock
    this.marks = marks
    store.addContributor((tree, added, info) => this.contribute(tree, added.length, info))
    // A repair has changed the numbers of arrivals, and may have lost entries that peers have.
    store.repairs.onRepair({ end: (tree) => this.unsettle(tree) })
  }

  /** Opens the outbox. From then on, every page of `store` marks the links of its tree. */
  static async open(db: Database, store: ContributedStore, links: Links, clock: Clock): Promise<Outbox> {
    const marks = await Records.open<Mark>(db, 'outbox')
    // A crash after a link was removed and before its mark was leaves the mark.
    const linkKeys = new Set(links.list().map(({ tree, peer }) => linkKey(tree, peer)))
    const orphans = Array.from(marks.entries(), ([key]) => key).filter((key) => !linkKeys.has(key))
    if (orphans.length > 0) await marks.delete(orphans)
    const outbox = new Outbox(store, links, clock, marks)
    // A lost mark would leave a peer without entries; an unnecessary one costs a session. So until the store is repaired,
    // every link is marked anew at each opening.
    if (store.notes.hasDropped('outbox') || store.notes.hasLostLog)
      for (const tree of new Set(links.list().map((link) => link.tree))) await outbox.unsettle(tree)
    return outbox
  }

  /** Marks all links of a tree as those of peers whose entries are unknown. Called between two pages of the tree. */
  private async unsettle(tree: TreeId): Promise<void> {
    const keys = this.links
      .ofTree(tree)
      .filter((link) => !this.isPassive(link))
      .map(({ peer }) => linkKey(tree, peer))
    if (keys.length === 0) return
    const { operations, stored } = this.putMarks(keys, { from: 0, sinceMs: this.clock.now() })
    await this.marks.write(operations, true, stored)
  }

  get size(): number {
    return this.marks.size
  }

  /** Returns the mark of a link, or undefined if it has none. */
  mark(tree: TreeId, peer: PeerId): Mark | undefined {
    return this.marks.get(linkKey(tree, peer))
  }

  /** Marks each link that pushes the tree of the page and has no mark yet. */
  private contribute(tree: TreeId, added: number, info: TreeInfo): Contribution | undefined {
    const from = info.sequence - added + 1
    invariant(from >= 1 && added >= 1, 'a page has entries, and arrivals are counted from 1')
    const keys: string[] = []
    for (const link of this.links.ofTree(tree))
      if (link.settings.push && this.mark(tree, link.peer) === undefined && !this.isPassive(link))
        keys.push(linkKey(tree, link.peer))
    return keys.length === 0 ? undefined : this.putMarks(keys, { from, sinceMs: this.clock.now() })
  }

  private putMarks(keys: readonly string[], mark: Mark): Contribution {
    return {
      operations: keys.map((key) => this.marks.put(key, mark)),
      stored: () => {
        for (const key of keys) this.marks.keep(key, mark)
      },
    }
  }

  /**
   * Returns the mark of a link whose peer's entries are unknown, for the batch that makes the link or lets it push.
   * That batch is written between two pages of the tree: no page is then planned without the link and stored after the
   * mark.
   */
  firstMark(tree: TreeId, peer: PeerId): Contribution {
    return this.putMarks([linkKey(tree, peer)], { from: 0, sinceMs: this.clock.now() })
  }

  /** Marks a link whose peer's entries have become unknown, unless the link is gone. */
  async add(tree: TreeId, peer: PeerId): Promise<void> {
    const { operations, stored } = this.firstMark(tree, peer)
    await this.store.between(tree, async () => {
      if (this.links.get(tree, peer) !== undefined) await this.marks.write(operations, false, stored)
    })
  }

  /**
   * Both sides were equal when our latest arrival was `sequence`: clears the mark, or moves it to the first arrival
   * after that, if there is one. Runs between two pages, so that neither overwrites the other's mark. The disk follows
   * up to limits.outboxSettleMs later, because under steady commits the next page makes the mark again. After a crash,
   * a mark that was still on disk costs one session.
   */
  async settle(tree: TreeId, peer: PeerId, sequence: number): Promise<void> {
    await this.store.between(tree, async () => {
      const mark = this.mark(tree, peer)
      if (mark === undefined || mark.from > sequence) return
      const key = linkKey(tree, peer)
      const latest = this.store.tree(tree)?.sequence ?? 0
      invariant(mark.from <= latest + 1, 'a mark begins at the next arrival at the latest')
      if (latest <= sequence) this.marks.forget(key)
      else this.marks.keep(key, { from: sequence + 1, sinceMs: this.clock.now() })
      if (this.unsaved.size === 0)
        this.cancelTimer = this.clock.setTimer(limits.outboxSettleMs, () => void this.saveSettled())
      this.unsaved.set(key, tree)
    })
  }

  /** Writes the settled marks to disk. If a write fails, the older mark stays there, as after a crash. */
  private async saveSettled(): Promise<void> {
    const keys = [...this.unsaved]
    this.unsaved.clear()
    for (const [key, tree] of keys)
      await this.store.between(tree, () => this.marks.store(key)).catch(() => {})
  }

  async remove(tree: TreeId, peer: PeerId): Promise<void> {
    const key = linkKey(tree, peer)
    await this.store.between(tree, () => this.marks.delete([key]))
    if (this.unsaved.delete(key) && this.unsaved.size === 0) this.cancelTimer()
  }

  /** Removes the marks of a tree whose links are gone. */
  async removeTree(tree: TreeId): Promise<void> {
    const ofTree = (key: string) => key.startsWith(`${tree}:`)
    // A settled mark may still be on disk.
    const settled = [...this.unsaved.keys()].filter(ofTree)
    await this.store.between(tree, async () => {
      await this.marks.delete(settled)
      await this.marks.deleteWhere(ofTree)
    })
    for (const key of settled) this.unsaved.delete(key)
  }

  async close(): Promise<void> {
    this.cancelTimer()
    await this.saveSettled()
  }
}
