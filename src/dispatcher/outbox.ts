/**
 * The outbox: for each (tree, peer) at most one mark, "from this arrival on the peer may lack entries". It is state and
 * no queue of messages: it goes into the same batch as the entries, ten thousand commits leave one mark, and it is
 * cleared only up to the arrival at which both sides were shown equal. The tree's own arrivals are the queue.
 */
import type { Clock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { type Links, linkKey } from '../peer/links.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'
import type { BatchOperation } from '../store/page.ts'
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
  private readonly closing: () => void
  /** Marks whose state on the disk is older than in memory, with their trees. */
  private readonly behind = new Map<string, TreeId>()
  private cancelTimer = () => {}

  private constructor(store: DagStore, links: Links, clock: Clock, marks: Records<Mark>) {
    this.store = store
    this.links = links
    this.clock = clock
    this.marks = marks
    store.addContributor((tree, added, info) => this.contribute(tree, added.length, info))
    // Told before everybody who looks at marks: it is the first to subscribe.
    this.closing = store.subscribe((tree, added, info) => {
      for (const { key, mark } of this.missingMarks(tree, added.length, info)) this.marks.keep(key, mark)
    })
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

  private contribute(tree: TreeId, added: number, info: TreeInfo): BatchOperation[] {
    return this.missingMarks(tree, added, info).map(({ key, mark }) => this.marks.put(key, mark))
  }

  /** The marks that a page of `added` entries makes: none where one stands already. */
  private missingMarks(tree: TreeId, added: number, info: TreeInfo): { key: string; mark: Mark }[] {
    const mark = { from: info.sequence - added + 1, sinceMs: this.clock.now() }
    return this.links
      .ofTree(tree)
      .filter(({ peer, settings }) => settings.push && this.mark(tree, peer) === undefined)
      .map(({ peer }) => ({ key: linkKey(tree, peer), mark }))
  }

  /** Marks a link of whose peer nothing is known. */
  async add(tree: TreeId, peer: PeerId): Promise<void> {
    await this.store.between(tree, () =>
      this.marks.set(linkKey(tree, peer), { from: 0, sinceMs: this.clock.now() }),
    )
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
      if ((this.store.tree(tree)?.sequence ?? 0) <= sequence) this.marks.forget(key)
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
    this.closing()
    this.cancelTimer()
    await this.catchUp()
  }
}
