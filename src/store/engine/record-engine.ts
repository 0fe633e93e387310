/**
 * The small records of trees, which lie in rows by the keys of database/layout.ts in every engine: the trees themselves,
 * their tips, their policies, the marks of void entries, and the removals under way.
 */
import { limits } from '../../base/limits.ts'
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import type { Database } from '../database/database.ts'
import * as layout from '../database/layout.ts'
import { writeOperations } from '../database/write.ts'
import type {
  BatchOperation,
  Snapshot,
  Span,
  StoredPoint,
  StoredPolicy,
  StoredTree,
  VoidMark,
} from './engine.ts'
import type { TreeRecord } from './records.ts'
import { type Range, type Row, rangeOf, readPositions, readRows } from './rows.ts'

export abstract class RecordEngine {
  readonly rows: Database

  constructor(rows: Database) {
    this.rows = rows
  }

  /** Returns the options of a read of small records that belongs to a snapshot. */
  protected optionsFor(snapshot: Snapshot | undefined): object {
    return snapshot === undefined ? {} : { snapshot }
  }

  async *trees(): AsyncGenerator<StoredTree[]> {
    for await (const rows of this.pages(layout.treeRange)) yield rows.map(treeOf)
  }

  async tips(number: number): Promise<Map<EntryId, number>> {
    const tips = new Map<EntryId, number>()
    for await (const rows of this.pages(layout.tipRange(number)))
      for (const [key, value] of rows) {
        const id = layout.tipOfKey(key)
        tips.set(id, layout.decodeHeight(id, value))
      }
    return tips
  }

  async policies(number: number): Promise<StoredPolicy[]> {
    const policies: StoredPolicy[] = []
    for await (const rows of this.pages(layout.policyRange(number)))
      for (const [key, value] of rows) {
        const { height, id } = layout.positionOfKey(key)
        policies.push({ height, id, record: layout.decodePolicy(id, value) })
      }
    return policies
  }

  async points(number: number): Promise<StoredPoint[]> {
    const points: StoredPoint[] = []
    for await (const rows of this.pages(layout.pointRange(number)))
      for (const [key, value] of rows) {
        const point = layout.pointOfKey(key)
        points.push({ point, members: layout.decodeMembers(point, value) })
      }
    return points
  }

  private pages(range: Range): AsyncGenerator<Row[]> {
    return readRows(this.rows, range, limits.pageEntries, limits.pageBytes)
  }

  areVoid(number: number, positions: readonly Position[], snapshot?: Snapshot): Promise<boolean[]> {
    const keys = positions.map((position) => layout.voidKey(number, position))
    return this.rows.hasMany(keys, this.optionsFor(snapshot))
  }

  async voidBetween(number: number, first: Position, last: Position): Promise<Set<EntryId>> {
    const range = { gte: layout.voidKey(number, first), lte: layout.voidKey(number, last) }
    return new Set((await this.rows.keys(range).all()).map((key) => layout.positionOfKey(key).id))
  }

  voids(number: number, span: Span, pageEntries: number): AsyncGenerator<Position[]> {
    const range = rangeOf(layout.voidRange(number), span, (position) => layout.voidKey(number, position))
    return readPositions(this.rows, range, pageEntries)
  }

  markVoid(number: number, marks: readonly VoidMark[], beside: readonly BatchOperation[]): Promise<void> {
    const operations: BatchOperation[] = marks.map(({ position, isVoid }) => {
      const key = layout.voidKey(number, position)
      return isVoid ? { type: 'put', key, value: Buffer.alloc(0) } : { type: 'del', key }
    })
    operations.push(...beside)
    return writeOperations(this.rows, operations, false)
  }

  async isStale(number: number, snapshot?: Snapshot): Promise<boolean> {
    return (await this.rows.get(layout.staleKey(number), this.optionsFor(snapshot))) !== undefined
  }

  settle(number: number): Promise<void> {
    return writeOperations(this.rows, [{ type: 'del', key: layout.staleKey(number) }], false)
  }

  async removals(): Promise<StoredTree[]> {
    return (await this.rows.iterator(layout.removalRange).all()).map(treeOf)
  }

  beginRemoval(
    tree: TreeId,
    record: TreeRecord,
    unused: number,
    beside: readonly BatchOperation[],
  ): Promise<void> {
    const operations: BatchOperation[] = [
      ...beside,
      { type: 'del', key: layout.treeKey(tree) },
      { type: 'put', key: layout.removalKey(tree), value: layout.encodeTree(tree, record) },
      { type: 'put', key: layout.unusedKey, value: layout.encodeNumber(unused) },
    ]
    return writeOperations(this.rows, operations, true)
  }

  endRemoval(tree: TreeId): Promise<void> {
    return writeOperations(this.rows, [{ type: 'del', key: layout.removalKey(tree) }], true)
  }
}

/** Returns the tree of a row of trees or of removals. */
function treeOf([key, value]: Row): StoredTree {
  const tree = layout.treeOfKey(key)
  return { tree, record: decoded(() => layout.decodeTree(tree, value)) }
}

/** Returns the decoded value, or undefined if the record is damaged. */
export function decoded<Result>(decode: () => Result): Result | undefined {
  try {
    return decode()
  } catch {
    return undefined
  }
}
