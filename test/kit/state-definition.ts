/** The state of a tree's stores straight from its definition in docs/state.md, and random trees to hold a view to it. */

import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { Change } from '../../src/dag/body.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import type { EntryId } from '../../src/dag/id.ts'
import { effectsOf } from '../../src/state/effects.ts'
import { encodeAdd, encodeDelete, encodePut, zeroVersion } from '../../src/state/payload.ts'
import { below, type Prng, TreeBuilder, testIdentity } from './entries.ts'
import { grant, policyChange, revoke, write } from './policy.ts'

/** The heads of each key, greatest first: the id of the entry, its value, and the sum of the adds that name it. */
export type DefinedState = Map<string, { id: EntryId; value: string; adds: string }[]>

/** Computes the state of some standing entries by going through all of them for each key. */
export function defineState(standing: readonly VerifiedEntry[]): DefinedState {
  const effects = standing.flatMap((entry) =>
    [...effectsOf(entry.body.changes)].map(([path, effect]) => ({ entry, path, effect })),
  )
  const state: DefinedState = new Map()
  for (const path of new Set(effects.map((each) => each.path))) {
    const here = effects.filter((each) => each.path === path)
    const replaced = new Set(here.flatMap(({ effect }) => effect.replaces))
    const sums = new Map<EntryId, bigint>()
    for (const { effect } of here)
      for (const { on, delta } of effect.adds)
        for (const id of on.length === 0 ? [zeroVersion] : on)
          sums.set(id, BigInt.asIntN(64, (sums.get(id) ?? 0n) + BigInt(delta)))
    const heads = here
      .flatMap(({ entry, effect }) =>
        effect.put === undefined || replaced.has(entry.id)
          ? []
          : [{ id: entry.id, height: entry.body.height, value: Buffer.from(effect.put.value).toString() }],
      )
      .sort((a, b) => b.height - a.height || (a.id < b.id ? 1 : -1))
    if (sums.has(zeroVersion) && !replaced.has(zeroVersion))
      heads.push({ id: zeroVersion, height: 0, value: '' })
    if (heads.length > 0)
      state.set(
        path,
        heads.map(({ id, value }) => ({ id, value, adds: String(sums.get(id)) })),
      )
  }
  return state
}

const stores = ['notes', 'stats']
const keys = ['a', 'b', 'b/c']

/** Returns a random tree whose entries change a few keys, with attackers, revocations and grants that undo them. */
export function randomStateTree(random: Prng, seed: number, size: number): TreeBuilder {
  const authors = [1, 2, 3].map(testIdentity)
  const tree = new TreeBuilder({ seed: `state ${seed}`, publicAccess: PublicAccess.NONE })
  tree.add([tree.root], { changes: policyChange(authors.map((author) => grant(author, write))) })
  const pick = <Item>(items: readonly Item[]): Item => items[below(random, items.length)]!
  const granted = tree.last
  const names = (): EntryId[] => {
    const chosen = new Set<EntryId>()
    for (let count = below(random, 4); count > 0; count--)
      chosen.add(random() < 0.15 ? zeroVersion : pick(tree.entries.slice(-12)).id)
    return [...chosen]
  }
  const change = (): Change => {
    const [store, key, roll] = [pick(stores), pick(keys), random()]
    if (roll < 0.05) return { store, kind: 'cw.put', payload: Uint8Array.of(1, 2, 3) }
    if (roll < 0.1) return { store, kind: 'log', payload: Uint8Array.of(1) }
    if (roll < 0.25) return { store, kind: 'cw.delete', payload: encodeDelete({ key, replaces: names() }) }
    if (roll < 0.45)
      return {
        store,
        kind: 'cw.add',
        payload: encodeAdd({ key, on: names(), delta: below(random, 200) - 100 }),
      }
    const value = Buffer.from(String(below(random, 1_000)))
    return {
      store,
      kind: 'cw.put',
      payload: encodePut({ key, value, type: 'text/plain', replaces: names() }),
    }
  }
  while (tree.entries.length < size) {
    const recent = tree.entries.slice(-10)
    if (random() < 0.08) {
      const author = pick(authors)
      const last = recent.filter(({ body }) => body.author === author.peer).slice(0, below(random, 3))
      const change = random() < 0.6 ? revoke(author, ...last) : grant(author, write)
      tree.add([...new Set([...last, pick(recent), tree.entries.at(-1)!])], {
        changes: policyChange([change]),
      })
      continue
    }
    const parents = new Set([pick(recent)])
    if (random() < 0.5) parents.add(pick(recent))
    if (parents.has(tree.root)) parents.add(granted)
    const changes = Array.from({ length: 1 + below(random, 3) }, change)
    tree.add([...parents], { author: pick([testIdentity(0), ...authors]), changes })
  }
  return tree
}
