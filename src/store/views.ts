/** A tree's entries as an application sees them: without those that a revocation has made void. */
import type { TreeId } from '../dag/id.ts'
import type { ScanOptions, StoredEntry } from './read/reader.ts'
import type { DagStore } from './store.ts'

/** Like `scan`, but without void entries. Skips pages in which every entry is void. */
export async function* scanInEffect(
  store: DagStore,
  tree: TreeId,
  options: ScanOptions = {},
): AsyncGenerator<StoredEntry[]> {
  for await (const page of store.scan(tree, options)) {
    const voids = await store.voidAmong(tree, page)
    const rest = voids.size === 0 ? page : page.filter(({ id }) => !voids.has(id))
    if (rest.length > 0) yield rest
  }
}
