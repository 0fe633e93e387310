/**
 * What becomes of a text, as updates for a document of Yjs: first all of it, then what each arrival brings. Most entries
 * are told as they come. Those that change what counts of earlier ones cannot be, since Yjs brings nothing back that was
 * deleted: then all of the text is told anew, for a new document.
 */
import { type Clock, sleep } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { unknownTree } from '../../dag/id.ts'
import { wakes } from '../counting/wakes.ts'
import { allUpdates, newsSince, type TextNews, type TextSource } from './changes.ts'
import { Composer } from './composer.ts'
import { freeTurns, type JudgedText, type TextJudge, type TextTurns } from './judge.ts'
import { piecesOf } from './work.ts'
import type { YjsModule } from './yjs.ts'

/** A step of a text. */
export interface TextMessage {
  /** An update of Yjs in its first encoding, for the document; undefined: a sign of life. */
  readonly update: Uint8Array | undefined
  /** Whether the update is all of the text: it makes a new document. */
  readonly isWhole: boolean
}

/** Yields what becomes of a text until the signal fires. */
export type TextFeed = (signal: AbortSignal) => AsyncIterable<TextMessage>

/** A text that is followed. */
export interface FollowedSource extends TextSource {
  readonly yjs: YjsModule
  readonly judge: TextJudge
}

export interface FollowTextOptions {
  readonly clock: Clock
  /** In whose turn it is read. Default: the node's. */
  readonly turns?: TextTurns
  /** Bytes of updates past which the text is refused. Default: none. */
  readonly most?: number
  /** Throws if the text may not be told any more. */
  readonly check?: () => Promise<void>
  /** Whether to yield a sign of life now and then. */
  readonly hasSigns?: boolean
}

/** Follows a text of this node. Throws UNKNOWN_TREE when the tree is removed, and LIMIT_EXCEEDED. */
export async function* followText(
  source: FollowedSource,
  signal: AbortSignal,
  { clock, most, turns = freeTurns, check = async () => {}, hasSigns = false }: FollowTextOptions,
): AsyncGenerator<TextMessage> {
  const text = new FollowedText(source, { clock, turns, most, signal })
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

/** A text is judged again only after so many times as long as it took: a fifth of the time at most goes into that. */
const judgedPause = 4

interface FollowedOptions {
  readonly clock: Clock
  readonly turns: TextTurns
  readonly most: number | undefined
  readonly signal: AbortSignal
}

class FollowedText {
  private readonly source: FollowedSource
  private readonly options: FollowedOptions
  private composer: Composer
  /** The entries whose updates were told. */
  private seen = new Set<string>()
  /** Up to which arrival they were. */
  private after = 0
  private isStale = true
  /** Items and deleted ranges of the text, and those of its items that wait for others. */
  private size = { pieces: 0, waiting: 0 }
  /** Comparisons that the updates since the text was last judged take at worst. */
  private unjudged = 0
  /** Until when it is not judged again, since that reads all of it. */
  private pauseUntilMs = 0

  constructor(source: FollowedSource, options: FollowedOptions) {
    this.source = source
    this.options = options
    this.composer = new Composer(source.yjs)
  }

  /** Returns the next step, one without an update if some arrivals bring nothing, or undefined if all was told. */
  async next(): Promise<TextMessage | undefined> {
    const { yjs, views, tree } = this.source
    if (views.store.tree(tree) === undefined) throw unknownTree(tree)
    const counted = views.counted(tree)
    // The view is counted anew: its rows are not complete until it has reached the tree.
    if (counted < this.after) this.isStale = true
    if (this.isStale) return views.isCurrent(tree) ? this.whole() : undefined
    if (counted === this.after) return undefined
    return this.told(await this.options.turns.work(() => newsSince(yjs, this.source, this.after)))
  }

  private async told(news: TextNews): Promise<TextMessage> {
    const fresh = news.updates.filter(({ id }) => !this.seen.has(id))
    const update = news.hasFlips ? undefined : this.composer.add(fresh)
    if (update === undefined) {
      this.isStale = true
      return { update: undefined, isWhole: false }
    }
    for (const { id } of fresh) this.seen.add(id)
    this.after = news.through
    if (fresh.length === 0) return { update: undefined, isWhole: false }
    const pieces = fresh.reduce((sum, { read }) => sum + piecesOf(read), 0)
    const hasGap = fresh.some(({ read }) => this.composer.hasGap(read))
    await this.expectCheap(pieces, hasGap)
    return { update, isWhole: false }
  }

  /** Has the text judged again if the next pieces of it might cost the editor much. Throws LIMIT_EXCEEDED. */
  private async expectCheap(pieces: number, hasGap: boolean): Promise<void> {
    const { size } = this
    size.pieces += pieces
    // What comes may bring what others wait for.
    const steps = (pieces + size.waiting) * size.pieces
    if (hasGap || size.waiting > 0) size.waiting += pieces
    this.unjudged += steps
    if (steps > limits.textStepsHere || this.unjudged > limits.textStepsUnjudged) await this.judged()
  }

  private async whole(): Promise<TextMessage> {
    const { yjs, views, tree } = this.source
    const through = views.counted(tree)
    const { update, taken, counting } = await this.judged()
    this.composer = new Composer(yjs, taken)
    this.seen = new Set(counting.map(({ id }) => id))
    this.after = through
    this.isStale = false
    return { update, isWhole: true }
  }

  private async judged(): Promise<JudgedText> {
    const { yjs, tree, key, judge } = this.source
    const { clock, turns, most, signal } = this.options
    const pauseMs = this.pauseUntilMs - clock.monotonic()
    // Whoever leaves meanwhile is told nothing more, so that the pause need not be kept.
    if (pauseMs > 0) await sleep(clock, pauseMs, signal).catch(() => {})
    const startedMs = clock.monotonic()
    const updates = await turns.work(() => allUpdates(this.source, most))
    const text = await judge.compose(yjs, tree, key, updates, turns)
    const endedMs = clock.monotonic()
    this.pauseUntilMs = endedMs + judgedPause * (endedMs - startedMs)
    this.size = { pieces: text.pieces, waiting: text.waiting }
    this.unjudged = 0
    return text
  }
}
