/**
 * The outbox: for each (tree, peer) at most one mark, "from this arrival on the peer may lack entries". It is state and
 * no queue of messages: it goes into the same batch as the entries, ten thousand commits leave one mark, and it is
 * cleared only up to the arrival at which both sides were shown equal. The tree's own arrivals are the queue.
 */
import { invariant } from '../base/assert.ts'
import type { Clock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { type Links, linkKey } from '../peer/links.ts'
import type { Contribution } from '../store/contributors.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'
import type { DagStore, TreeInfo } from '../store/store.ts'

export interface Mark {
  /** The first arrival (from 1) that the peer was not shown to have; 0: nothing is known of what it has. */
  readonly from: number
  /** When that became so, milliseconds since 1970. */
  readonly sinceMs: number
}

export class Outbox {
  private readonly store: DagStore
  private readonly links: Links
  private readonly clock: Clock
  private readonly marks: Records<Mark>
  /** Marks whose state on the disk is older than in memory, with their trees. */
  private readonly behind = new Map<string, TreeId>()
  private cancelTimer = () => {}

  private constructor(store: DagStore, links: Links, clock: Clock, marks: Records<Mark>) {
    this.store = store
    this.links = links
    this.clock = clock
    this.marks = marks
    store.addContributor((tree, added, info) => this.contribute(tree, added.length, info))
  }

  /** From here on every page of `store` marks the links of its tree. */
  static async open(db: Database, store: DagStore, links: Links, clock: Clock): Promise<Outbox> {
    const marks = await Records.open<Mark>(db, 'outbox')
    // A crash between ending a link and its mark leaves the mark.
    const linked = new Set(links.list().map(({ tree, peer }) => linkKey(tree, peer)))
    const orphans = Array.from(marks.entries(), ([key]) => key).filter((key) => !linked.has(key))
    if (orphans.length > 0) await marks.delete(orphans)
    return new Outbox(store, links, clock, marks)
  }

  get size(): number {
    return this.marks.size
  }

  mark(tree: TreeId, peer: PeerId): Mark | undefined {
    return this.marks.get(linkKey(tree, peer))
  }

  /** Marks the links of a page's tree, except those that have a mark. */
  private contribute(tree: TreeId, added: number, info: TreeInfo): Contribution | undefined {
    const from = info.sequence - added + 1
    invariant(from >= 1 && added >= 1, 'a page has entries, and arrivals are counted from 1')
    const keys: string[] = []
    for (const { peer, settings } of this.links.ofTree(tree))
      if (settings.push && this.mark(tree, peer) === undefined) keys.push(linkKey(tree, peer))
    return keys.length === 0 ? undefined : this.marked(keys, { from, sinceMs: this.clock.now() })
  }

  private marked(keys: readonly string[], mark: Mark): Contribution {
    return {
      operations: keys.map((key) => this.marks.put(key, mark)),
      stored: () => {
        for (const key of keys) this.marks.keep(key, mark)
      },
    }
  }

  /**
   * Returns the mark of a link whose peer's entries are unknown, for the batch that makes the link or lets it push. That
   * batch is written between two pages of the tree: no page is then planned without the link and stored after the mark.
   */
  firstMark(tree: TreeId, peer: PeerId): Contribution {
    return this.marked([linkKey(tree, peer)], { from: 0, sinceMs: this.clock.now() })
  }

  /** Marks a link whose peer's entries have become unknown. */
  async add(tree: TreeId, peer: PeerId): Promise<void> {
    const { operations, stored } = this.firstMark(tree, peer)
    await this.store.between(tree, () => this.marks.write(operations, false, stored))
  }

  /**
   * Both sides were equal when our latest arrival was `sequence`: clears the mark, or moves it behind that where more
   * has come since. Between two pages, so that neither can overwrite what the other writes. The disk follows later,
   * since beside steady commits the next page makes the mark anew; what is there until then costs a session after a crash.
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
      if (this.behind.size === 0)
        this.cancelTimer = this.clock.setTimer(limits.outboxSettleMs, () => void this.catchUp())
      this.behind.set(key, tree)
    })
  }

  /** Lets the disk follow what was settled. Where that fails, a mark on it is older than it could be, as after a crash. */
  private async catchUp(): Promise<void> {
    const behind = [...this.behind]
    this.behind.clear()
    for (const [key, tree] of behind)
      await this.store.between(tree, () => this.marks.store(key)).catch(() => {})
  }

  async remove(tree: TreeId, peer: PeerId): Promise<void> {
    const key = linkKey(tree, peer)
    await this.store.between(tree, () => this.marks.delete([key]))
    if (this.behind.delete(key) && this.behind.size === 0) this.cancelTimer()
  }

  async close(): Promise<void> {
    this.cancelTimer()
    await this.catchUp()
  }
}
