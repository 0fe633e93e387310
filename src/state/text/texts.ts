/** The texts of a node's trees: opens them for editing, and reads them. */
import type { TreeId } from '../../dag/id.ts'
import type { StoreKey } from '../effects.ts'
import { checkKey } from '../payload.ts'
import { type ReadOptions, StateReader } from '../reads.ts'
import type { Views } from '../view.ts'
import { allUpdates } from './changes.ts'
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
