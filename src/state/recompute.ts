/**
 * Finds the heads of a key from all of its versions, as docs/state.md defines them: after a change of the policy, by
 * which entries became void or no longer void. Newest first, since a change mostly names older versions: then a name is
 * forgotten as soon as its version is reached.
 */
import { limits } from '../base/limits.ts'
import { decodeBody } from '../dag/body.ts'
import { comparePositions, type EntryId, type TreeId } from '../dag/id.ts'
import { type Effect, effectsOf, pathOf, type StoreKey } from './effects.ts'
import { type KeyPlace, placeHeads, writeName } from './heads.ts'
import { addInt64, type Head, type KeyState } from './key-state.ts'
import { zeroVersion } from './payload.ts'
import { headRange, nameRange, rankOf, versionRange } from './rows.ts'
import type { StateStore } from './state-store.ts'

/** Names of versions that were not reached yet, and heads found so far. */
class Found {
  readonly heads = new Map<EntryId, Head>()
  readonly replaced = new Set<EntryId>()
  readonly sums = new Map<EntryId, bigint>()

  take(head: Pick<Head, 'height' | 'id'>, effect: Effect): void {
    for (const name of effect.replaces) {
      this.heads.delete(name)
      this.replaced.add(name)
    }
    for (const { on, delta } of effect.adds)
      for (const name of on.length === 0 ? [zeroVersion] : on)
        this.sums.set(name, addInt64(this.sums.get(name) ?? 0n, BigInt(delta)))
    if (effect.put === undefined || this.replaced.delete(head.id)) return
    this.heads.set(head.id, { ...head, index: effect.put.index, adds: undefined })
  }

  /** Moves the sums to the heads that they belong to. Returns the heads in descending order. */
  finish(): Head[] {
    const zero = this.sums.get(zeroVersion)
    if (zero !== undefined && !this.replaced.has(zeroVersion))
      this.heads.set(zeroVersion, { height: 0, id: zeroVersion, index: 0, adds: undefined })
    for (const [id, head] of this.heads) {
      head.adds = this.sums.get(id)
      this.sums.delete(id)
    }
    return [...this.heads.values()].sort((a, b) => comparePositions(b, a))
  }
}

export async function recompute(
  store: StateStore,
  tree: TreeId,
  key: StoreKey,
  loaded: Omit<KeyPlace, 'heightOf'> & { readonly state: KeyState },
): Promise<void> {
  const { overlay, number, state } = loaded
  const found = new Found()
  const path = pathOf(key)
  for await (const rows of store.rows(versionRange(number, loaded.key), {
    pageEntries: limits.pageEntries,
  })) {
    const positions = rows.map(([row]) => rankOf(row))
    const voids = await store.voidAmong(tree, positions)
    const standing = positions.filter(({ id }) => !voids.has(id))
    for (const { height, id, signed } of await store.read(tree, standing)) {
      const effect = effectsOf(decodeBody(signed.body).changes).get(path)
      if (effect !== undefined) found.take({ height, id }, effect)
    }
  }
  for (const range of [headRange(number, loaded.key), nameRange(number, loaded.key)])
    for await (const rows of store.rows(range)) for (const [row] of rows) overlay.del(row)
  const heads = found.finish()
  state.hasNames = false
  placeHeads(state, heads, loaded)
  for (const id of new Set([...found.replaced, ...found.sums.keys()]))
    writeName(state, loaded, id, { replaced: found.replaced.has(id), adds: found.sums.get(id) })
}
