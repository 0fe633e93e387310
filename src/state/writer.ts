/**
 * Writes keys with the node's own key, and prepares the same writes for others. What a caller does not name is filled in
 * with the versions that the view shows, and what it expects is checked, in the tree's turn: nothing comes between that
 * and the entry. Writes that wait become one page, each on top of the one before.
 */

import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { takeOut, throwIfCancelled, unlessBegun } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { contextsOf, type TraceContext, tracing } from '../base/tracing/tracing.ts'
import type { Change } from '../dag/body.ts'
import type { VerifiedEntry } from '../dag/entry.ts'
import { type TreeId, unknownTree } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Author } from '../store/author/author.ts'
import { expectRight, type Place } from '../store/author/place.ts'
import type { DagStore } from '../store/store.ts'
import { checkWrite, type Expectation, type StateWrite } from './api/write.ts'
import type { Blobs } from './blobs/blobs.ts'
import { chunkCount } from './blobs/format.ts'
import { effectsOf } from './effects.ts'
import { type Blob, changeKinds, encodeAdd, encodeDelete, encodePut, zeroVersion } from './payload.ts'
import { Slice } from './slice.ts'
import { encodeTextUpdate } from './text/payload.ts'
import type { Views } from './view.ts'

interface Pending {
  readonly write: StateWrite
  /** The span that asked for it. */
  readonly trace: TraceContext | undefined
  readonly resolve: (entry: VerifiedEntry) => void
  readonly reject: (error: unknown) => void
}

export class StateWriter {
  private readonly views: Views
  private readonly store: DagStore
  private readonly author: Author
  private readonly blobs: Blobs | undefined
  private readonly pending = new Map<TreeId, Pending[]>()

  constructor(views: Views, store: DagStore, author: Author, blobs?: Blobs) {
    this.views = views
    this.store = store
    this.author = author
    this.blobs = blobs
  }

  /**
   * Signs and stores one entry. Throws BLOB_NOT_HERE if a blob that it names is not; CONFLICT if a key does not have the heads that the write expects; UNKNOWN_TREE,
   * ENTRY_CHANGES, ENTRY_TOO_LARGE, FORBIDDEN and RESOURCE_EXHAUSTED as a commit does; INVALID_ARGUMENT and
   * LIMIT_EXCEEDED for a key or a value that cannot be; and CANCELLED if the signal fires before the entry is being written.
   */
  async write(tree: TreeId, write: StateWrite, signal?: AbortSignal): Promise<VerifiedEntry> {
    throwIfCancelled(signal)
    checkWrite(write)
    await this.expectBlobs(tree, write, this.author.peer)
    throwIfCancelled(signal)
    let leave = () => false
    const written = new Promise<VerifiedEntry>((resolve, reject) => {
      const pending = { write, trace: tracing?.current(), resolve, reject }
      const queue = this.pending.get(tree)
      if (queue === undefined) {
        this.pending.set(tree, [pending])
        void this.drain(tree)
      } else if (queue.length >= limits.commitsWaiting)
        reject(
          new CausewayError(
            'RESOURCE_EXHAUSTED',
            `${limits.commitsWaiting} writes to this tree wait already: try again later.`,
            { data: { retryAfterMs: 100 } },
          ),
        )
      else {
        queue.push(pending)
        leave = () => takeOut(queue, pending)
      }
    })
    return unlessBegun(written, signal, leave)
  }

  /**
   * Returns the changes of a write that somebody else signs, with what it does not name filled in. Throws as `write`
   * does, but for what belongs to the signer's rights.
   */
  async prepare(tree: TreeId, write: StateWrite, author: PeerId): Promise<Change[]> {
    checkWrite(write)
    await this.expectBlobs(tree, write, author)
    await this.views.count(tree)
    return this.store.settled(tree, async () => {
      await this.views.countInTurn(tree)
      const slice = this.slice(tree)
      await expectHeads(slice, write.expect ?? [])
      return changesOf(slice, write)
    })
  }

  /**
   * Throws BLOB_NOT_HERE unless the blobs that a write names are here, FORBIDDEN if its author may not write, and
   * LIMIT_EXCEEDED for too many chunks. Each blob is looked at once: that is work for each of its chunks.
   */
  private async expectBlobs(tree: TreeId, { writes }: StateWrite, author: PeerId): Promise<void> {
    const named = new Map<string, Blob>()
    for (const { action } of writes)
      if ('put' in action && action.put.blob !== undefined)
        named.set(`${action.put.blob.id} ${action.put.blob.size}`, action.put.blob)
    if (named.size === 0) return
    if (this.blobs === undefined)
      throw new CausewayError('UNIMPLEMENTED', 'This writer has no store for blobs.')
    const policy = await this.store.policy(tree)
    if (policy === undefined) throw unknownTree(tree)
    expectRight(policy, author, Permission.WRITE, `The key ${author}`)
    let chunks = 0
    for (const { size } of named.values()) chunks += chunkCount(size)
    if (chunks > limits.chunksPerWrite)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `The blobs of one write have at most ${limits.chunksPerWrite} chunks, got ${chunks}: name them in several writes.`,
        { data: { max: limits.chunksPerWrite } },
      )
    for (const blob of named.values()) await this.blobs.expectWhole(tree, blob, author)
  }

  /** Throws CONFLICT unless keys have the heads that are expected. Only in the tree's turn, before a page is planned. */
  async expect(tree: TreeId, expected: readonly Expectation[]): Promise<void> {
    await this.views.countInTurn(tree)
    await expectHeads(this.slice(tree), expected)
  }

  private slice(tree: TreeId): Slice {
    return new Slice(this.views, tree, this.store.treeNumber(tree), false)
  }

  /** Writes a tree's pending writes, page by page, until there are none. */
  private async drain(tree: TreeId): Promise<void> {
    // Each turn takes a page from a bounded queue; ends when no write came meanwhile.
    for (;;) {
      const queue = this.pending.get(tree)!
      if (queue.length === 0) break
      const page = queue.splice(0, limits.pageEntries)
      await this.writePage(tree, page).catch((error) => {
        for (const { reject } of page) reject(error)
      })
    }
    this.pending.delete(tree)
  }

  private async writePage(tree: TreeId, page: readonly Pending[]): Promise<void> {
    const written: { entry: VerifiedEntry; pending: Pending }[] = []
    const sync = page.some(({ write }) => write.durable)
    // Counted outside of the tree's turn, so that little is left to count in it.
    await this.views.count(tree)
    const { refused } = await this.store.appendMade(
      tree,
      async () => {
        await this.views.countInTurn(tree)
        let place = await this.author.placeToWrite(tree)
        const slice = this.slice(tree)
        // One read for all of the page.
        await slice.load(page.flatMap(({ write }) => [...write.writes, ...(write.expect ?? [])]))
        for (const pending of page)
          try {
            const entry = await this.sign(tree, slice, place, pending.write)
            place = { ...place, parents: [entry.id], height: entry.body.height + 1 }
            written.push({ entry, pending })
          } catch (error) {
            pending.reject(error)
          }
        this.views.expectPage(tree, slice)
        return written.map(({ entry }) => entry)
      },
      { sync, traces: tracing && contextsOf(page) },
    )
    const errors = new Map(refused.map(({ index, error }) => [index, error]))
    for (const [index, { entry, pending }] of written.entries()) {
      const error = errors.get(index)
      if (error === undefined) pending.resolve(entry)
      else pending.reject(error)
    }
  }

  /** Signs an entry, and lets the writes after it see what it does. */
  private async sign(tree: TreeId, slice: Slice, place: Place, write: StateWrite): Promise<VerifiedEntry> {
    await expectHeads(slice, write.expect ?? [])
    const entry = this.author.sign(tree, place, await changesOf(slice, write))
    const effects = effectsOf(entry.body.changes)
    await slice.load(effects.values())
    await slice.apply({ height: entry.body.height, id: entry.id, body: entry.body, effects }, false)
    return entry
  }
}

async function expectHeads(slice: Slice, expected: readonly Expectation[]): Promise<void> {
  await slice.load(expected)
  for (const { store, key, heads } of expected) {
    const state = slice.stateOf({ store, key })
    const ids = state.heads.map(({ id }) => id)
    const wanted = new Set(heads)
    if (state.overflow === 0 && ids.length === wanted.size && ids.every((id) => wanted.has(id))) continue
    throw new CausewayError(
      'CONFLICT',
      `The key ${JSON.stringify(key)} does not have the versions that the write expects: read it again.`,
      {
        data: { store, key: key.slice(0, 80), versions: ids.length + state.overflow, version: ids[0] ?? '' },
      },
    )
  }
}

/** Returns the changes that an entry carries. */
async function changesOf(slice: Slice, { writes, other = [] }: StateWrite): Promise<Change[]> {
  await slice.load(writes)
  const changes: Change[] = []
  for (const { store, key, action, replaces } of writes) {
    const heads = slice.stateOf({ store, key }).heads.map(({ id }) => id)
    const names = [...(replaces ?? heads.slice(0, limits.stateNames))].sort()
    if ('put' in action)
      changes.push({
        store,
        kind: changeKinds.put,
        payload: encodePut({ key, ...action.put, replaces: names }),
      })
    else if ('delete' in action)
      changes.push({ store, kind: changeKinds.delete, payload: encodeDelete({ key, replaces: names }) })
    else if ('text' in action)
      changes.push({ store, kind: changeKinds.text, payload: encodeTextUpdate({ key, ...action.text }) })
    else if (names.length === 0 && (await slice.isReplaced({ store, key }, zeroVersion))) {
      // Adds to no version would count for nothing any more, since somebody replaced them.
      const value = Buffer.from(String(action.add))
      changes.push({
        store,
        kind: changeKinds.put,
        payload: encodePut({ key, value, type: 'text/plain', replaces: [] }),
      })
    } else {
      const on = names.length === 1 && names[0] === zeroVersion ? [] : names
      changes.push({ store, kind: changeKinds.add, payload: encodeAdd({ key, on, delta: action.add }) })
    }
  }
  return [...changes, ...other]
}
