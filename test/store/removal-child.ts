/**
 * The process that removal-crash.test.ts kills. It removes a tree of the store in a folder, or goes on with its removal,
 * in small batches, and prints a line after each.
 */
import { limits } from '../../src/base/limits.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { openFolder } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'

const [folder, tree] = process.argv.slice(2)
if (folder !== undefined) {
  Object.assign(limits, { removalEntries: 8 })
  const store = await DagStore.open(await openFolder(folder))
  process.stdout.write('open\n')
  await store.removals.remove(tree as TreeId, ({ removed }) => process.stdout.write(`${removed}\n`))
  process.stdout.write('end\n')
}
