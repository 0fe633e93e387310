/**
 * The golden vectors of state: the file is what its generator writes, a view of each tree shows what it says in several
 * orders of arrival, and so does a program in another language that shares no code with this one.
 */

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { expandBytes } from '../../conformance/vectors/format.ts'
import { makeStateVectors, stateFile } from '../../conformance/vectors/make-state.ts'
import type { KeyVector, StateVector, StateVectors } from '../../conformance/vectors/state-case.ts'
import { systemClock } from '../../src/base/clock.ts'
import { readEntry, type VerifiedEntry, verifyEntry } from '../../src/dag/entry.ts'
import { bytesToHex } from '../../src/dag/hex.ts'
import type { TreeId } from '../../src/dag/id.ts'
import type { Version } from '../../src/state/api/items.ts'
import { StateReader } from '../../src/state/reads.ts'
import { Views } from '../../src/state/view.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { below, prng, shuffleParentsFirst } from '../kit/entries.ts'
import { projectFile } from '../kit/project.ts'

const { vectors } = JSON.parse(readFileSync(stateFile, 'utf8')) as StateVectors
const ordersOfArrival = 4

const expanded = (state: readonly KeyVector[]) =>
  state.map(({ heads, ...key }) => ({
    ...key,
    heads: heads.map(({ value, ...head }) => ({ ...head, value: bytesToHex(expandBytes(value)) })),
  }))

const headOf = ({ id, value, type, sum, blob }: Version) => ({
  entry: id,
  type,
  sum: sum === undefined ? null : String(sum),
  value: bytesToHex(value),
  ...(blob && { blob }),
})

async function stateOf(views: Views, tree: TreeId) {
  const reader = new StateReader(views)
  await reader.ready(tree)
  const shown = []
  const { rows: stores } = await reader.stores(tree, '', 100)
  for (const store of stores) {
    const { rows } = await reader.list(tree, { store })
    for (const { key } of rows) {
      const [item] = await reader.get(tree, [{ store, key }])
      assert.equal(item!.conflicts.length, item!.conflictCount)
      shown.push({ store, key, heads: [item!.version!, ...item!.conflicts].map(headOf) })
    }
  }
  return shown
}

/** Stores entries in random pages, and counts the view now and then. */
async function deliver(
  entries: readonly VerifiedEntry[],
  { name, state, ...vector }: StateVector,
  seed: number,
) {
  const random = prng(seed)
  const store = await DagStore.open(await openMemory())
  try {
    const views = await Views.open(store, systemClock)
    const { tree } = entries[0]!
    for (let from = 0; from < entries.length; ) {
      const page = entries.slice(from, from + 1 + below(random, 4))
      from += page.length
      const { refused } = await store.append(tree, page)
      assert.deepEqual(refused, [], name)
      if (random() < 0.7) await views.count(tree)
    }
    const positions = entries.map(({ id, body }) => ({ id, height: body.height }))
    assert.deepEqual([...(await store.voidAmong(tree, positions))].sort(), vector.void, name)
    const wanted = expanded(state)
    assert.deepEqual(await stateOf(views, tree), wanted, `${name}, seed ${seed}`)
    await views.rebuild(tree)
    assert.deepEqual(await stateOf(views, tree), wanted, `${name}, counted anew`)
    await views.close()
  } finally {
    await store.close()
  }
}

describe('state vectors', () => {
  it('The file is what the generator writes, byte for byte', () => {
    assert.ok(
      readFileSync(stateFile, 'utf8') === makeStateVectors(),
      'If the change of state is intended, run npx tsx conformance/vectors/make-state.ts.',
    )
  })

  it('Names are distinct, and the fifteen corner cases are there', () => {
    const names = vectors.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
    const numbers = new Set(names.flatMap((name) => /^(\d+): /.exec(name)?.[1] ?? []))
    assert.deepEqual(
      [...numbers].map(Number).sort((a, b) => a - b),
      Array.from({ length: 15 }, (_, index) => index + 1),
    )
  })

  for (const vector of vectors)
    it(`A view shows: ${vector.name}`, async () => {
      const entries = await Promise.all(
        vector.entries.map(({ body, signature }) =>
          verifyEntry(readEntry({ body: expandBytes(body), signature: expandBytes(signature) })),
        ),
      )
      await deliver(entries, vector, 0)
      for (let seed = 1; seed < ordersOfArrival; seed++)
        await deliver(shuffleParentsFirst(entries, prng(seed)), vector, seed)
    })

  it('A program in Python agrees', (t) => {
    if (spawnSync('python3', ['-c', '']).status !== 0) return t.skip('python3 is not here')
    const script = projectFile('conformance/vectors/check_state.py')
    const said = execFileSync('python3', [script, stateFile], { encoding: 'utf8' })
    assert.equal(said, `${vectors.length} states agree.\n`)
  })
})
