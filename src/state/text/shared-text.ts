/**
 * A text that is open for editing: a document of Yjs that follows the tree's entries, and whose edits become entries.
 * Most entries are applied as they come. Those that change what counts of earlier ones cannot be: Yjs brings nothing back
 * that was deleted. Then the text gets a new document, made from all of its updates.
 */
import { EventEmitter } from 'node:events'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type EntryId, unknownTree } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { StateReader } from '../reads.ts'
import type { StateWriter } from '../writer.ts'
import { allUpdates, newsSince, type TextSource } from './changes.ts'
import { Composer } from './composer.ts'
import { type Edit, Outgoing } from './outgoing.ts'
import { clientOf, readUpdate, retryWaiting, rootName, splitUpdate } from './update.ts'
import type { Doc } from './yjs.ts'

export interface TextEvents {
  /** The text has a new document, and the former one is not followed any more: bind the editor to this one. */
  reset: [doc: Doc]
  /** Edits could not be written, or the tree not read. The edits are kept, and written with the next ones. */
  problem: [error: CausewayError]
  /** The text is closed. */
  close: []
}

export interface TextParts {
  readonly writer: StateWriter
  readonly clock: Clock
  /** The author of the edits. */
  readonly author: PeerId
}

export class SharedText extends EventEmitter<TextEvents> implements AsyncDisposable {
  private readonly source: TextSource
  private readonly parts: TextParts
  private readonly outgoing: Outgoing
  private document: Doc
  private session: Uint8Array
  private composer: Composer
  /** The entries whose updates the document has. */
  private seen = new Set<string>()
  /** Up to which arrival it has them. */
  private after = 0
  private stale = false
  private applying = false
  private following: Promise<void> | undefined
  private closing: Promise<readonly EntryId[]> | undefined
  private stopFollowing = () => {}

  private constructor(source: TextSource, parts: TextParts) {
    super()
    this.source = source
    this.parts = parts
    this.composer = new Composer(source.yjs)
    this.session = parts.clock.randomBytes(limits.textSessionBytes)
    this.document = new source.yjs.Doc()
    this.outgoing = new Outgoing({
      clock: parts.clock,
      merge: (edits) => this.merge(edits),
      write: async ({ session, update }) =>
        (
          await parts.writer.write(source.tree, {
            writes: [{ ...source.key, action: { text: { session, update } } }],
          })
        ).id,
      onProblem: (error) => this.emit('problem', CausewayError.from(error)),
    })
  }

  /** Internal: use `Stores.text`. Throws UNKNOWN_TREE, VIEW_BUILDING. */
  static async open(source: TextSource, parts: TextParts): Promise<SharedText> {
    const text = new SharedText(source, parts)
    await new StateReader(source.views).ready(source.tree)
    await text.rebuild()
    text.stopFollowing = source.views.subscribe((tree) => {
      if (tree === source.tree) text.follow()
    })
    text.follow()
    return text
  }

  /** The document. Its text is `doc.getText('text')`; nothing else in it is kept. It changes with the event `reset`. */
  get doc(): Doc {
    return this.document
  }

  /** Returns the text as it is now, with the edits that are not written yet. */
  override toString(): string {
    return this.document.getText(rootName).toString()
  }

  /**
   * Writes the edits made so far. Returns the ids of the entries. Throws as `Store.put` does, and INVALID_ARGUMENT if
   * something else than the document's text was edited: that is dropped.
   */
  flush(): Promise<readonly EntryId[]> {
    return this.outgoing.flush()
  }

  /** Writes the edits made so far, and follows the text no more. Throws as `flush` does. */
  close(): Promise<readonly EntryId[]> {
    this.closing ??= (async () => {
      this.stopListening()
      try {
        return await this.outgoing.flush()
      } finally {
        this.stopFollowing()
        this.outgoing.drop()
        await this.following
        this.emit('close')
      }
    })()
    return this.closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Reports whether the view has counted what the document does not have yet. */
  get isBehind(): boolean {
    return this.stale || this.after !== this.source.views.counted(this.source.tree)
  }

  /** Takes in what the view has counted. */
  private follow(): void {
    if (this.following !== undefined || this.closing !== undefined) return
    this.following = this.takeInAll().then(
      () => {
        this.following = undefined
        // What was counted since the last look: its call came too early.
        const { views, tree } = this.source
        if (this.isBehind && (!this.stale || views.isCurrent(tree))) this.follow()
      },
      (error) => {
        this.following = undefined
        this.emit('problem', CausewayError.from(error))
      },
    )
  }

  private async takeInAll(): Promise<void> {
    const { views, tree } = this.source
    if (views.store.tree(tree) === undefined) throw unknownTree(tree)
    // Each turn takes in some arrivals; ends when the document has all that the view has counted.
    while (this.closing === undefined) {
      const counted = views.counted(tree)
      // The view is counted anew: its rows are not complete until it has reached the tree.
      if (counted < this.after) this.stale = true
      if (this.stale && !views.isCurrent(tree)) return
      if (!this.stale && counted === this.after) return
      const news = this.stale ? undefined : await newsSince(this.source, this.after)
      const fresh = news?.updates.filter(({ id }) => !this.seen.has(id)) ?? []
      const update = news === undefined || news.hasFlips ? undefined : this.composer.add(fresh)
      if (update === undefined) {
        await this.rebuild()
        this.emit('reset', this.document)
      } else {
        if (fresh.length > 0) this.applyTo(this.document, update)
        for (const { id } of fresh) this.seen.add(id)
        this.after = news!.through
      }
    }
  }

  /** Applies an update that is no edit. Must not be mistaken for one by the listener. */
  private applyTo(doc: Doc, update: Uint8Array): void {
    this.applying = true
    try {
      this.source.yjs.applyUpdate(doc, update, this)
      retryWaiting(this.source.yjs, doc, this)
    } finally {
      this.applying = false
    }
  }

  /** Makes a new document from all updates and the edits that are not written yet. */
  private async rebuild(): Promise<void> {
    const { yjs, views, tree } = this.source
    const through = views.counted(tree)
    const updates = await allUpdates(this.source)
    // From here on without a pause, so that no edit of the former document is missed.
    this.stopListening()
    this.composer = new Composer(yjs)
    this.seen = new Set(updates.map(({ id }) => id))
    const doc = new yjs.Doc()
    // A session of its own, since what the former one has inserted may not be what counts.
    this.session = this.parts.clock.randomBytes(limits.textSessionBytes)
    doc.clientID = clientOf(this.parts.author, this.session)
    doc.getText(rootName)
    this.applyTo(doc, this.composer.add(updates)!)
    for (const { update } of this.outgoing.unwritten()) this.applyTo(doc, update)
    this.after = through
    this.stale = false
    this.document = doc
    if (this.closing === undefined) doc.on('update', this.onUpdate)
  }

  private stopListening(): void {
    this.document.off('update', this.onUpdate)
  }

  /** Notes an edit, made here. */
  private readonly onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return
    // While it takes in updates, Yjs removes marks that have become needless, at every editor alike: that is no edit.
    if (this.applying && this.source.yjs.decodeUpdate(update).structs.length === 0) return
    this.outgoing.add({ session: this.session, update })
  }

  /** Returns the edits of each session as few updates. Drops all, and throws, if they are none of a text. */
  private merge(edits: readonly Edit[]): Edit[] {
    const { yjs } = this.source
    const bySession = new Map<Uint8Array, Uint8Array[]>()
    for (const { session, update } of edits) {
      const updates = bySession.get(session)
      if (updates === undefined) bySession.set(session, [update])
      else updates.push(update)
    }
    const merged: Edit[] = []
    for (const [session, updates] of bySession) {
      const update = yjs.mergeUpdates(updates)
      const client = clientOf(this.parts.author, session)
      if (readUpdate(yjs, update, client) === undefined) this.refuseEdits()
      for (const part of splitUpdate(yjs, update, client)) merged.push({ session, update: part })
    }
    return merged
  }

  private refuseEdits(): never {
    this.outgoing.drop()
    this.stopListening()
    this.stale = true
    this.follow()
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `Only the text \`doc.getText('${rootName}')\` of this document can be edited, and only by its own client: the edits are dropped.`,
    )
  }
}
