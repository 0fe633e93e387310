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
import { allUpdates } from './changes.ts'
import { Composer, type RankedUpdate } from './composer.ts'
import { type FollowTextOptions, followText, type TextMessage } from './feed.ts'
import { checkTextUpdate, type TextUpdate } from './payload.ts'
import { SharedText } from './shared-text.ts'
import { clientOf, readUpdate, textOf } from './update.ts'
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

  constructor(views: Views, parts: TextParts, load: () => Promise<YjsModule> = loadYjs) {
    this.views = views
    this.parts = parts
    this.load = load
  }

  /** Opens a text for editing. Throws UNIMPLEMENTED without Yjs, UNKNOWN_TREE, VIEW_BUILDING. */
  async open(tree: TreeId, key: StoreKey): Promise<SharedText> {
    checkKey(key.key)
    const yjs = await this.load()
    const { views } = this
    const { writer, clock, author } = this.parts
    await new StateReader(views).ready(tree)
    const text = await SharedText.open({
      ...{ yjs, clock, author },
      feed: (signal) => followText({ yjs, views, tree, key }, signal, { clock }),
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
    check: FollowTextOptions['check'] & {},
  ): AsyncGenerator<TextMessage> {
    checkKey(key.key)
    const yjs = await this.load()
    const { views } = this
    const { clock } = this.parts
    const options = { clock, check, hasSigns: true, most: limits.textFollowedBytes }
    yield* followText({ yjs, views, tree, key }, signal, options)
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
    const updates = await allUpdates({ yjs, views: this.views, tree, key })
    return updates.length === 0 ? undefined : composeText(yjs, updates)
  }

  /**
   * Returns the same items; those without a value that have a text show it, under the id of the newest entry that
   * counts. Throws UNIMPLEMENTED without Yjs, and LIMIT_EXCEEDED for a text larger than a value, or for texts that are
   * together larger than limits.textShownBytes of updates. The view must be current.
   */
  async show(tree: TreeId, items: readonly Item[]): Promise<Item[]> {
    const shown: Item[] = []
    let read = 0
    for (const item of items) {
      if (item.version !== undefined || !item.isText) {
        shown.push(item)
        continue
      }
      const updates = await this.updatesToShow(tree, item, read)
      read += updates.reduce((sum, { read: { bytes } }) => sum + bytes, 0)
      shown.push({ ...item, version: await this.version(tree, updates) })
    }
    return shown
  }

  /** Returns the updates of one of several texts that are shown. `before`: the bytes of those before it. */
  private async updatesToShow(tree: TreeId, key: StoreKey, before: number): Promise<RankedUpdate[]> {
    const yjs = await this.load()
    const max = limits.textShownBytes
    return allUpdates({ yjs, views: this.views, tree, key }, max - before).catch((error) => {
      if (before === 0 || CausewayError.from(error).code !== 'LIMIT_EXCEEDED') throw error
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `The updates of these texts have more than ${max} bytes together: get fewer of them at once.`,
        { data: { max }, cause: error },
      )
    })
  }

  private async version(tree: TreeId, updates: readonly RankedUpdate[]): Promise<Version | undefined> {
    const { views } = this
    const yjs = await this.load()
    const newest = updates
      .filter(({ isVoid }) => !isVoid)
      .sort(comparePositions)
      .at(-1)
    if (newest === undefined) return undefined
    const value = Buffer.from(composeText(yjs, updates))
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
    await Promise.allSettled([...this.opened].map((text) => text.close()))
  }
}

/** Returns the text that updates add up to, as docs/state.md defines it; '' if they say nothing. */
function composeText(yjs: YjsModule, updates: readonly RankedUpdate[]): string {
  return textOf(yjs, new Composer(yjs).add(updates)!) ?? ''
}
