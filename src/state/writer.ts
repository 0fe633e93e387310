/**
 * Writes keys with the node's own key, and prepares the same writes for others. What a caller does not name is filled in
 * with the versions that the view shows, and what it expects is checked, in the tree's turn: nothing comes between that
 * and the entry. Writes that wait become one page, each on top of the one before.
 */
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Change } from '../dag/body.ts'
import type { VerifiedEntry } from '../dag/entry.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { Author } from '../store/author/author.ts'
import type { Place } from '../store/author/place.ts'
import type { DagStore } from '../store/store.ts'
import { effectsOf, type StoreKey } from './effects.ts'
import {
  changeKinds,
  checkDelta,
  checkKey,
  checkValue,
  encodeAdd,
  encodeDelete,
  encodePut,
  zeroVersion,
} from './payload.ts'
import { Slice } from './slice.ts'
import { checkTextUpdate, encodeTextUpdate, type TextUpdate } from './text/payload.ts'
import type { Views } from './view.ts'

/** What to do with a key. */
export type KeyAction =
  | { readonly put: { readonly value: Uint8Array; readonly type: string } }
  | { readonly delete: true }
  | { readonly add: number }
  | { readonly text: Omit<TextUpdate, 'key'> }

/** A change to one key. */
export interface KeyWrite extends StoreKey {
  readonly action: KeyAction
  /** The versions to replace, or to add to. Default: those that the view shows, at most `limits.stateNames`. */
  readonly replaces?: readonly EntryId[] | undefined
}

/** Exactly the heads of a key; none: it is absent. */
export interface Expectation extends StoreKey {
  readonly heads: readonly EntryId[]
}

/** One entry to write. */
export interface StateWrite {
  readonly writes: readonly KeyWrite[]
  /** Changes that are opaque here. */
  readonly other?: readonly Change[] | undefined
  readonly expect?: readonly Expectation[] | undefined
  /** Whether to resolve only once the entry is flushed to the disk. Default: false. */
  readonly durable?: boolean | undefined
}

interface Pending {
  readonly write: StateWrite
  readonly resolve: (entry: VerifiedEntry) => void
  readonly reject: (error: unknown) => void
}

export class StateWriter {
  private readonly views: Views
  private readonly store: DagStore
  private readonly author: Author
  private readonly pending = new Map<TreeId, Pending[]>()

  constructor(views: Views, store: DagStore, author: Author) {
    this.views = views
    this.store = store
    this.author = author
  }

  /**
   * Signs and stores one entry. Throws CONFLICT if a key does not have the heads that the write expects; UNKNOWN_TREE,
   * ENTRY_CHANGES, ENTRY_TOO_LARGE, FORBIDDEN and RESOURCE_EXHAUSTED as a commit does; INVALID_ARGUMENT and
   * LIMIT_EXCEEDED for a key or a value that cannot be.
   */
  async write(tree: TreeId, write: StateWrite): Promise<VerifiedEntry> {
    checkWrite(write)
    return new Promise((resolve, reject) => {
      const pending = { write, resolve, reject }
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
      else queue.push(pending)
    })
  }

  /**
   * Returns the changes of a write that somebody else signs, with what it does not name filled in. Throws as `write`
   * does, but for what belongs to the signer's rights.
   */
  async prepare(tree: TreeId, write: StateWrite): Promise<Change[]> {
    checkWrite(write)
    await this.views.count(tree)
    return this.store.settled(tree, async () => {
      await this.views.countInTurn(tree)
      const slice = new Slice(this.store, tree)
      await expectHeads(slice, write.expect ?? [])
      return changesOf(slice, write)
    })
  }

  /** Throws CONFLICT unless keys have the heads that are expected. Only in the tree's turn, before a page is planned. */
  async expect(tree: TreeId, expected: readonly Expectation[]): Promise<void> {
    await this.views.countInTurn(tree)
    await expectHeads(new Slice(this.store, tree), expected)
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
        const slice = new Slice(this.store, tree)
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
        return written.map(({ entry }) => entry)
      },
      { sync },
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

/** Checks what does not depend on the tree. Throws ENTRY_CHANGES, LIMIT_EXCEEDED and INVALID_ARGUMENT. */
export function checkWrite({ writes, other = [], expect = [] }: StateWrite): void {
  const changes = writes.length + other.length
  if (changes === 0 || changes > limits.entryChanges)
    throw new CausewayError(
      'ENTRY_CHANGES',
      `A write has 1 to ${limits.entryChanges} changes, got ${changes}.`,
    )
  if (expect.length > limits.stateExpectations)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A write expects the versions of at most ${limits.stateExpectations} keys, got ${expect.length}.`,
    )
  for (const { store } of [...writes, ...other])
    if (store.startsWith('_'))
      throw new CausewayError(
        'ENTRY_CHANGES',
        `Stores whose names begin with "_" are reserved, got ${store}.`,
      )
  for (const { kind } of other)
    if (kind.startsWith('cw.'))
      throw new CausewayError('ENTRY_CHANGES', `Kinds that begin with "cw." are reserved, got ${kind}.`)
  for (const { key } of expect) checkKey(key)
  for (const { key, action, replaces = [] } of writes) {
    checkKey(key)
    if ('put' in action) checkValue(action.put)
    else if ('add' in action) checkDelta(action.add)
    else if ('text' in action) checkTextUpdate(action.text)
    if (replaces.length > limits.stateNames || new Set(replaces).size < replaces.length)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `A change replaces at most ${limits.stateNames} versions, each once, got ${replaces.length}.`,
      )
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
