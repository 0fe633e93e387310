/** A view equals the definition of its tree's state, in whatever order and pages the entries come. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { limits } from '../../src/base/limits.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import type { EntryId, TreeId } from '../../src/dag/id.ts'
import { StateReader } from '../../src/state/reads.ts'
import { Views } from '../../src/state/view.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { below, type Prng, prng } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { type DefinedState, defineState, randomStateTree } from '../kit/state-definition.ts'

const runs = Number(process.env.STATE_RUNS ?? 30)

async function open() {
  const store = await DagStore.open(await openMemory())
  const views = await Views.open(store, systemClock)
  return { store, views, reader: new StateReader(views) }
}

/** Returns what reads show of all keys. */
async function shown(
  { views, reader }: { views: Views; reader: StateReader },
  tree: TreeId,
  counts?: Map<string, number>,
): Promise<DefinedState> {
  await views.count(tree)
  const state: DefinedState = new Map()
  const { rows: stores } = await reader.stores(tree, '', 100)
  for (const store of stores) {
    const { rows } = await reader.list(tree, { store })
    const items =
      rows.length === 0
        ? []
        : await reader.get(
            tree,
            rows.map(({ key }) => ({ store, key })),
          )
    for (const [index, { key, version, conflicts, conflictCount }] of items.entries()) {
      assert.deepEqual(rows[index]!.version, version)
      assert.ok(conflictCount >= conflicts.length)
      counts?.set(`${store}\0${key}`, 1 + conflictCount)
      state.set(
        `${store}\0${key}`,
        [version!, ...conflicts].map(({ id, value, sum }) => {
          const text = Buffer.from(value).toString()
          return { id, value: text, adds: String(sum === undefined ? undefined : sum - BigInt(text)) }
        }),
      )
    }
  }
  return state
}

/** A number that nothing was added to reads as its value, so that the definition's `undefined` is 0 here. */
function comparable(state: DefinedState): unknown {
  return [...state]
    .map(([path, heads]) => [
      path,
      heads
        .slice(0, limits.stateHeads)
        .map(({ adds, ...head }) => ({ ...head, adds: adds === 'undefined' ? '0' : adds })),
    ])
    .sort()
}

/** Returns the entries in a random order with parents first. */
function shuffled(entries: readonly VerifiedEntry[], random: Prng): VerifiedEntry[] {
  const done = new Set<EntryId>()
  const open = [...entries]
  const order: VerifiedEntry[] = []
  while (open.length > 0) {
    const ready = open.filter(({ body }) => body.parents.every((id) => done.has(id)))
    const next = ready[below(random, ready.length)]!
    open.splice(open.indexOf(next), 1)
    done.add(next.id)
    order.push(next)
  }
  return order
}

async function expectDefined(
  node: Awaited<ReturnType<typeof open>>,
  tree: TreeId,
  entries: readonly VerifiedEntry[],
  seed: number,
) {
  const positions = entries.map(({ id, body }) => ({ id, height: body.height }))
  const voids = await node.store.voidAmong(tree, positions)
  const standing = entries.filter(({ id }) => !voids.has(id))
  const defined = defineState(standing)
  const counts = new Map<string, number>()
  assert.deepEqual(comparable(await shown(node, tree, counts)), comparable(defined), `seed ${seed}`)
  for (const [path, heads] of defined) assert.equal(counts.get(path), heads.length, `seed ${seed}`)
}

/** Delivers random trees in random pages, and compares the view with the definition now and then, and when counted anew. */
async function compare(firstSeed: number): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const random = prng(seed)
    const { entries, root } = randomStateTree(random, seed, 20 + below(random, 60))
    await using node = { ...(await open()), [Symbol.asyncDispose]: () => node.store.close() }
    const order = shuffled(entries, random)
    const stored: VerifiedEntry[] = []
    for (let from = 0; from < order.length; ) {
      const page = order.slice(from, from + 1 + below(random, 12))
      from += page.length
      stored.push(...(await node.store.append(root.id, page)).added)
      if (random() < 0.5) await node.views.count(root.id)
      if (random() < 0.2) await expectDefined(node, root.id, stored, seed)
    }
    await expectDefined(node, root.id, stored, seed)
    await node.views.rebuild(root.id)
    await expectDefined(node, root.id, stored, seed)
  }
}

describe('a view', () => {
  it(`equals the definition for random trees in random orders (${runs})`, () => compare(1))

  it(`equals it if most heads of a key have rows of their own (${runs})`, async () => {
    using _ = limited({ stateHeads: 3 })
    await compare(10_000)
  })
})
