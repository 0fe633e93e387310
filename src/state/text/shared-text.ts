/**
 * A text that is open for editing: a document of Yjs that follows the tree's entries, on this node or on a remote one, and
 * whose edits become entries. Where what counts of earlier entries has changed, the text gets a new document.
 */
import { backoffCeilingMs } from '../../base/backoff.ts'
import { type Clock, sleep } from '../../base/clock.ts'
import { CausewayError, type ErrorCode } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { EntryId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { Emitter } from './emitter.ts'
import type { TextFeed } from './feed.ts'
import { type Edit, Outgoing } from './outgoing.ts'
import { clientOf, readUpdate, retryWaiting, rootName, splitUpdate } from './update.ts'
import type { Doc, YjsModule } from './yjs.ts'

export interface TextEvents {
  /** The text has a new document, and the former one is not followed any more: bind the editor to this one. */
  reset: [doc: Doc]
  /**
   * Edits could not be written, or the text not followed. The edits are kept, and written with the next ones; the text is
   * followed again, unless the tree is gone.
   */
  problem: [error: CausewayError]
  /** The text is closed. */
  close: []
}

export interface TextParts {
  readonly clock: Clock
  /** The author of the edits. */
  readonly author: PeerId
  readonly feed: TextFeed
  /** Writes one edit as an entry. */
  readonly write: (edit: Edit) => Promise<EntryId>
}

export interface SharedTextParts extends TextParts {
  readonly yjs: YjsModule
}

export class SharedText extends Emitter<TextEvents> implements AsyncDisposable {
  private readonly parts: SharedTextParts
  private readonly outgoing: Outgoing
  private document: Doc
  private session: Uint8Array
  private applying = false
  private hasBegun = false
  /** Whether the document holds nothing but what the feed told, and edits that can be written. */
  private isSound = false
  private turn = new AbortController()
  private following: Promise<void> | undefined
  private closing: Promise<readonly EntryId[]> | undefined

  private constructor(parts: SharedTextParts) {
    super()
    this.parts = parts
    this.session = parts.clock.randomBytes(limits.textSessionBytes)
    this.document = new parts.yjs.Doc()
    this.outgoing = new Outgoing({
      clock: parts.clock,
      merge: (edits) => this.merge(edits),
      write: parts.write,
      onProblem: (error) => this.emit('problem', CausewayError.from(error)),
    })
  }

  /** Internal: use `Stores.text`. Throws what the feed throws before it has told all of the text. */
  static async open(parts: SharedTextParts): Promise<SharedText> {
    const text = new SharedText(parts)
    await new Promise<void>((resolve, reject) => {
      text.following = text.follow(resolve, reject)
    })
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
        this.turn.abort()
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

  /** Follows the feed, and begins anew when it was lost, or when the document is not sound. */
  private async follow(opened: () => void, failed: (error: unknown) => void): Promise<void> {
    const { clock } = this.parts
    let isOpen = false
    let failures = 0
    // Ends when the text is closed, or when there is nothing more to follow.
    while (this.closing === undefined) {
      const { signal } = this.turn
      try {
        await this.followOnce(signal, () => {
          failures = 0
          isOpen = true
          opened()
        })
        if (!signal.aborted) throw new CausewayError('DISCONNECTED', 'The node has ended the watch.')
      } catch (error) {
        if (!isOpen) return failed(error)
        if (!signal.aborted) {
          const problem = CausewayError.from(error)
          this.emit('problem', problem)
          if (final.has(problem.code)) return
          const pace = { baseMs: limits.watchRetryMs, capMs: limits.watchRetryMaxMs }
          await sleep(clock, backoffCeilingMs(++failures, pace), signal).catch(() => {})
        }
      }
      if (signal.aborted) this.turn = new AbortController()
    }
  }

  /** Follows the feed as long as it goes on. Its first message is all of the text. */
  private async followOnce(signal: AbortSignal, begun: () => void): Promise<void> {
    let isFirst = true
    for await (const { update, isWhole } of this.parts.feed(signal)) {
      if (update === undefined) continue
      if (isWhole) this.takeWhole(update, isFirst)
      else this.applyTo(this.document, update)
      if (isFirst) begun()
      isFirst = false
    }
  }

  /** Makes a new document of all of the text and the edits that are not written yet, unless the present one is the same. */
  private takeWhole(update: Uint8Array, mayBeSame: boolean): void {
    const { yjs, clock, author } = this.parts
    // From here on without a pause, so that no edit of the former document is missed.
    const doc = new yjs.Doc()
    doc.getText(rootName)
    this.applyTo(doc, update)
    for (const edit of this.outgoing.unwritten()) this.applyTo(doc, edit.update)
    if (mayBeSame && this.isSound && this.isSame(update, doc)) return
    this.stopListening()
    // A session of its own, since what the former one has inserted may not be what counts.
    this.session = clock.randomBytes(limits.textSessionBytes)
    doc.clientID = clientOf(author, this.session)
    const isReset = this.hasBegun
    this.hasBegun = true
    this.isSound = true
    this.document = doc
    if (this.closing === undefined) doc.on('update', this.onUpdate)
    if (isReset) this.emit('reset', doc)
  }

  /** Reports whether the present document becomes the same by an update: then its editor may go on. */
  private isSame(update: Uint8Array, other: Doc): boolean {
    const { yjs } = this.parts
    this.applyTo(this.document, update)
    return (
      yjs.equalSnapshots(yjs.snapshot(this.document), yjs.snapshot(other)) &&
      contentOf(this.document) === contentOf(other)
    )
  }

  /** Applies an update that is no edit. Must not be mistaken for one by the listener. */
  private applyTo(doc: Doc, update: Uint8Array): void {
    const { yjs } = this.parts
    this.applying = true
    try {
      yjs.applyUpdate(doc, update, this)
      retryWaiting(yjs, doc, this)
    } finally {
      this.applying = false
    }
  }

  private stopListening(): void {
    this.document.off('update', this.onUpdate)
  }

  /** Notes an edit, made here. */
  private readonly onUpdate = (update: Uint8Array, origin: unknown): void => {
    if (origin === this) return
    // While it takes in updates, Yjs removes marks that have become needless, at every editor alike: that is no edit.
    if (this.applying && this.parts.yjs.decodeUpdate(update).structs.length === 0) return
    this.outgoing.add({ session: this.session, update })
  }

  /** Returns the edits of each session as few updates. Drops all, and throws, if they are none of a text. */
  private merge(edits: readonly Edit[]): Edit[] {
    const { yjs, author } = this.parts
    const bySession = new Map<Uint8Array, Uint8Array[]>()
    for (const { session, update } of edits) {
      const updates = bySession.get(session)
      if (updates === undefined) bySession.set(session, [update])
      else updates.push(update)
    }
    const merged: Edit[] = []
    for (const [session, updates] of bySession) {
      const update = yjs.mergeUpdates(updates)
      const client = clientOf(author, session)
      if (readUpdate(yjs, update, client) === undefined) this.refuseEdits()
      for (const part of splitUpdate(yjs, update, client)) merged.push({ session, update: part })
    }
    return merged
  }

  private refuseEdits(): never {
    this.outgoing.drop()
    this.stopListening()
    this.isSound = false
    this.turn.abort()
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `Only the text \`doc.getText('${rootName}')\` of this document can be edited, and only by its own client: the edits are dropped.`,
    )
  }
}

const contentOf = (doc: Doc) => JSON.stringify(doc.getText(rootName).toDelta())

/** Codes of errors that no waiting heals. */
const final: ReadonlySet<ErrorCode> = new Set([
  ...(['UNKNOWN_TREE', 'UNIMPLEMENTED', 'LIMIT_EXCEEDED', 'INVALID_ARGUMENT'] as const),
  ...(['CLOSED', 'FORBIDDEN', 'UNAUTHENTICATED', 'WRONG_PEER'] as const),
])
