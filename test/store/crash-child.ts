/**
 * The process that crash.test.ts kills. It stores the pages of a known history in a folder, flushes every other one,
 * and prints the number of stored entries after each.
 */
import { openFolder } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { prng, shapes } from '../kit/entries.ts'

export const pageEntries = 12

/** Returns the history that the test and its child process share. */
export function crashHistory() {
  return shapes.random(1200, 20, prng(11))
}

const [folder] = process.argv.slice(2)
if (folder !== undefined) {
  const entries = crashHistory()
  const tree = entries[0]!.id
  const store = await DagStore.open(await openFolder(folder))
  const from = store.tree(tree)?.count ?? 0
  for (let start = from; start < entries.length; start += pageEntries) {
    const sync = (start / pageEntries) % 2 === 0
    await store.append(tree, entries.slice(start, start + pageEntries), { sync })
    process.stdout.write(`${Math.min(start + pageEntries, entries.length)}\n`)
  }
  process.stdout.write('end\n')
}
