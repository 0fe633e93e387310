/**
 * The process of full.test.ts. Its files may not grow beyond a limit until it lifts that, as on a full disk on which
 * somebody frees space. It prints how many entries were acknowledged, then kills itself.
 */
import { execFileSync } from 'node:child_process'
import { CausewayError } from '../../src/base/errors.ts'
import { openFolder } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { TreeBuilder } from '../kit/entries.ts'

/** Entries of some 20 KB, so that the limit cuts one in the middle. */
export function fullHistory() {
  const builder = new TreeBuilder()
  builder.chain(builder.root, 150, { payload: new Uint8Array(20_000) })
  return builder.entries
}

const [folder] = process.argv.slice(2)
if (folder !== undefined) {
  process.on('SIGXFSZ', () => {})
  const entries = fullHistory()
  const store = await DagStore.open(await openFolder(folder))
  const failures: string[] = []
  for (let next = 0; next < entries.length && failures.length < 3; ) {
    try {
      await store.append(entries[0]!.id, [entries[next]!], { sync: true })
      next++
    } catch (error) {
      failures.push(error instanceof CausewayError ? error.code : String(error))
      execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited'])
    }
  }
  const { count } = store.tree(entries[0]!.id)!
  process.stdout.write(`${JSON.stringify({ count, failures })}\n`, () => process.kill(process.pid, 'SIGKILL'))
}
