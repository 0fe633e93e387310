/**
 * The DAG on a sorted key-value store, always closed under ancestors: an entry goes in only when its parents are
 * there or earlier in the same page. So a new entry is always a tip, tips' = tips - parents + id needs no child
 * index, and reading in (height, id) order is reading parents first. A page becomes one atomic batch: entries,
 * indexes, tips, counts and arrivals appear together or not at all, whatever happens to the process.
 */
import type { AbstractBatchOperation } from 'abstract-level'
import { checkParents, type Entry, entryBytes, type SignedEntry, type VerifiedEntry } from '../dag/entry.ts'
import { comparePositions, digestTips, type EntryId, type Position, type TreeId } from '../dag/id.ts'
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'
import { Lanes } from './lanes.ts'
import * as layout from './layout.ts'
import type { Database } from './open.ts'

/** An entry as the store holds it; it was verified when it came in. */
export interface StoredEntry extends Position {
  readonly signed: SignedEntry
}

/** A tree as the store holds it. */
export interface TreeInfo {
  readonly tree: TreeId
  readonly count: number
  readonly bytes: number
  readonly height: number
  readonly sequence: number
}

export interface RefusedEntry {
  readonly index: number
  readonly id: EntryId
  readonly error: CausewayError
}

/** What became of a page. */
export interface Appended {
  /** Entries that were new and are stored now, in order. */
  readonly added: readonly VerifiedEntry[]
  readonly known: number
  readonly refused: readonly RefusedEntry[]
}

export type BatchOperation = AbstractBatchOperation<Database, Buffer, Buffer>

/** Adds its own records to the batch of a page: whoever must never disagree with the DAG. Runs before the write. */
export type BatchContributor = (
  tree: TreeId,
  added: readonly VerifiedEntry[],
  info: TreeInfo,
) => BatchOperation[]

export interface ScanOptions {
  /** Start after this position (before it when reversed); absent: from the end of the order. */
  readonly after?: Position | undefined
  readonly reverse?: boolean
  readonly pageEntries?: number
  readonly pageBytes?: number
  readonly snapshot?: Snapshot
}

/** A fixed view of the store for several reads. */
export type Snapshot = ReturnType<Database['snapshot']>

/** A tree at one moment. */
export interface TreeView extends TreeInfo, AsyncDisposable {
  readonly tips: readonly EntryId[]
  readonly tipsDigest: string
  readonly snapshot: Snapshot
}

/** What stays in memory of a tree that is in use. */
interface TreeState {
  record: layout.TreeRecord
  /** Tips with their heights. */
  tips: Map<EntryId, number>
  sortedTips: readonly EntryId[] | undefined
  tipsDigest: string | undefined
}

export class DagStore {
  readonly db: Database
  private readonly records = new Map<TreeId, layout.TreeRecord>()
  private readonly treeOfNumber: TreeId[] = []
  private readonly states = new Map<TreeId, TreeState>()
  private readonly writers = new Lanes<TreeId>()
  private readonly contributors: BatchContributor[] = []
  private readonly listeners = new Set<
    (tree: TreeId, added: readonly VerifiedEntry[], info: TreeInfo) => void
  >()
  /** Heights of entries that came lately: parents are mostly among them. */
  private readonly recent = new Map<EntryId, layout.IndexRecord>()

  private constructor(db: Database) {
    this.db = db
  }

  /** Takes over an open database (see open.ts); `close` closes it. */
  static async open(db: Database): Promise<DagStore> {
    const store = new DagStore(db)
    for await (const [key, value] of db.iterator(layout.treeRange))
      store.remember(layout.treeOfKey(key), layout.decodeTree(value))
    return store
  }

  private remember(tree: TreeId, record: layout.TreeRecord): void {
    this.records.set(tree, record)
    this.treeOfNumber[record.number] = tree
  }

  /** Waits for writes under way, then closes the database. */
  async close(): Promise<void> {
    await this.writers.idle()
    await this.db.close()
  }

  /** Lets `contribute` add operations to every page's batch from now on. */
  addContributor(contribute: BatchContributor): void {
    this.contributors.push(contribute)
  }

  /** Calls `listener` after every page that added something; the result ends that. */
  subscribe(listener: (tree: TreeId, added: readonly VerifiedEntry[], info: TreeInfo) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /**
   * The tree as it is between two writes: counts, tips and a snapshot that agree. Dispose it when done; undefined where
   * there is no such tree.
   */
  view(tree: TreeId): Promise<TreeView | undefined> {
    return this.writers.run(tree, async () => {
      const info = this.tree(tree)
      if (info === undefined) return undefined
      const [tips, tipsDigest] = [await this.tips(tree), await this.tipsDigest(tree)]
      const snapshot = this.db.snapshot()
      return { ...info, tips, tipsDigest, snapshot, [Symbol.asyncDispose]: () => snapshot.close() }
    })
  }

  /** All trees, by id. */
  trees(): TreeInfo[] {
    return [...this.records.keys()].sort().map((tree) => this.tree(tree)!)
  }

  tree(tree: TreeId): TreeInfo | undefined {
    const record = this.records.get(tree)
    if (record === undefined) return undefined
    const { count, bytes, height, sequence } = record
    return { tree, count, bytes, height, sequence }
  }

  private numberOf(tree: TreeId): number {
    const record = this.records.get(tree)
    if (record === undefined)
      throw new CausewayError('UNKNOWN_TREE', `The tree ${tree} is not here.`, { data: { tree } })
    return record.number
  }

  /** The tree's tips in ascending order; none where there is no such tree. */
  async tips(tree: TreeId): Promise<readonly EntryId[]> {
    if (!this.records.has(tree)) return []
    const state = await this.state(tree)
    state.sortedTips ??= [...state.tips.keys()].sort()
    return state.sortedTips
  }

  /** At most `count` tips, the highest ones. */
  async highestTips(tree: TreeId, count: number): Promise<Position[]> {
    if (!this.records.has(tree)) return []
    const { tips } = await this.state(tree)
    const positions = Array.from(tips, ([id, height]) => ({ id, height }))
    return positions.length <= count
      ? positions
      : positions.sort((a, b) => comparePositions(b, a)).slice(0, count)
  }

  /** `digestTips` of the tree, kept until the tips change. */
  async tipsDigest(tree: TreeId): Promise<string> {
    if (!this.records.has(tree)) return ''
    const state = await this.state(tree)
    state.tipsDigest ??= digestTips(await this.tips(tree))
    return state.tipsDigest
  }

  private async state(tree: TreeId): Promise<TreeState> {
    const loaded = this.states.get(tree)
    if (loaded !== undefined) return loaded
    const record = this.records.get(tree)
    const tips = new Map<EntryId, number>()
    if (record !== undefined)
      for await (const [key, value] of this.db.iterator(layout.tipRange(record.number)))
        tips.set(layout.tipOfKey(key), layout.decodeHeight(value))
    const raced = this.states.get(tree)
    if (raced !== undefined) return raced
    const state: TreeState = {
      record: record ?? { number: -1, count: 0, bytes: 0, height: 0, sequence: 0 },
      tips,
      sortedTips: undefined,
      tipsDigest: undefined,
    }
    if (record !== undefined) this.states.set(tree, state)
    return state
  }

  /**
   * Stores a page of entries of one tree, parents first. Entries that are here already are counted; one that does not
   * fit (parent missing, other tree, wrong height) is refused by name, with what stands on it; the others are kept.
   * `sync`: answer only when the page is flushed to the disk.
   */
  append(
    tree: TreeId,
    entries: readonly VerifiedEntry[],
    options: { sync?: boolean } = {},
  ): Promise<Appended> {
    return this.writers.run(tree, () => this.write(tree, entries, options.sync ?? false))
  }

  private async write(tree: TreeId, entries: readonly VerifiedEntry[], sync: boolean): Promise<Appended> {
    const state = await this.state(tree)
    const isNew = state.record.number < 0
    const found = await this.lookupForAppend(entries, state.record)
    // From here to the batch nothing waits, so that two new trees cannot take the same number.
    const number = isNew ? this.treeOfNumber.length : state.record.number

    const added: VerifiedEntry[] = []
    const refused: RefusedEntry[] = []
    const operations: BatchOperation[] = []
    const inPage = new Map<EntryId, layout.IndexRecord>()
    const tipsAdded = new Map<EntryId, number>()
    const tipsGone = new Set<EntryId>()
    let { count, bytes, height, sequence } = state.record
    let known = 0
    for (const [index, entry] of entries.entries()) {
      const { id, body, signed } = entry
      if (inPage.has(id) || found.has(id)) {
        known++
        continue
      }
      try {
        if (entry.tree !== tree)
          throw new CausewayError(
            'ENTRY_TREE',
            `The entry ${id} belongs to the tree ${entry.tree}, not to ${tree}.`,
          )
        checkParents(
          entry,
          body.parents.map((parent) => {
            const record = inPage.get(parent) ?? found.get(parent)
            return (
              record && {
                tree: record.number === number ? tree : this.treeOfNumber[record.number]!,
                height: record.height,
              }
            )
          }),
        )
      } catch (error) {
        refused.push({ index, id, error: CausewayError.from(error) })
        continue
      }
      sequence++
      count++
      bytes += entryBytes(signed)
      height = Math.max(height, body.height)
      const position = { height: body.height, id }
      const record = {
        number,
        height: body.height,
        sequence,
        size: entryBytes(signed),
        parents: body.parents,
      }
      operations.push(
        { type: 'put', key: layout.entryKey(number, position), value: layout.encodeEntry(signed) },
        { type: 'put', key: layout.indexKey(id), value: layout.encodeIndex(record) },
        { type: 'put', key: layout.arrivalKey(number, sequence), value: layout.encodePosition(position) },
      )
      inPage.set(id, record)
      for (const parent of body.parents)
        if (!tipsAdded.delete(parent) && state.tips.has(parent)) tipsGone.add(parent)
      tipsAdded.set(id, body.height)
      added.push(entry)
    }
    if (added.length === 0) return { added, known, refused }

    const record = { number, count, bytes, height, sequence }
    for (const id of tipsGone) operations.push({ type: 'del', key: layout.tipKey(number, id) })
    for (const [id, tipHeight] of tipsAdded)
      operations.push({ type: 'put', key: layout.tipKey(number, id), value: layout.encodeHeight(tipHeight) })
    operations.push({ type: 'put', key: layout.treeKey(tree), value: layout.encodeTree(record) })
    const info = { tree, count, bytes, height, sequence }
    for (const contribute of this.contributors) operations.push(...contribute(tree, added, info))
    if (isNew) this.treeOfNumber.push(tree)
    try {
      await this.db.batch(operations, { sync } as object)
    } catch (error) {
      throw storeError(error)
    }

    state.record = record
    this.records.set(tree, record)
    if (isNew) this.states.set(tree, state)
    for (const id of tipsGone) state.tips.delete(id)
    for (const [id, tipHeight] of tipsAdded) state.tips.set(id, tipHeight)
    state.sortedTips = undefined
    state.tipsDigest = undefined
    this.keepRecent(inPage)
    for (const listener of this.listeners) listener(tree, added, info)
    return { added, known, refused }
  }

  /** What the index knows of a page's entries and of their parents, in one read. */
  private async lookupForAppend(
    entries: readonly VerifiedEntry[],
    record: layout.TreeRecord,
  ): Promise<Map<EntryId, layout.IndexRecord>> {
    const found = new Map<EntryId, layout.IndexRecord>()
    const unknown = new Set<EntryId>()
    const inPage = new Set(entries.map((entry) => entry.id))
    const want = (id: EntryId) => {
      const recent = this.recent.get(id)
      if (recent === undefined) unknown.add(id)
      else found.set(id, recent)
    }
    for (const { id, body } of entries) {
      // Nothing is higher than the tree, so a higher entry need not be looked for.
      if (body.height <= record.height && record.count > 0) want(id)
      for (const parent of body.parents) if (!inPage.has(parent)) want(parent)
    }
    const ids = [...unknown]
    for (const [index, hit] of (await this.lookup(ids)).entries())
      if (hit !== undefined) found.set(ids[index]!, hit)
    return found
  }

  private keepRecent(page: ReadonlyMap<EntryId, layout.IndexRecord>): void {
    for (const [id, record] of page) this.recent.set(id, record)
    let excess = this.recent.size - limits.storeRecentEntries
    for (const id of this.recent.keys()) {
      if (excess-- <= 0) break
      this.recent.delete(id)
    }
  }

  /** What the index knows of each id; undefined where it is not here. Does not read the entries. */
  async lookup(ids: readonly EntryId[], snapshot?: Snapshot): Promise<(layout.IndexRecord | undefined)[]> {
    if (ids.length === 0) return []
    const values = await this.db.getMany(ids.map(layout.indexKey), snapshot === undefined ? {} : { snapshot })
    return values.map((value) => value && layout.decodeIndex(value))
  }

  /** Which of a page's entries are not here yet: those worth verifying. */
  async unknown(tree: TreeId, entries: readonly Entry[]): Promise<Entry[]> {
    const record = this.records.get(tree)
    if (record === undefined) return [...entries]
    const doubtful = entries.filter((entry) => entry.body.height <= record.height)
    if (doubtful.length === 0) return [...entries]
    const found = await this.lookup(doubtful.map((entry) => entry.id))
    const known = new Set(doubtful.filter((_, index) => found[index] !== undefined))
    return entries.filter((entry) => !known.has(entry))
  }

  /** Like `lookup`, but an entry of another tree counts as not here. */
  async lookupIn(
    tree: TreeId,
    ids: readonly EntryId[],
    snapshot?: Snapshot,
  ): Promise<(layout.IndexRecord | undefined)[]> {
    const number = this.records.get(tree)?.number
    return (await this.lookup(ids, snapshot)).map((record) =>
      record?.number === number ? record : undefined,
    )
  }

  /** Entries by id, in that order; undefined where one is not here. */
  async get(ids: readonly EntryId[]): Promise<((StoredEntry & { tree: TreeId }) | undefined)[]> {
    const records = await this.lookup(ids)
    const present = ids.flatMap((id, index) => {
      const record = records[index]
      return record === undefined ? [] : [{ id, height: record.height, number: record.number, index }]
    })
    const values = await this.db.getMany(present.map((entry) => layout.entryKey(entry.number, entry)))
    const result = new Array<(StoredEntry & { tree: TreeId }) | undefined>(ids.length)
    for (const [position, { id, height, number, index }] of present.entries()) {
      const value = values[position]
      if (value === undefined)
        throw new CausewayError('STORE_CORRUPT', `The entry ${id} is in the index but not in the store.`, {
          data: { id },
        })
      result[index] = { id, height, tree: this.treeOfNumber[number]!, signed: layout.decodeEntry(value) }
    }
    return result
  }

  /** Entries of a tree at known positions, in that order, in one read. */
  async read(tree: TreeId, positions: readonly Position[]): Promise<StoredEntry[]> {
    const number = this.numberOf(tree)
    const values = await this.db.getMany(positions.map((position) => layout.entryKey(number, position)))
    return values.map((value, index) => {
      const { height, id } = positions[index]!
      if (value === undefined)
        throw new CausewayError('STORE_CORRUPT', `The entry ${id} is in the index but not in the store.`, {
          data: { id },
        })
      return { height, id, signed: layout.decodeEntry(value) }
    })
  }

  /** A tree's entries in (height, id) order, in pages of bounded bytes and number, by one sequential read. */
  async *scan(tree: TreeId, options: ScanOptions = {}): AsyncGenerator<StoredEntry[]> {
    const number = this.numberOf(tree)
    const { gte, lt } = layout.entryRange(number)
    const edge = options.after && layout.entryKey(number, options.after)
    const bounds = options.reverse ? { gte, lt: edge ?? lt } : edge ? { gt: edge, lt } : { gte, lt }
    const pageEntries = options.pageEntries ?? limits.pageEntries
    const pageBytes = options.pageBytes ?? limits.pageBytes
    const iterator = this.db.iterator({
      ...bounds,
      reverse: options.reverse ?? false,
      highWaterMarkBytes: pageBytes,
      ...(options.snapshot && { snapshot: options.snapshot }),
    } as object)
    try {
      let page: StoredEntry[] = []
      let bytes = 0
      for (;;) {
        const rows = await iterator.nextv(pageEntries)
        if (rows.length === 0) break
        for (const [key, value] of rows) {
          if (page.length === pageEntries || (page.length > 0 && bytes + value.length > pageBytes)) {
            yield page
            page = []
            bytes = 0
          }
          const { height, id } = layout.positionOfKey(key)
          page.push({ height, id, signed: layout.decodeEntry(value) })
          bytes += value.length
        }
      }
      if (page.length > 0) yield page
    } finally {
      await iterator.close()
    }
  }

  /** The arrivals after a sequence number, at most `limit`, in the order in which they came. */
  async arrivals(
    tree: TreeId,
    afterSequence: number,
    limit: number,
  ): Promise<(Position & { sequence: number })[]> {
    const number = this.numberOf(tree)
    const { lt } = layout.arrivalRange(number)
    const rows = await this.db.iterator({ gt: layout.arrivalKey(number, afterSequence), lt, limit }).all()
    return rows.map(([key, value]) => ({
      sequence: layout.sequenceOfKey(key),
      ...layout.decodePosition(value),
    }))
  }
}

/** A failed write, told by its cause: STORE_FULL for a full disk, else STORE_CORRUPT. */
function storeError(error: unknown): CausewayError {
  const text = `${(error as Error).message} ${(error as { cause?: Error }).cause?.message ?? ''}`
  if (/no space left|ENOSPC|disk quota/i.test(text))
    return new CausewayError(
      'STORE_FULL',
      'The disk is full: the page was not stored. Free some space and try again.',
      { cause: error },
    )
  if ((error as { code?: string }).code === 'LEVEL_DATABASE_NOT_OPEN')
    return new CausewayError('CLOSED', 'The store is closed.', { cause: error })
  return new CausewayError('STORE_CORRUPT', `The page could not be stored: ${text}`, { cause: error })
}
