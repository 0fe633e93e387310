/**
 * Marks the void entries of a tree. The marks follow from the DAG and its policy alone, so they can be found again at
 * any time: one read from the top down, which tracks the entries that each revocation keeps valid, and writes the
 * differences. The batch that changes the policy writes a flag, which is deleted after the last mark, so a crash only
 * repeats the work.
 */
import { limits } from '../base/limits.ts'
import { Turns } from '../base/turns.ts'
import { decodeBody } from '../dag/body.ts'
import type { EntryId, Position, TreeId } from '../dag/id.ts'
import type { Holding } from '../dag/policy/levels.ts'
import type { TreePolicy } from '../dag/policy/tree-policy.ts'
import * as layout from './database/layout.ts'
import { type BatchOperation, writeOperations } from './page.ts'
import type { Snapshot, StoredEntry, StoreReader } from './read/reader.ts'

/** Reads a tree's entries from the top down, in pages, and yields with each page its void entries. */
export async function* findVoid(
  store: StoreReader,
  tree: TreeId,
  policy: TreePolicy,
  snapshot?: Snapshot,
): AsyncGenerator<{ page: StoredEntry[]; voids: Set<EntryId> }> {
  const bits = new Map<Holding, bigint>()
  /**
   * Entries not read yet that revocations keep valid, with a bit for each such revocation. Holds as many entries as the
   * DAG is wide.
   */
  const acceptedBy = new Map<EntryId, bigint>()
  const accept = (id: EntryId, mask: bigint) => acceptedBy.set(id, (acceptedBy.get(id) ?? 0n) | mask)
  for (const holding of [...policy.whole().holdings.values()].flat()) {
    const bit = 1n << BigInt(bits.size)
    bits.set(holding, bit)
    for (const id of holding.revocation.lastAccepted) accept(id, bit)
  }
  const turns = new Turns(() => policy.work, limits.policyTurnWork)
  for await (const page of store.scan(tree, { reverse: true, ...(snapshot && { snapshot }) })) {
    const voids = new Set<EntryId>()
    for (const { id, signed } of page) {
      const { author, policy: names, parents } = decodeBody(signed.body)
      const mask = acceptedBy.get(id) ?? 0n
      acceptedBy.delete(id)
      if (mask !== 0n) for (const parent of parents) accept(parent, mask)
      const point = policy.graph.pointNamed(names) ?? 0
      const isAcceptedBy = (holding: Holding) => (mask & bits.get(holding)!) !== 0n
      if (policy.isVoid(point, author, policy.graph.find(id), isAcceptedBy)) voids.add(id)
      const turn = turns.next()
      if (turn !== undefined) await turn
    }
    yield { page, voids }
  }
}

/** Returns what else to write with the marks of entries that became void, or no longer void. */
export type FlipContributor = (tree: TreeId, flipped: readonly Position[]) => readonly BatchOperation[]

/** Brings a tree's void marks up to date and deletes the flag. Nothing may be written to the tree meanwhile. */
export async function updateVoidMarks(
  store: StoreReader,
  tree: TreeId,
  number: number,
  policy: TreePolicy,
  contributors: readonly FlipContributor[],
): Promise<void> {
  for await (const { page, voids } of findVoid(store, tree, policy)) {
    const gte = layout.voidKey(number, page.at(-1)!)
    const lte = layout.voidKey(number, page[0]!)
    const markedIds = new Set(
      (await store.db.keys({ gte, lte }).all()).map((key) => layout.positionOfKey(key).id),
    )
    const operations: BatchOperation[] = []
    const flipped = page.filter(({ id }) => voids.has(id) !== markedIds.has(id))
    for (const position of flipped) {
      const key = layout.voidKey(number, position)
      operations.push(
        voids.has(position.id) ? { type: 'put', key, value: Buffer.alloc(0) } : { type: 'del', key },
      )
    }
    for (const contribute of contributors) operations.push(...contribute(tree, flipped))
    if (operations.length > 0) await writeOperations(store.db, operations, false)
  }
  await writeOperations(store.db, [{ type: 'del', key: layout.staleKey(number) }], false)
}
