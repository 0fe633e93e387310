/** The texts of a node's trees: opens them for editing, and reads them. */
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { decodeBody } from '../../dag/body.ts'
import { comparePositions, type TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Item, ReadOptions, Version } from '../api/items.ts'
import type { StoreKey } from '../effects.ts'
import { checkKey } from '../payload.ts'
import { StateReader } from '../reads.ts'
import type { Views } from '../view.ts'
import type { StateWriter } from '../writer.ts'
import { allUpdates, type StoredUpdate } from './changes.ts'
import { type FollowTextOptions, followText, type TextMessage } from './feed.ts'
import { freeTurns, type JudgedText, TextJudge } from './judge.ts'
import { checkTextUpdate, type TextUpdate } from './payload.ts'
import { SharedText } from './shared-text.ts'
import type { TextThreads } from './text-threads.ts'
import { clientOf, readUpdate } from './update.ts'
import { loadYjs, type YjsModule } from './yjs.ts'

export interface TextParts {
  readonly writer: StateWriter
  readonly clock: Clock
  /** The author of the edits. */
  readonly author: PeerId
}

export class Texts {
  private readonly views: Views
  private readonly parts: TextParts
  private readonly load: () => Promise<YjsModule>
  private readonly opened = new Set<SharedText>()
  private readonly judge: TextJudge

  constructor(
    views: Views,
    parts: TextParts,
    load: () => Promise<YjsModule> = loadYjs,
    threads?: TextThreads,
  ) {
    this.views = views
    this.parts = parts
    this.load = load
    this.judge = new TextJudge(() => parts.clock.monotonic(), threads)
  }

  /**
   * Opens a text for editing. Throws UNIMPLEMENTED without Yjs, UNKNOWN_TREE, VIEW_BUILDING, and LIMIT_EXCEEDED for a text
   * that costs too much to compose.
   */
  async open(tree: TreeId, key: StoreKey): Promise<SharedText> {
    checkKey(key.key)
    const yjs = await this.load()
    const { views, judge } = this
    const { writer, clock, author } = this.parts
    await new StateReader(views).ready(tree)
    const text = await SharedText.open({
      ...{ yjs, clock, author },
      feed: (signal) => followText({ yjs, views, judge, tree, key }, signal, { clock }),
      write: async ({ session, update }) =>
        (await writer.write(tree, { writes: [{ ...key, action: { text: { session, update } } }] })).id,
    })
    this.opened.add(text)
    text.once('close', () => this.opened.delete(text))
    return text
  }

  /** Follows a text for somebody else. The view must be current. Throws as `open` does, and LIMIT_EXCEEDED. */
  async *follow(
    tree: TreeId,
    key: StoreKey,
    signal: AbortSignal,
    options: Required<Pick<FollowTextOptions, 'check' | 'turns'>>,
  ): AsyncGenerator<TextMessage> {
    checkKey(key.key)
    const yjs = await this.load()
    const { views, judge } = this
    const { clock } = this.parts
    yield* followText({ yjs, views, judge, tree, key }, signal, {
      ...options,
      clock,
      hasSigns: true,
      most: limits.textFollowedBytes,
    })
  }

  /**
   * Throws INVALID_ARGUMENT for an edit of a text that would count for nothing, UNIMPLEMENTED without Yjs, and as a write
   * does.
   */
  async expectEdit(author: PeerId, { session, update }: Omit<TextUpdate, 'key'>): Promise<void> {
    checkTextUpdate({ session, update })
    const yjs = await this.load()
    if (readUpdate(yjs, update, clientOf(author, session)) === undefined)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        'This update of a text would count for nothing: expected one of Yjs, in its first encoding, whose client is that of the author and the session.',
      )
  }

  /** Returns a text as it is now, or undefined if the key has none. Throws as `open`, and as a read does. */
  async read(tree: TreeId, key: StoreKey, read?: ReadOptions): Promise<string | undefined> {
    checkKey(key.key)
    const yjs = await this.load()
    await new StateReader(this.views).ready(tree, read)
    const updates = await allUpdates({ views: this.views, tree, key })
    const { counting, text } = await this.judge.compose(yjs, tree, key, updates)
    return counting.length === 0 ? undefined : text
  }

  /**
   * Returns the same items; those without a value that have a text show it, under the id of the newest entry that
   * counts. Throws UNIMPLEMENTED without Yjs, and LIMIT_EXCEEDED for a text larger than a value, or for texts that are
   * together larger than limits.textShownBytes of updates, or that costs too much to compose. The view must be current.
   */
  async show(tree: TreeId, items: readonly Item[], turns = freeTurns): Promise<Item[]> {
    const shown: Item[] = []
    let read = 0
    for (const item of items) {
      if (item.version !== undefined || !item.isText) {
        shown.push(item)
        continue
      }
      const updates = await turns.work(() => this.updatesToShow(tree, item, read))
      read += updates.reduce((sum, { bytes }) => sum + bytes.length, 0)
      const yjs = await this.load()
      const text = await this.judge.compose(yjs, tree, item, updates, turns)
      shown.push({ ...item, version: await turns.work(() => this.version(tree, text)) })
    }
    return shown
  }

  /** Returns the updates of one of several texts that are shown. `before`: the bytes of those before it. */
  private async updatesToShow(tree: TreeId, key: StoreKey, before: number): Promise<StoredUpdate[]> {
    const max = limits.textShownBytes
    return allUpdates({ views: this.views, tree, key }, max - before).catch((error) => {
      if (before === 0 || CausewayError.from(error).code !== 'LIMIT_EXCEEDED') throw error
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `The updates of these texts have more than ${max} bytes together: get fewer of them at once.`,
        { data: { max }, cause: error },
      )
    })
  }

  private async version(tree: TreeId, { counting, text }: JudgedText): Promise<Version | undefined> {
    const { views } = this
    const newest = counting
      .filter(({ isVoid }) => !isVoid)
      .sort(comparePositions)
      .at(-1)
    if (newest === undefined) return undefined
    const value = Buffer.from(text)
    if (value.length > limits.stateValueBytes)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `This text has ${value.length} bytes, more than a value: read it with \`node.stores.readText\`.`,
        { data: { max: limits.stateValueBytes } },
      )
    const [entry] = await views.store.read(tree, [newest])
    const { author, createdAtMs } = decodeBody(entry!.signed.body)
    const { id, height } = newest
    return {
      id,
      height,
      author,
      createdAtMs,
      type: 'text/plain',
      value: new Uint8Array(value),
      sum: undefined,
    }
  }

  /** Writes the edits of all open texts and closes them. An edit that cannot be written is lost. */
  async close(): Promise<void> {
    const texts = [...this.opened]
    const closing = texts.map((text) => text.close())
    await Promise.allSettled(texts.map((text) => text.flush()))
    // What a thread composes is not waited for: a hostile text takes it long.
    this.judge.close()
    await Promise.allSettled(closing)
  }
}
