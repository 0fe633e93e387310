/** A view equals the definition of its tree's state, in whatever order and pages the entries come. */
import { describe, it } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import { Views } from '../../src/state/view.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { below, prng, shuffleParentsFirst } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { randomStateTree } from '../kit/state-definition.ts'
import { expectDefined } from '../kit/state-shown.ts'

const runs = Number(process.env.STATE_RUNS ?? 30)

async function open() {
  const store = await DagStore.open(await openMemory())
  const views = await Views.open(store, systemClock)
  return { store, views }
}

/** Delivers random trees in random pages, and compares the view with the definition now and then, and when counted anew. */
async function compare(firstSeed: number): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const random = prng(seed)
    const { entries, root } = randomStateTree(random, seed, 20 + below(random, 60))
    await using node = { ...(await open()), [Symbol.asyncDispose]: () => node.store.close() }
    const order = shuffleParentsFirst(entries, random)
    const stored: VerifiedEntry[] = []
    for (let from = 0; from < order.length; ) {
      const page = order.slice(from, from + 1 + below(random, 12))
      from += page.length
      stored.push(...(await node.store.append(root.id, page)).added)
      if (random() < 0.5) await node.views.count(root.id)
      if (random() < 0.2) await expectDefined(node.views, root.id, stored, `seed ${seed}`)
    }
    await expectDefined(node.views, root.id, stored, `seed ${seed}`)
    await node.views.rebuild(root.id)
    await expectDefined(node.views, root.id, stored, `seed ${seed}`)
  }
}

describe('a view', () => {
  it(`equals the definition for random trees in random orders (${runs})`, () => compare(1))

  it(`equals it if most heads of a key have rows of their own (${runs})`, async () => {
    using _ = limited({ stateHeads: 3 })
    await compare(10_000)
  })

  it(`equals it if large pages are counted behind, and few keys are known (${runs})`, async () => {
    using _ = limited({ statePageChanges: 3, stateKnownKeys: 2, stateKnownHeads: 1, stateSliceBytes: 1 })
    await compare(30_000)
  })

  it(`equals it if a batch counts few entries and recomputes few keys (${runs})`, async () => {
    using _ = limited({ statePageChanges: 0, stateSliceEntries: 3, stateSliceFlips: 1 })
    await compare(20_000)
  })
})
