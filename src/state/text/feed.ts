/**
 * What becomes of a text, as updates for a document of Yjs: first all of it, then what each arrival brings. Most entries
 * are told as they come. Those that change what counts of earlier ones cannot be, since Yjs brings nothing back that was
 * deleted: then all of the text is told anew, for a new document.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { unknownTree } from '../../dag/id.ts'
import { wakes } from '../counting/wakes.ts'
import { allUpdates, newsSince, type TextSource } from './changes.ts'
import { Composer } from './composer.ts'

/** A step of a text. */
export interface TextMessage {
  /** An update of Yjs in its first encoding, for the document; undefined: a sign of life. */
  readonly update: Uint8Array | undefined
  /** Whether the update is all of the text: it makes a new document. */
  readonly isWhole: boolean
}

/** Yields what becomes of a text until the signal fires. */
export type TextFeed = (signal: AbortSignal) => AsyncIterable<TextMessage>

export interface FollowTextOptions {
  readonly clock: Clock
  /** Bytes of updates past which the text is refused. Default: none. */
  readonly most?: number
  /** Throws if the text may not be told any more. */
  readonly check?: () => Promise<void>
  /** Whether to yield a sign of life now and then. */
  readonly hasSigns?: boolean
}

/** Follows a text of this node. Throws UNKNOWN_TREE when the tree is removed, and LIMIT_EXCEEDED. */
export async function* followText(
  source: TextSource,
  signal: AbortSignal,
  { clock, most, check = async () => {}, hasSigns = false }: FollowTextOptions,
): AsyncGenerator<TextMessage> {
  const text = new FollowedText(source, most)
  let sentAt = clock.monotonic()
  for await (const _ of wakes(source.views, clock, source.tree, () => sentAt, signal)) {
    let sent = false
    // Each turn tells what some arrivals bring; ends when all that the view has counted are told.
    for (let next = await text.next(); next !== undefined && !signal.aborted; next = await text.next()) {
      await check()
      if (next.update !== undefined) {
        yield next
        sent = true
        sentAt = clock.monotonic()
      }
    }
    if (!sent && clock.monotonic() - sentAt >= limits.signOfLifeMs) {
      await check()
      if (hasSigns) yield { update: undefined, isWhole: false }
      sentAt = clock.monotonic()
    }
  }
}

class FollowedText {
  private readonly source: TextSource
  private readonly most: number | undefined
  private composer: Composer
  /** The entries whose updates were told. */
  private seen = new Set<string>()
  /** Up to which arrival they were. */
  private after = 0
  private isStale = true

  constructor(source: TextSource, most: number | undefined) {
    this.source = source
    this.most = most
    this.composer = new Composer(source.yjs)
  }

  /** Returns the next step, one without an update if some arrivals bring nothing, or undefined if all was told. */
  async next(): Promise<TextMessage | undefined> {
    const { views, tree } = this.source
    if (views.store.tree(tree) === undefined) throw unknownTree(tree)
    const counted = views.counted(tree)
    // The view is counted anew: its rows are not complete until it has reached the tree.
    if (counted < this.after) this.isStale = true
    if (this.isStale) return views.isCurrent(tree) ? this.whole() : undefined
    if (counted === this.after) return undefined
    const news = await newsSince(this.source, this.after)
    const fresh = news.updates.filter(({ id }) => !this.seen.has(id))
    const update = news.hasFlips ? undefined : this.composer.add(fresh)
    if (update === undefined) {
      this.isStale = true
      return { update: undefined, isWhole: false }
    }
    for (const { id } of fresh) this.seen.add(id)
    this.after = news.through
    return { update: fresh.length > 0 ? update : undefined, isWhole: false }
  }

  private async whole(): Promise<TextMessage> {
    const { yjs, views, tree } = this.source
    const through = views.counted(tree)
    const updates = await allUpdates(this.source, this.most)
    this.composer = new Composer(yjs)
    this.seen = new Set(updates.map(({ id }) => id))
    this.after = through
    this.isStale = false
    return { update: this.composer.add(updates)!, isWhole: true }
  }
}
