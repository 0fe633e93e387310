/**
 * Marks on the entries that are void. They follow from the DAG and its policy alone, so they may be found anew at any time:
 * by one read from the top down, which carries along what each revocation lets stand, and writes what has changed. A flag
 * that was written with the change of the policy goes with the last of them, so a crash in between only has it done again.
 */
import { decodeBody } from '../dag/body.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import type { Holding } from '../dag/policy/policy.ts'
import type { TreePolicy } from '../dag/policy/tree-policy.ts'
import * as layout from './database/layout.ts'
import { type BatchOperation, writeOperations } from './page.ts'
import type { Snapshot, StoredEntry, StoreReader } from './read/reader.ts'

/** A tree's entries from the top down, in pages, and which of each page are void. */
export async function* findVoid(
  store: StoreReader,
  tree: TreeId,
  policy: TreePolicy,
  snapshot?: Snapshot,
): AsyncGenerator<{ page: StoredEntry[]; voids: Set<EntryId> }> {
  const bits = new Map<Holding, bigint>()
  /** What is below entries that revocations let stand: a bit for each revocation. As many as the DAG is wide. */
  const standing = new Map<EntryId, bigint>()
  const stand = (id: EntryId, by: bigint) => standing.set(id, (standing.get(id) ?? 0n) | by)
  for (const holding of [...policy.whole().holdings.values()].flat()) {
    const bit = 1n << BigInt(bits.size)
    bits.set(holding, bit)
    for (const id of holding.revocation.lastAccepted) stand(id, bit)
  }
  for await (const page of store.scan(tree, { reverse: true, ...(snapshot && { snapshot }) })) {
    const voids = new Set<EntryId>()
    for (const { id, signed } of page) {
      const { author, policy: names, parents } = decodeBody(signed.body)
      const by = standing.get(id) ?? 0n
      standing.delete(id)
      if (by !== 0n) for (const parent of parents) stand(parent, by)
      const point = policy.graph.pointNamed(names) ?? 0
      const stands = (holding: Holding) => (by & bits.get(holding)!) !== 0n
      if (policy.isVoid(point, author, policy.graph.find(id), stands)) voids.add(id)
    }
    yield { page, voids }
  }
}

/** Brings a tree's marks up to date, and takes the flag away. Nothing may be written to the tree meanwhile. */
export async function remark(
  store: StoreReader,
  tree: TreeId,
  number: number,
  policy: TreePolicy,
): Promise<void> {
  for await (const { page, voids } of findVoid(store, tree, policy)) {
    const gte = layout.voidKey(number, page.at(-1)!)
    const lte = layout.voidKey(number, page[0]!)
    const marked = new Set(
      (await store.db.keys({ gte, lte }).all()).map((key) => layout.positionOfKey(key).id),
    )
    const operations: BatchOperation[] = []
    for (const position of page) {
      const key = layout.voidKey(number, position)
      if (voids.has(position.id) && !marked.has(position.id))
        operations.push({ type: 'put', key, value: Buffer.alloc(0) })
      if (!voids.has(position.id) && marked.has(position.id)) operations.push({ type: 'del', key })
    }
    if (operations.length > 0) await writeOperations(store.db, operations, false)
  }
  await writeOperations(store.db, [{ type: 'del', key: layout.staleKey(number) }], false)
}
