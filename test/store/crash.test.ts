/**
 * Kills a process while it writes. Whatever the moment, the reopened store is closed under ancestors, its records
 * agree, each page is stored whole or not at all, and no acknowledged page is missing.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { auditTree } from '../../src/store/audit/audit.ts'
import { openFolder } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { below, prng, tipsOf } from '../kit/entries.ts'
import { fill, idsOf, tempFolder } from '../kit/peers.ts'
import { loader, testModule } from '../kit/project.ts'
import { crashHistory, pageEntries } from './crash-child.ts'

const child = testModule('test/store/crash-child.ts')
const moments = 12

/** Runs the child until it has printed `pages` pages, then a little longer, and kills it. Returns the last count. */
async function writeAndKill(folder: string, pages: number, turns: number): Promise<number> {
  const writer = spawn(process.execPath, [...loader, child, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(writer, 'exit')
  let ackCount = 0
  for await (const line of createInterface({ input: writer.stdout })) {
    if (line === 'end') break
    ackCount = Number(line)
    if (pages-- > 0) continue
    if (turns-- <= 0) writer.kill('SIGKILL')
  }
  writer.kill('SIGKILL')
  await exited
  return ackCount
}

describe('a store whose process is killed', () => {
  it(`is whole again, at ${moments} random moments`, async (test) => {
    const seed = Date.now() % 100_000
    test.diagnostic(`seed ${seed}`)
    const random = prng(seed)
    const entries = crashHistory()
    const tree = entries[0]!.id
    await using folder = await tempFolder()
    let most = 0
    for (let moment = 0; moment < moments; moment++) {
      const ackCount = await writeAndKill(folder.path, below(random, 8), below(random, 3))
      const store = await DagStore.open(await openFolder(folder.path))
      try {
        const count = store.tree(tree)?.count ?? 0
        assert.ok(
          count >= Math.max(ackCount, most),
          `${count} entries are here, ${ackCount} were acknowledged`,
        )
        assert.ok(count % pageEntries === 0 || count === entries.length, `${count} is not whole pages`)
        const here = entries.slice(0, count)
        assert.deepEqual((await idsOf(store, tree)).sort(), here.map(({ id }) => id).sort())
        assert.deepEqual(await store.tips(tree), tipsOf(here))
        assert.deepEqual(await auditTree(store, tree), { checked: count, problems: [] })
        most = count
      } finally {
        await store.close()
      }
    }
    assert.ok(most > 0)
    const store = await DagStore.open(await openFolder(folder.path))
    await fill(store, entries)
    assert.deepEqual(await auditTree(store, tree), { checked: entries.length, problems: [] })
    await store.close()
  })
})
