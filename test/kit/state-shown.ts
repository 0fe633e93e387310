/** What a view shows of a tree, to be compared with the definition of its state. */
import assert from 'node:assert/strict'
import { limits } from '../../src/base/limits.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { StateReader } from '../../src/state/reads.ts'
import type { Views } from '../../src/state/view.ts'
import { type DefinedState, defineState } from './state-definition.ts'

/** Returns what reads show of all keys once the view has counted everything. `counts` gets the number of heads of each. */
export async function shownState(
  views: Views,
  tree: TreeId,
  counts?: Map<string, number>,
): Promise<DefinedState> {
  const reader = new StateReader(views)
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

/**
 * Returns a state in a form to compare: a number that nothing was added to reads as its value, so that the definition's
 * `undefined` is 0 here.
 */
export function comparable(state: DefinedState): unknown {
  return [...state]
    .map(([path, heads]) => [
      path,
      heads
        .slice(0, limits.stateHeads)
        .map(({ adds, ...head }) => ({ ...head, adds: adds === 'undefined' ? '0' : adds })),
    ])
    .sort()
}

/** Expects the view of a tree with these entries to show what the definition says. Returns what it shows. */
export async function expectDefined(
  views: Views,
  tree: TreeId,
  entries: readonly VerifiedEntry[],
  about: string,
): Promise<unknown> {
  const positions = entries.map(({ id, body }) => ({ id, height: body.height }))
  const voids = await views.store.voidAmong(tree, positions)
  const defined = defineState(entries.filter(({ id }) => !voids.has(id)))
  const counts = new Map<string, number>()
  const shown = comparable(await shownState(views, tree, counts))
  assert.deepEqual(shown, comparable(defined), about)
  for (const [path, heads] of defined) assert.equal(counts.get(path), heads.length, about)
  return shown
}
