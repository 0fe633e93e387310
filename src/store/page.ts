/**
 * What one page does to a tree, worked out before anything is written: which entries go in, which are here already,
 * which do not fit and why, and the batch that makes it so. No waiting and no I/O, so nothing can come between.
 */
import type { AbstractBatchOperation } from 'abstract-level'
import { CausewayError } from '../base/errors.ts'
import { checkParents, entryBytes, type VerifiedEntry } from '../dag/entry.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { type Judgement, moves } from '../dag/policy/policy.ts'
import type { TreePolicy } from '../dag/policy/tree-policy.ts'
import * as layout from './database/layout.ts'
import type { Database } from './database/open.ts'

export type BatchOperation = AbstractBatchOperation<Database, Buffer, Buffer>

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

/** The tree as the page finds it. */
export interface PageBase {
  readonly tree: TreeId
  readonly record: layout.TreeRecord
  readonly tips: ReadonlyMap<EntryId, number>
  /** What the index knows of the page's entries and their parents. */
  readonly found: ReadonlyMap<EntryId, layout.IndexRecord>
  /** Who wrote those of the found entries that revocations in the page let stand. */
  readonly authors: ReadonlyMap<EntryId, PeerId>
  /** Grows with what is added. */
  readonly policy: TreePolicy
  /** How many of its points are stored. */
  readonly pointsStored: number
  /** Whether the void entries are to be found anew anyway. */
  readonly stale: boolean
  /** The tree of a number in the index. */
  treeOf(number: number): TreeId | undefined
}

/** The tree as the page leaves it, once `operations` are written. */
export interface PagePlan extends Appended {
  readonly record: layout.TreeRecord
  readonly operations: BatchOperation[]
  /** Index records of what is added. */
  readonly indexed: ReadonlyMap<EntryId, layout.IndexRecord>
  readonly tipsGone: ReadonlySet<EntryId>
  readonly pointsStored: number
  readonly stale: boolean
  /** Those of the added entries that are void as they come; none where the page changes what is, since all are looked at again. */
  readonly voids: ReadonlySet<EntryId>
  /** New tips with their heights. */
  readonly tipsAdded: ReadonlyMap<EntryId, number>
}

/** Writes the operations as one atomic batch; `sync`: flushed to the disk. */
export async function writeOperations(
  db: Database,
  operations: readonly BatchOperation[],
  sync: boolean,
): Promise<void> {
  // As a list, since classic-level keeps the native copy of a chained batch until that is collected.
  if (!sync) return db.batch(operations as BatchOperation[])
  // Chained, since a list with an option costs abstract-level 8 µs an operation, ten times as much.
  const batch = db.batch()
  for (const operation of operations) {
    // An operation in a sublevel or with encodings of its own is its own options.
    const options = operation.sublevel == null && operation.keyEncoding === undefined ? undefined : operation
    if (operation.type === 'put') batch.put(operation.key, operation.value, options as object)
    else batch.del(operation.key, options as object)
  }
  await batch.write({ sync } as object)
}

export function planPage(base: PageBase, entries: readonly VerifiedEntry[]): PagePlan {
  const plan = new Plan(base)
  for (let index = 0; index < entries.length; index++) plan.take(index, entries[index]!)
  return plan.finish()
}

/** A plan in the making. Small methods, since V8 compiles a large one anew with each thing it learns of its parts. */
class Plan {
  private readonly base: PageBase
  private readonly before: Judgement | undefined
  private count: number
  private bytes: number
  private height: number
  private sequence: number
  private known = 0
  private stale: boolean
  private readonly added: VerifiedEntry[] = []
  /** The policy's point on which each of the added entries stands. */
  private readonly points: number[] = []
  private readonly refused: RefusedEntry[] = []
  private readonly operations: BatchOperation[] = []
  private readonly indexed = new Map<EntryId, layout.IndexRecord>()
  private readonly tipsAdded = new Map<EntryId, number>()
  private readonly tipsGone = new Set<EntryId>()
  private readonly voids = new Set<EntryId>()
  private readonly accepted = (id: EntryId) => this.acceptedOf(id)

  constructor(base: PageBase) {
    const { record, policy } = base
    this.base = base
    this.before = policy.graph.entries.length === 0 ? undefined : policy.whole()
    this.count = record.count
    this.bytes = record.bytes
    this.height = record.height
    this.sequence = record.sequence
    this.stale = base.stale
  }

  /** Plans the page's next entry: it is added, or known, or refused. */
  take(index: number, entry: VerifiedEntry): void {
    const { tree, policy } = this.base
    const { id, body } = entry
    let point = 0
    let after = 0
    try {
      // Before the question whether it is here, since it may be, in its own tree.
      if (entry.tree !== tree)
        throw new CausewayError(
          'ENTRY_TREE',
          `The entry ${id} belongs to the tree ${entry.tree}, not to ${tree}.`,
        )
      if (this.recordOf(id) !== undefined) {
        this.known++
        return
      }
      const parents = this.parentsOf(body.parents)
      checkParents(entry, parents)
      if (parents.length > 0) point = policy.check(entry, parents)
      after = policy.enter(entry, point, this.accepted)
    } catch (error) {
      this.refused.push({ index, id, error: CausewayError.from(error) })
      return
    }
    this.add(entry, point, after)
  }

  private recordOf(id: EntryId): layout.IndexRecord | undefined {
    return this.indexed.get(id) ?? this.base.found.get(id)
  }

  private parentsOf(ids: readonly EntryId[]) {
    const { tree, record, treeOf } = this.base
    return ids.map((id) => {
      const parent = this.recordOf(id)
      const parentTree = parent && (parent.number === record.number ? tree : treeOf(parent.number))
      return parentTree && { tree: parentTree, height: parent.height, after: parent.after }
    })
  }

  private acceptedOf(id: EntryId) {
    const author = this.base.authors.get(id) ?? this.added.find((entry) => entry.id === id)?.body.author
    const record = this.recordOf(id)
    return author && record && { author, after: record.after }
  }

  private add(entry: VerifiedEntry, point: number, after: number): void {
    const { id, body, signed } = entry
    const { number } = this.base.record
    const size = entryBytes(signed)
    const sequence = ++this.sequence
    this.count++
    this.bytes += size
    this.height = Math.max(this.height, body.height)
    const position = { height: body.height, id }
    const record = { number, height: body.height, sequence, size, after, parents: body.parents }
    this.put(layout.entryKey(number, position), layout.encodeEntry(signed))
    this.put(layout.indexKey(id), layout.encodeIndex(record))
    this.put(layout.arrivalKey(number, sequence), layout.encodePosition(position))
    if (after !== point || body.height === 0)
      this.put(layout.policyKey(number, position), layout.encodePoint(point))
    this.indexed.set(id, record)
    for (const parent of body.parents)
      if (!this.tipsAdded.delete(parent) && this.base.tips.has(parent)) this.tipsGone.add(parent)
    this.tipsAdded.set(id, body.height)
    this.added.push(entry)
    this.points.push(point)
  }

  private put(key: Buffer, value: Buffer): void {
    this.operations.push({ type: 'put', key, value })
  }

  /** What follows from all that was added. */
  finish(): PagePlan {
    const { number } = this.base.record
    const { count, bytes, height, sequence, added, known, refused, operations } = this
    const { indexed, tipsGone, tipsAdded, voids } = this
    const record = { number, count, bytes, height, sequence }
    if (added.length > 0) {
      this.judge()
      for (const id of tipsGone) operations.push({ type: 'del', key: layout.tipKey(number, id) })
      for (const [id, tip] of tipsAdded) this.put(layout.tipKey(number, id), layout.encodeHeight(tip))
      this.putPoints()
      this.put(layout.treeKey(this.base.tree), layout.encodeTree(record))
    }
    const pointsStored = this.base.policy.graph.points.length
    const { stale } = this
    // Field by field: a spread makes a new hidden class for every page.
    return {
      added,
      known,
      refused,
      record,
      operations,
      indexed,
      pointsStored,
      stale,
      voids,
      tipsGone,
      tipsAdded,
    }
  }

  /** Tells whether the page changes what is void, and else which of the added entries are. */
  private judge(): void {
    const { before, added, points } = this
    const { policy, record } = this.base
    const whole = policy.whole()
    // A page that begins a tree may bring a revocation with what it lets stand.
    if (before === undefined ? whole.revocations > 0 : moves(before, whole)) {
      this.stale = true
      this.put(layout.staleKey(record.number), Buffer.alloc(0))
      return
    }
    if (whole.revocations === 0) return
    // What a revocation lets stand came before it, so nothing that comes after it is below that.
    for (const [index, { id, body }] of added.entries())
      if (policy.isVoid(points[index]!, body.author, policy.graph.find(id))) {
        this.voids.add(id)
        this.put(layout.voidKey(record.number, { height: body.height, id }), Buffer.alloc(0))
      }
  }

  private putPoints(): void {
    const { policy, record, pointsStored } = this.base
    for (let point = pointsStored; point < policy.graph.points.length; point++)
      this.put(layout.pointKey(record.number, point), layout.encodeMembers(policy.graph.membersOf(point)))
  }
}
