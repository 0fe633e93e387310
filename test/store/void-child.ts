/**
 * The process that void.test.ts kills. It stores a tree in which a revocation makes 1,500 entries void, prints that,
 * and then marks them.
 */
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../src/base/limits.ts'
import { openFolder } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { policyChange, revoke } from '../kit/policy.ts'

/**
 * Returns the tree that the test and its child process share: 2,000 entries, the last 1,500 void, and the revocation.
 */
export function voidHistory() {
  const tree = new TreeBuilder({ publicAccess: PublicAccess.WRITE })
  const ada = testIdentity(1)
  const wrote = tree.chain(tree.root, 2000, { author: ada })
  const last = wrote[499]!
  tree.add([last], { changes: policyChange([revoke(ada, last)]) })
  return { entries: tree.entries, voids: wrote.slice(500).map(({ id }) => id) }
}

const [folder] = process.argv.slice(2)
if (folder !== undefined) {
  const { entries } = voidHistory()
  const tree = entries[0]!.id
  const store = await DagStore.open(await openFolder(folder))
  for (let at = 0; at < entries.length; at += limits.pageEntries)
    await store.append(tree, entries.slice(at, at + limits.pageEntries), { sync: true })
  process.stdout.write('revoked\n')
  await store.voidAmong(tree, [{ id: tree, height: 0 }])
  process.stdout.write('marked\n')
}
