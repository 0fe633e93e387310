/** A page as the batch of rows that stores it in LevelDB. The keys and values are those of database/layout.ts. */
import type { VerifiedEntry } from '../../../dag/entry.ts'
import type { EntryId, Position, TreeId } from '../../../dag/id.ts'
import * as layout from '../../database/layout.ts'
import type { BatchOperation, PageDraft } from '../engine.ts'
import type { IndexRecord, PolicyRecord, TreeRecord } from '../records.ts'

export class LevelPage implements PageDraft {
  readonly operations: BatchOperation[] = []
  private readonly number: number

  constructor(number: number) {
    this.number = number
  }

  entry({ id, signed, body }: VerifiedEntry, record: IndexRecord): void {
    const position = { height: body.height, id }
    this.put(layout.entryKey(this.number, position), layout.encodeEntry(signed))
    this.put(layout.indexKey(id), layout.encodeIndex(id, record))
    const { sequence } = record
    this.put(layout.arrivalKey(this.number, sequence), layout.encodePosition(sequence, position))
  }

  policy(position: Position, record: PolicyRecord): void {
    this.put(layout.policyKey(this.number, position), layout.encodePolicy(position.id, record))
  }

  point(point: number, members: readonly EntryId[]): void {
    this.put(layout.pointKey(this.number, point), layout.encodeMembers(point, members))
  }

  tip(id: EntryId, height: number): void {
    this.put(layout.tipKey(this.number, id), layout.encodeHeight(id, height))
  }

  noTip(id: EntryId): void {
    this.operations.push({ type: 'del', key: layout.tipKey(this.number, id) })
  }

  voided(position: Position): void {
    this.put(layout.voidKey(this.number, position), Buffer.alloc(0))
  }

  stale(): void {
    this.put(layout.staleKey(this.number), Buffer.alloc(0))
  }

  tree(tree: TreeId, record: TreeRecord): void {
    this.put(layout.treeKey(tree), layout.encodeTree(tree, record))
  }

  beside(operations: readonly BatchOperation[]): void {
    for (const operation of operations) this.operations.push(operation)
  }

  private put(key: Buffer, value: Buffer): void {
    this.operations.push({ type: 'put', key, value })
  }
}
