/**
 * Kills a process while it removes a tree. Whatever the moment, the reopened store either has the tree whole, or does
 * not have it; all other trees verify, and the removal goes on until nothing of the tree is left.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { auditTree } from '../../src/store/audit/audit.ts'
import * as layout from '../../src/store/database/layout.ts'
import { openFolder } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { below, prng, shapes } from '../kit/entries.ts'
import { fill, tempFolder } from '../kit/peers.ts'
import { loader, testModule } from '../kit/project.ts'

const child = testModule('test/store/removal-child.ts')
const moments = 10

/** Runs the child until it has printed `lines` lines, then a little longer, and kills it. Returns whether it ended. */
async function removeAndKill(folder: string, tree: string, lines: number, turns: number): Promise<boolean> {
  const remover = spawn(process.execPath, [...loader, child, folder, tree], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(remover, 'exit')
  let ended = false
  for await (const line of createInterface({ input: remover.stdout })) {
    ended = line === 'end'
    if (ended) break
    if (lines-- > 0) continue
    if (turns-- <= 0) remover.kill('SIGKILL')
  }
  remover.kill('SIGKILL')
  await exited
  return ended
}

describe('a removal whose process is killed', () => {
  it(`goes on, at ${moments} random moments`, async (test) => {
    const seed = Date.now() % 100_000
    test.diagnostic(`seed ${seed}`)
    const random = prng(seed)
    const doomed = shapes.random(1200, 20, prng(11))
    const others = [shapes.linear(50, { seed: 'a' }), shapes.mergeHeavy(10, 4, { seed: 'b' })]
    const tree = doomed[0]!.id
    await using folder = await tempFolder()
    const first = await DagStore.open(await openFolder(folder.path))
    for (const entries of [others[0]!, doomed, others[1]!]) await fill(first, entries)
    await first.sketches.of(tree)
    await first.close()
    let ended = false
    for (let moment = 0; moment < moments && !ended; moment++) {
      ended = await removeAndKill(folder.path, tree, below(random, 25), below(random, 3))
      const store = await DagStore.open(await openFolder(folder.path))
      const begun = (await store.db.get(layout.removalKey(tree))) !== undefined
      if (begun || ended) assert.equal(store.tree(tree), undefined)
      else assert.deepEqual(await auditTree(store, tree), { checked: doomed.length, problems: [] })
      assert.equal(store.trees().length, begun || ended ? 2 : 3)
      for (const entries of others)
        assert.deepEqual(await auditTree(store, entries[0]!.id), { checked: entries.length, problems: [] })
      await store.close()
    }
    const store = await DagStore.open(await openFolder(folder.path))
    if (!ended) await store.removals.remove(tree)
    assert.equal((await store.db.keys(layout.indexRange).all()).length, others.flat().length)
    assert.equal((await store.db.keys(layout.removalRange).all()).length, 0)
    await fill(store, doomed)
    for (const entries of [doomed, ...others])
      assert.deepEqual(await auditTree(store, entries[0]!.id), { checked: entries.length, problems: [] })
    await store.close()
  })
})
