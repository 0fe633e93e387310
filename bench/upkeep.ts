/**
 * What it costs to keep the sketch up to date: a store with a live sketch and one without take in the same signed pages
 * alternately, so that other load affects both. The time includes verifying.
 */

import { limits } from '../src/base/limits.ts'
import { entryBytes, type SignedEntry } from '../src/dag/entry.ts'
import type { TreeId } from '../src/dag/id.ts'
import { openFolder } from '../src/store/database/open.ts'
import { DagStore } from '../src/store/store.ts'
import { Ingest } from '../src/sync/ingest.ts'
import type { Case } from './harness.ts'
import { median } from './median.ts'
import { buildEntries, loadShape } from './shape.ts'

export const upkeep: Case = {
  name: 'upkeep',
  summary: 'storing entries with a live sketch (ratio: to the speed without; above 0.95 holds)',
  async run({ small, stores, note }) {
    const entries = buildEntries(loadShape(small ? 1_000 : 20_000))
    const pages: SignedEntry[][] = []
    let bytes: number = limits.pageBytes
    for (const { signed } of entries) {
      bytes += entryBytes(signed)
      if (bytes > limits.pageBytes) {
        pages.push([])
        bytes = entryBytes(signed)
      }
      pages.at(-1)!.push(signed)
    }
    const { tree } = entries[0]!
    const rounds = small ? 1 : 7
    const seconds: Record<'with' | 'without', number[]> = { with: [], without: [] }
    for (let round = 0; round < rounds; round++)
      // Each goes first equally often.
      for (const which of round % 2 === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const))
        seconds[which].push(await takeIn(stores.empty(), tree, pages, which === 'with'))
    const ratios = seconds.without.map((without, round) => without / seconds.with[round]!)
    const [kept, bare] = [median(seconds.with), median(seconds.without)]
    note(
      `with ${(entries.length / kept).toFixed(0)}/s, without ${(entries.length / bare).toFixed(0)}/s; ratios ${ratios.map((ratio) => ratio.toFixed(3)).join(' ')}`,
    )
    return [
      {
        name: 'upkeep of the sketch',
        entries: entries.length,
        seconds: kept,
        perSecond: entries.length / kept,
        floorPerSecond: entries.length / bare,
        ofFloor: median(ratios),
        ratios,
      },
    ]
  },
}

async function takeIn(
  folder: string,
  tree: TreeId,
  pages: readonly SignedEntry[][],
  sketched: boolean,
): Promise<number> {
  const store = await DagStore.open(await openFolder(folder))
  // Without listeners no page reaches the sketches, as if there were none.
  if (!sketched) (store as unknown as { listeners: Set<unknown> }).listeners.clear()
  const ingest = new Ingest(store)
  const started = performance.now()
  let before: Promise<unknown> = Promise.resolve()
  for (const page of pages) {
    const taken = ingest.page(tree, page)
    // As in a session: one page is verified while the one before is written.
    await before
    before = taken
  }
  await before
  const seconds = (performance.now() - started) / 1000
  await store.close()
  return seconds
}
