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
import type { TreePolicy } from '../dag/policy/tree-policy.ts'
import { VoidScan } from '../dag/policy/void-scan.ts'
import type { BatchOperation } from './engine/engine.ts'
import type { Snapshot, StoredEntry, StoreReader } from './read/reader.ts'

/** Reads a tree's entries from the top down, in pages, and yields with each page its void entries. */
export async function* findVoid(
  store: StoreReader,
  tree: TreeId,
  policy: TreePolicy,
  snapshot?: Snapshot,
): AsyncGenerator<{ page: StoredEntry[]; voids: Set<EntryId> }> {
  const scanned = new VoidScan(policy)
  const turns = new Turns(() => policy.work, limits.policyTurnWork)
  for await (const page of store.scan(tree, { reverse: true, ...(snapshot && { snapshot }) })) {
    const voids = new Set<EntryId>()
    for (const { id, signed } of page) {
      if (scanned.isVoid(id, decodeBody(signed.body))) voids.add(id)
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
    const marked = await store.engine.voidBetween(number, page.at(-1)!, page[0]!)
    const flipped = page.filter(({ id }) => voids.has(id) !== marked.has(id))
    const beside = contributors.flatMap((contribute) => contribute(tree, flipped))
    if (flipped.length + beside.length === 0) continue
    const flips = flipped.map((position) => ({ position, isVoid: voids.has(position.id) }))
    await store.engine.markVoid(number, flips, beside)
  }
  await store.engine.settle(number)
}
