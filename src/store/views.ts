/** A tree's entries as an application sees them: without those that the policy has made void. */
import type { TreeId } from '../dag/id.ts'
import type { ScanOptions, StoredEntry } from './read/reader.ts'
import type { DagStore } from './store.ts'

/** Like `scan`, but without void entries; pages of which nothing stands are left out. */
export async function* standing(
  store: DagStore,
  tree: TreeId,
  options: ScanOptions = {},
): AsyncGenerator<StoredEntry[]> {
  for await (const page of store.scan(tree, options)) {
    const voids = await store.voidAmong(tree, page)
    const left = voids.size === 0 ? page : page.filter(({ id }) => !voids.has(id))
    if (left.length > 0) yield left
  }
}
