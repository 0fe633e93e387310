/** The texts of a node's trees: opens them for editing, and reads them. */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { decodeBody } from '../../dag/body.ts'
import { comparePositions, type TreeId } from '../../dag/id.ts'
import type { StoreKey } from '../effects.ts'
import { checkKey } from '../payload.ts'
import { type Item, type ReadOptions, StateReader, type Version } from '../reads.ts'
import type { Views } from '../view.ts'
import { allUpdates, hasText } from './changes.ts'
import { Composer, type RankedUpdate } from './composer.ts'
import { SharedText, type TextParts } from './shared-text.ts'
import { rootName } from './update.ts'
import { loadYjs, type YjsModule } from './yjs.ts'

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
    const text = await SharedText.open({ yjs, views: this.views, tree, key }, this.parts)
    this.opened.add(text)
    text.once('close', () => this.opened.delete(text))
    return text
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
   * counts. Throws UNIMPLEMENTED without Yjs, and LIMIT_EXCEEDED for a text larger than a value, or than
   * limits.textShownBytes of updates. The view must be current.
   */
  async show(tree: TreeId, items: readonly Item[]): Promise<Item[]> {
    const shown: Item[] = []
    for (const item of items) {
      const version = item.version ?? (await this.version(tree, { store: item.store, key: item.key }))
      shown.push({ ...item, version })
    }
    return shown
  }

  private async version(tree: TreeId, key: StoreKey): Promise<Version | undefined> {
    const { views } = this
    if (!(await hasText({ views, tree, key }))) return undefined
    const yjs = await this.load()
    const updates = await allUpdates({ yjs, views, tree, key }, limits.textShownBytes)
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

/** Returns the text that updates add up to, as docs/state.md defines it. */
function composeText(yjs: YjsModule, updates: readonly RankedUpdate[]): string {
  const doc = new yjs.Doc()
  const text = doc.getText(rootName)
  yjs.applyUpdate(doc, new Composer(yjs).add(updates)!)
  return text.toString()
}
