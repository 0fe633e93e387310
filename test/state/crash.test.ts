/**
 * Kills a process while it writes keys and changes the policy. Whatever the moment, the view counts on from where it was
 * and then shows what the definition says, and what a view shows that is counted anew. KILL_RUNS sets the number of
 * moments, and SEED the seed.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { readEntry, type VerifiedEntry, verifyEntry } from '../../src/dag/entry.ts'
import { Views } from '../../src/state/view.ts'
import { openFolder } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { below, prng } from '../kit/entries.ts'
import { tempFolder } from '../kit/peers.ts'
import { loader, testModule } from '../kit/project.ts'
import { comparable, expectDefined, shownState } from '../kit/state-shown.ts'

const child = testModule('test/state/crash-child.ts')
const runs = Number(process.env.KILL_RUNS ?? 3)
/** The process goes on with one folder so often. */
const killsOfAFolder = 3
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

/** Runs the child for some rounds, and kills it a little later. */
async function writeAndKill(
  folder: string,
  childSeed: number,
  rounds: number,
  afterMs: number,
): Promise<void> {
  const writer = spawn(process.execPath, [...loader, child, folder, String(childSeed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(writer, 'exit')
  let timer: NodeJS.Timeout | undefined
  for await (const _ of createInterface({ input: writer.stdout }))
    if (rounds-- <= 0) timer ??= setTimeout(() => writer.kill('SIGKILL'), afterMs)
  const [code, signal] = await exited
  clearTimeout(timer)
  assert.deepEqual([code, signal], [null, 'SIGKILL'], `the child of seed ${childSeed} failed`)
}

/** Checks the view of the one tree of a folder. Returns how many of its entries it did not count, and how many are void. */
async function check(folder: string, about: string): Promise<{ behind: number; voids: number }> {
  const store = await DagStore.open(await openFolder(join(folder, 'store')))
  try {
    const views = await Views.open(store, systemClock)
    const { tree, sequence } = store.trees()[0]!
    const behind = sequence - views.counted(tree)
    const entries: VerifiedEntry[] = []
    for await (const page of store.scan(tree))
      for (const { signed } of page) entries.push(await verifyEntry(readEntry(signed)))
    const shown = await expectDefined(views, tree, entries, about)
    await views.rebuild(tree)
    assert.deepEqual(comparable(await shownState(views, tree)), shown, about)
    const voids = await store.voidAmong(
      tree,
      entries.map(({ id, body }) => ({ id, height: body.height })),
    )
    await views.close()
    return { behind, voids: voids.size }
  } finally {
    await store.close()
  }
}

describe('a view whose process is killed', () => {
  it(`shows what the definition says, at ${runs} random moments`, async (test) => {
    test.diagnostic(`seed ${seed}`)
    const random = prng(seed)
    for (let run = 0; run < runs; ) {
      await using folder = await tempFolder()
      for (let kill = 0; kill < killsOfAFolder && run < runs; kill++, run++) {
        await writeAndKill(folder.path, below(random, 2 ** 31), below(random, 12), below(random, 60))
        const { behind, voids } = await check(folder.path, `seed ${seed}, run ${run}`)
        test.diagnostic(`run ${run}: ${behind} entries behind, ${voids} void`)
      }
    }
  })
})
