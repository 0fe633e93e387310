/**
 * Peers that hold the same entries hold the same policy, in any order of arrival. In random trees, admins, writers and
 * strangers grant, revoke, write "in the past" and forge the policy that they name; several stores receive the entries
 * in several orders. All accept the same entries, find the same ones void and report the same policy, and a plain walk
 * over the DAG agrees. POLICY_RUNS sets the number of trees, SEED repeats one.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { NamedPeers } from '../../src/access/named-peers.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { type Entry, signEntry, type VerifiedEntry } from '../../src/dag/entry.ts'
import type { EntryId, TreeId } from '../../src/dag/id.ts'
import type { Identity } from '../../src/dag/identity.ts'
import type { PolicyState } from '../../src/dag/policy/state.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { below, type Prng, prng, shuffleParentsFirst, TreeBuilder, testIdentity } from '../kit/entries.ts'
import { grant, LoosePolicy, policyChange, revoke } from '../kit/policy.ts'

const runs = Number(process.env.POLICY_RUNS ?? 80)
const firstSeed = Number(process.env.SEED ?? 1)
const people = [0, 1, 2, 3, 4].map(testIdentity)

interface Grown {
  readonly entries: readonly VerifiedEntry[]
  readonly loose: LoosePolicy
  readonly accepted: ReadonlySet<EntryId>
}

/**
 * Grows a tree, and says which entries its oracle accepts. Refused entries stay in `entries`, with some descendants.
 */
function grow(random: Prng): Grown {
  const pick = <T>(from: readonly T[]) => from[below(random, from.length)]!
  const tree = new TreeBuilder({ seed: below(random, 2 ** 32), publicAccess: 1 + below(random, 3) })
  const loose = new LoosePolicy()
  const accepted = new Map<EntryId, VerifiedEntry>()
  const entries: VerifiedEntry[] = []
  const take = (entry: VerifiedEntry) => {
    entries.push(entry)
    if (!entry.body.parents.every((id) => accepted.has(id))) return
    try {
      loose.take(entry)
      accepted.set(entry.id, entry)
    } catch (error) {
      assert.ok(error instanceof CausewayError, String(error))
      assert.match(error.code, /^ENTRY_(FORBIDDEN|POLICY)$/)
    }
  }
  take(tree.root)
  // A first admin or two, so that admins can revoke each other.
  const team = people.slice(1).map((peer) => grant(peer, below(random, 4)))
  take(tree.add([tree.root], { changes: policyChange(team) }))
  const length = 10 + below(random, 25)
  while (entries.length < length) {
    const all = [...accepted.values()]
    const near = all.slice(-4)
    let parents: Entry[] = random() < 0.7 ? [pick(near)] : [pick(near), pick(all)]
    // Mostly authors with rights, so that many entries are accepted.
    let author = pick(people)
    if (random() < 0.7) author = people[below(random, 3)]!
    const lot = random()
    if (lot < 0.05 && entries.length > accepted.size) parents = [pick(tree.entries)]
    if (lot < 0.4) take(tree.add(parents, { author, payload: `${random()}` }))
    else if (lot < 0.45) take(tree.graft(forged(parents, author, pick([...accepted.keys()]))))
    else {
      const keys = pickSome(people, random).map((peer) => {
        if (random() < 0.5) return grant(peer, below(random, 4))
        const theirs = [...pickSome(all, random), ...parents].filter(({ body }) => body.author === peer.peer)
        if (random() < 0.8) parents = [...new Set([...parents, ...theirs])]
        return revoke(peer, ...new Set(theirs))
      })
      take(tree.add(parents, { author, changes: policyChange(keys, random() < 0.3 ? below(random, 4) : 0) }))
    }
  }
  return { entries, loose, accepted: new Set(accepted.keys()) }
}

function pickSome<T>(from: readonly T[], random: Prng): T[] {
  return from.filter(() => random() < 0.25)
}

/** Returns an entry that names a policy of its author's choice. */
function forged(parents: readonly Entry[], author: Identity, named: EntryId): VerifiedEntry {
  const height = 1 + Math.max(...parents.map(({ body }) => body.height))
  const ids = parents.map(({ id }) => id)
  const unique = [...new Set(ids)]
  return signEntry(author, {
    tree: parents[0]!.tree,
    parents: unique,
    height,
    createdAtMs: 1,
    policy: [named],
  })
}

function told({ publicAccess, keys }: PolicyState) {
  return { publicAccess, keys: [...keys].sort(([a], [b]) => (a < b ? -1 : 1)) }
}

/** Appends the entries to a store, sometimes asks which are void, and returns what the store holds then. */
async function deliver(entries: readonly VerifiedEntry[], random: Prng) {
  const tree = entries[0]!.tree as TreeId
  const db = await openMemory()
  let store = await DagStore.open(db)
  let named = await NamedPeers.open(store)
  const accepted = new Set<EntryId>()
  const voids = async () => {
    const positions = [...accepted].map((id) => ({
      id,
      height: entries.find((entry) => entry.id === id)!.body.height,
    }))
    return [...(await store.voidAmong(tree, positions))].sort()
  }
  for (let at = 0; at < entries.length; ) {
    const size = 1 + below(random, 8)
    for (const { id } of (await store.append(tree, entries.slice(at, at + size))).added) accepted.add(id)
    at += size
    const lot = random()
    if (lot < 0.2) await voids()
    // A reopened store reads the same from its records.
    else if (lot < 0.3) {
      store = await DagStore.open(db)
      named = await NamedPeers.open(store)
    }
    // The list of named peers says the same as the policy, page by page.
    const policy = await store.policy(tree)
    for (const peer of [undefined, ...people.map(({ peer }) => peer)])
      assert.equal(named.permission(tree, peer), policy?.permission(peer))
  }
  const policy = told((await store.policy(tree))!)
  const result = { accepted, voids: await voids(), policy, digest: await store.tipsDigest(tree) }
  await store.close()
  return result
}

it(`converges, in ${runs} random trees`, async () => {
  const seen = { void: 0, refused: 0, revoked: 0 }
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const random = prng(seed)
    const { entries, loose, accepted } = grow(random)
    const policy = told(loose.policy.whole().state)
    const expected = { accepted: [...accepted].sort(), voids: loose.voids(), policy }
    let digest: string | undefined
    for (let order = 0; order < 3; order++) {
      const given = order === 0 ? entries : shuffleParentsFirst(entries, random)
      const result = await deliver(given, random)
      const found = { accepted: [...result.accepted].sort(), voids: result.voids, policy: result.policy }
      assert.deepEqual(found, expected, `seed ${seed}`)
      digest ??= result.digest
      assert.equal(result.digest, digest, `seed ${seed}`)
    }
    seen.void += expected.voids.length
    seen.refused += entries.length - accepted.size
    seen.revoked += policy.keys.filter(([, { revoked }]) => revoked).length
  }
  // The trees have enough conflicts for something to go wrong.
  for (const [what, count] of Object.entries(seen)) assert.ok(count > runs / 4, `${count} ${what}`)
})
