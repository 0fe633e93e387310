/**
 * Builds a damaged tree anew from its entries. Each entry is read, hashed and verified again, and planned as a new page
 * is: it is kept if all of its ancestors are. The entries move, a page in a batch, from the number under which the tree
 * lay to a new one, and everything else that is stored of the tree is written with them. So a kill at any moment leaves
 * two parts of the tree, and the next run goes on with the rest. The tree stays set aside until all of it has moved.
 */
import { CausewayError } from '../../base/errors.ts'
import { type Entry, readEntry, type VerifiedEntry } from '../../dag/entry.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { TreePolicy } from '../../dag/policy/tree-policy.ts'
import type { Contribution } from '../contributors.ts'
import { storeError } from '../database/errors.ts'
import * as layout from '../database/layout.ts'
import { writeOperations } from '../database/write.ts'
import type { BatchOperation } from '../engine/engine.ts'
import { LevelPage } from '../engine/leveldb/level-page.ts'
import type { IndexRecord, TreeRecord } from '../engine/records.ts'
import { planPage } from '../page.ts'
import { readAuthors } from '../read/policies.ts'
import type { StoreReader } from '../read/reader.ts'
import { emptyRecord, newTree, readState, type TreeState } from '../tree-state.ts'
import { verifyAll } from '../verify/verify.ts'
import type { DamageNotes } from './damage-notes.ts'
import { treesByNumber } from './numbers.ts'

/** What a repair needs of the store. */
export interface RebuiltStore extends StoreReader {
  readonly notes: DamageNotes
  /** Whether the store is closing, so that long work has to stop. */
  readonly closing: boolean
  isTaken(number: number): boolean
  numberOfStored(tree: TreeId): number | undefined
  /** Takes a number that no tree has had, and returns it with the least one that is left. */
  takeNumber(): { number: number; unused: number }
  /** Puts a tree's record into memory; undefined if nothing is left of the tree. */
  replaceRecord(tree: TreeId, record: TreeRecord | undefined): void
  writeBeside(write: () => Promise<void>): Promise<void>
}

/** What other parts of the node keep of a tree's entries. */
export interface RebuildHooks {
  /** Forgets it, before the first entry is stored anew. `numbers` are those of the tree so far. May be called again. */
  begin(tree: TreeId, numbers: readonly number[]): Promise<void>
  /** Returns what to add to the batch of a page that is stored anew. */
  page(
    tree: TreeId,
    added: readonly VerifiedEntry[],
    policy: TreePolicy,
    /** The tree's record as the page leaves it. */
    record: TreeRecord,
  ): Contribution | undefined
}

/** How many entries were kept and dropped by one run. */
export interface Rebuilt {
  readonly kept: number
  readonly dropped: number
}

type Row = [Buffer, Buffer]

/** One run. Nothing else may read or write the tree meanwhile. */
export class Rebuild {
  private readonly store: RebuiltStore
  private readonly tree: TreeId
  private readonly hooks: readonly Partial<RebuildHooks>[]
  private readonly onProgress: (done: number) => void
  private target = 0
  private state!: TreeState
  private dropped = 0

  constructor(
    store: RebuiltStore,
    tree: TreeId,
    hooks: readonly Partial<RebuildHooks>[],
    onProgress: (done: number) => void,
  ) {
    this.store = store
    this.tree = tree
    this.hooks = hooks
    this.onProgress = onProgress
  }

  /** Runs until the whole tree is built. Throws CLOSED if the store closes, and STORE_CORRUPT if it cannot be read. */
  async run(): Promise<Rebuilt> {
    const { store, tree } = this
    const sources = await this.begin()
    for (const source of sources) await this.moveEntries(source)
    for (const source of sources) await this.clear(source)
    const { record } = this.state
    const key = layout.treeKey(tree)
    await this.write(
      [
        record.count === 0
          ? { type: 'del', key }
          : { type: 'put', key, value: layout.encodeTree(tree, record) },
      ],
      true,
    )
    store.replaceRecord(tree, record.count === 0 ? undefined : record)
    return { kept: record.count, dropped: this.dropped }
  }

  /** Prepares the tree's new number, or takes up what an earlier run has left. Returns the numbers to move from. */
  private async begin(): Promise<readonly number[]> {
    const { store, tree } = this
    const note = store.notes.ofTree(tree)
    let sources = note?.sources
    if (note?.target === undefined || sources === undefined) {
      sources = await this.findSources()
      for (const hook of this.hooks) await hook.begin?.(tree, sources)
      const { number, unused } = store.takeNumber()
      this.target = number
      await this.write([{ type: 'put', key: layout.unusedKey, value: layout.encodeNumber(unused) }], true)
      const message = note?.message ?? 'The tree is being repaired.'
      await store.writeBeside(() => store.notes.setTree(tree, { message, target: number, sources: sources! }))
    } else this.target = note.target
    const value = await store.db.get(layout.treeKey(tree))
    const record = value && attempt(() => layout.decodeTree(tree, value))
    const isBegun = record?.number === this.target
    store.replaceRecord(tree, isBegun ? record : emptyRecord(this.target))
    this.state = isBegun ? await readState(store, tree, record) : newTree(this.target)
    return sources
  }

  /** Returns the numbers under which the tree's entries lie, that of its record first. */
  private async findSources(): Promise<number[]> {
    const { store, tree } = this
    const own = store.numberOfStored(tree)
    const sources = own === undefined ? [] : [own]
    for (const [number, owner] of await treesByNumber(store.db))
      if (owner === tree && number !== own && !store.isTaken(number)) sources.push(number)
    return sources
  }

  private async moveEntries(source: number): Promise<void> {
    for await (const rows of this.pages(layout.entryRange(source))) {
      await this.movePage(rows)
      this.onProgress(this.state.record.count + this.dropped)
    }
  }

  /** Stores the sound entries of a page under the new number, and deletes all of them under the old one. */
  private async movePage(rows: readonly Row[]): Promise<void> {
    const { store, tree, state } = this
    const entries = rows.flatMap(([key, value]) => readSound(tree, key, value) ?? [])
    const verdicts = await verifyAll(entries)
    const verified = verdicts.filter(
      (verdict): verdict is VerifiedEntry => !(verdict instanceof CausewayError),
    )
    const indexRecords = await this.stored([...parentsOf(verified), ...verified.map(({ id }) => id)])
    const authors = await readAuthors(store, verified).catch(unlessDamaged)
    const { record, tips, policy, pointsStored, stale } = state
    const draft = new LevelPage(this.target)
    const plan = await planPage(
      { tree, draft, record, tips, indexRecords, authors, policy, pointsStored, stale },
      verified,
    )
    const kept = new Set(plan.added.map(({ id }) => id))
    const { operations } = draft
    for (const [key] of rows) operations.push({ type: 'del', key })
    const lost = rows.flatMap(([key]) => (hasPosition(key) ? [layout.positionOfKey(key).id] : []))
    operations.push(...(await this.staleIndexes(lost.filter((id) => !kept.has(id)))))
    const contributions =
      plan.added.length === 0
        ? []
        : this.hooks.flatMap((hook) => hook.page?.(tree, plan.added, policy, plan.record) ?? [])
    operations.push(...contributions.flatMap((contribution) => contribution.operations))
    await this.write(operations)
    for (const contribution of contributions) contribution.stored()
    this.dropped += rows.length - plan.added.length - plan.known
    if (plan.added.length === 0) return
    for (const id of plan.tipsGone) tips.delete(id)
    for (const [id, height] of plan.tipsAdded) tips.set(id, height)
    state.record = plan.record
    state.pointsStored = plan.pointsStored
    state.stale = plan.stale
    store.replaceRecord(tree, plan.record)
  }

  /** Returns the index records of those entries that are stored under the new number; damaged ones are not. */
  private async stored(ids: readonly EntryId[]): Promise<Map<EntryId, IndexRecord>> {
    const found = new Map<EntryId, IndexRecord>()
    for (const [index, value] of (await this.indexValues(ids)).entries()) {
      const id = ids[index]!
      const record = value && attempt(() => layout.decodeIndex(id, value))
      if (record?.number === this.target) found.set(id, record)
    }
    return found
  }

  private async indexValues(ids: readonly EntryId[]): Promise<(Buffer | undefined)[]> {
    try {
      return ids.length === 0 ? [] : await this.store.db.getMany(ids.map(layout.indexKey))
    } catch (error) {
      throw storeError(error, 'The store could not be read')
    }
  }

  /** Returns what deletes the index records of entries that are not stored under the new number. */
  private async staleIndexes(ids: readonly EntryId[]): Promise<BatchOperation[]> {
    const stored = await this.stored(ids)
    return ids.filter((id) => !stored.has(id)).map((id) => ({ type: 'del', key: layout.indexKey(id) }))
  }

  /** Deletes what is left under an old number: arrivals, index records of entries that are lost, tips and the policy. */
  private async clear(source: number): Promise<void> {
    const { store } = this
    for await (const rows of this.pages(layout.arrivalRange(source))) {
      const ids = rows.flatMap(([key, value]) => {
        const position = attempt(() => layout.decodePosition(layout.sequenceOfKey(key), value))
        return position === undefined ? [] : [position.id]
      })
      const operations = await this.staleIndexes(ids)
      for (const [key] of rows) operations.push({ type: 'del', key })
      await this.write(operations)
    }
    for (const range of layout.derivedRanges) await store.writeBeside(() => store.db.clear(range(source)))
  }

  /** Yields the records of a range in pages, each by an iterator of its own. The caller deletes each page. */
  private async *pages(range: { gte: Buffer; lt: Buffer }): AsyncGenerator<Row[]> {
    // Ends with the range, from which each turn deletes a page.
    for (;;) {
      if (this.store.closing)
        throw new CausewayError('CLOSED', 'The store is closing: run `causeway repair` again to go on.')
      const scan = this.store.rows(range)
      const { value: rows, done } = await scan.next()
      await scan.return(undefined)
      if (done || rows === undefined) return
      yield rows
    }
  }

  private write(operations: readonly BatchOperation[], sync = false): Promise<void> {
    return this.store.writeBeside(() => writeOperations(this.store.db, operations, sync))
  }
}

/** Returns the entry of a row, or undefined if its bytes are damaged, or it is of another tree. */
function readSound(tree: TreeId, key: Buffer, value: Buffer): Entry | undefined {
  if (!hasPosition(key)) return undefined
  const entry = attempt(() => readEntry(layout.decodeEntry(value)))
  return entry !== undefined && entry.id === layout.positionOfKey(key).id && entry.tree === tree
    ? entry
    : undefined
}

/** A revocation whose last accepted entries cannot be read is dropped like an entry without its parents. */
function unlessDamaged(error: unknown): ReadonlyMap<EntryId, PeerId> {
  if (CausewayError.from(error).code !== 'STORE_CORRUPT') throw error
  return new Map()
}

function hasPosition(key: Buffer): boolean {
  return key.length === layout.positionKeyBytes
}

/** Returns the parents of a page's entries that are not in the page themselves. */
function parentsOf(entries: readonly Entry[]): EntryId[] {
  const inPage = new Set(entries.map(({ id }) => id))
  const parents = new Set(entries.flatMap(({ body }) => body.parents))
  return [...parents].filter((id) => !inPage.has(id))
}

function attempt<Result>(decode: () => Result): Result | undefined {
  try {
    return decode()
  } catch {
    return undefined
  }
}
