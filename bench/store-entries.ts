/** Stores a tree in a data folder, and leaves it as if it had not just been written: nothing is left to compact. */
import type { ClassicLevel } from 'classic-level'
import { limits } from '../src/base/limits.ts'
import type { VerifiedEntry } from '../src/dag/entry.ts'
import { openFolder } from '../src/store/database/open.ts'
import { DagStore } from '../src/store/store.ts'

export async function storeEntries(folder: string, entries: readonly VerifiedEntry[]) {
  const store = await DagStore.open(await openFolder(`${folder}/store`))
  for (let start = 0; start < entries.length; start += limits.pageEntries)
    await store.append(entries[0]!.tree, entries.slice(start, start + limits.pageEntries))
  const { tree, count, bytes } = store.tree(entries[0]!.tree)!
  await compact(store)
  await store.close()
  return { tree: tree as string, count, bytes }
}

export async function compact({ db }: DagStore): Promise<void> {
  await (db as unknown as ClassicLevel<Buffer>).compactRange(Buffer.of(0), Buffer.of(255))
}
