/**
 * What one page does to a tree, worked out before anything is written: which entries go in, which are here already,
 * which do not fit and why, and the batch that makes it so. No waiting and no I/O, so nothing can come between.
 */
import type { AbstractBatchOperation } from 'abstract-level'
import { checkParents, entryBytes, type VerifiedEntry } from '../dag/entry.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { moves } from '../dag/policy.ts'
import type { TreePolicy } from '../dag/tree-policy.ts'
import { CausewayError } from '../errors.ts'
import * as layout from './layout.ts'
import type { Database } from './open.ts'

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
  const { tree, found, policy } = base
  const { number } = base.record
  let { count, bytes, height, sequence } = base.record
  const added: VerifiedEntry[] = []
  const refused: RefusedEntry[] = []
  const operations: BatchOperation[] = []
  const indexed = new Map<EntryId, layout.IndexRecord>()
  const tipsAdded = new Map<EntryId, number>()
  const tipsGone = new Set<EntryId>()
  let known = 0
  const points: number[] = []
  const before = policy.graph.entries.length === 0 ? undefined : policy.whole()
  const parentOf = (id: EntryId) => {
    const parent = indexed.get(id) ?? found.get(id)
    const parentTree = parent && (parent.number === number ? tree : base.treeOf(parent.number))
    return parentTree && { tree: parentTree, height: parent.height, after: parent.after }
  }
  const accepted = (id: EntryId) => {
    const author = base.authors.get(id) ?? added.find((entry) => entry.id === id)?.body.author
    const record = indexed.get(id) ?? found.get(id)
    return author && record && { author, after: record.after }
  }
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index]!
    const { id, body, signed } = entry
    let point = 0
    let after = 0
    try {
      // Before the question whether it is here, since it may be, in its own tree.
      if (entry.tree !== tree)
        throw new CausewayError(
          'ENTRY_TREE',
          `The entry ${id} belongs to the tree ${entry.tree}, not to ${tree}.`,
        )
      if (indexed.has(id) || found.has(id)) {
        known++
        continue
      }
      const parents = body.parents.map(parentOf)
      checkParents(entry, parents)
      if (parents.length > 0) point = policy.check(entry, parents)
      after = policy.enter(entry, point, accepted)
    } catch (error) {
      refused.push({ index, id, error: CausewayError.from(error) })
      continue
    }
    const size = entryBytes(signed)
    sequence++
    count++
    bytes += size
    height = Math.max(height, body.height)
    const position = { height: body.height, id }
    const record = { number, height: body.height, sequence, size, after, parents: body.parents }
    operations.push(
      { type: 'put', key: layout.entryKey(number, position), value: layout.encodeEntry(signed) },
      { type: 'put', key: layout.indexKey(id), value: layout.encodeIndex(record) },
      { type: 'put', key: layout.arrivalKey(number, sequence), value: layout.encodePosition(position) },
    )
    if (after !== point || body.height === 0)
      operations.push({
        type: 'put',
        key: layout.policyKey(number, position),
        value: layout.encodePoint(point),
      })
    indexed.set(id, record)
    for (const parent of body.parents)
      if (!tipsAdded.delete(parent) && base.tips.has(parent)) tipsGone.add(parent)
    tipsAdded.set(id, body.height)
    added.push(entry)
    points.push(point)
  }
  const record = { number, count, bytes, height, sequence }
  const voids = new Set<EntryId>()
  let { stale } = base
  if (added.length > 0) {
    const whole = policy.whole()
    // A page that begins a tree may bring a revocation with what it lets stand.
    const moved = before === undefined ? whole.revocations > 0 : moves(before, whole)
    if (moved) {
      stale = true
      operations.push({ type: 'put', key: layout.staleKey(number), value: Buffer.alloc(0) })
    }
    // What a revocation lets stand came before it, so nothing that comes after it is below that.
    if (!moved && whole.revocations > 0)
      for (const [index, { id, body }] of added.entries())
        if (policy.isVoid(points[index]!, body.author, policy.graph.find(id))) {
          voids.add(id)
          const key = layout.voidKey(number, { height: body.height, id })
          operations.push({ type: 'put', key, value: Buffer.alloc(0) })
        }
  }
  const pointsStored = policy.graph.points.length
  if (added.length > 0) {
    for (const id of tipsGone) operations.push({ type: 'del', key: layout.tipKey(number, id) })
    for (const [id, tipHeight] of tipsAdded)
      operations.push({ type: 'put', key: layout.tipKey(number, id), value: layout.encodeHeight(tipHeight) })
    for (let point = base.pointsStored; point < pointsStored; point++)
      operations.push({
        type: 'put',
        key: layout.pointKey(number, point),
        value: layout.encodeMembers(policy.graph.membersOf(point)),
      })
    operations.push({ type: 'put', key: layout.treeKey(tree), value: layout.encodeTree(record) })
  }
  return {
    added,
    known,
    refused,
    record,
    operations,
    pointsStored,
    stale,
    voids,
    indexed,
    tipsGone,
    tipsAdded,
  }
}
