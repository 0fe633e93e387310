/**
 * The policy of `src` and the plain reading of docs/protocol.md (test/kit/policy-reference.ts) give the same verdicts on
 * random policy graphs: grants, grants that are repeated or taken back, revocations with and without accepted entries,
 * forks, merges, many heads, and authors that are revoked beside what they write. POLICY_GRAPHS makes more graphs.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { CausewayError } from '../../../src/base/errors.ts'
import type { Change } from '../../../src/dag/body.ts'
import { sha256Hex } from '../../../src/dag/crypto.ts'
import type { Entry } from '../../../src/dag/entry.ts'
import type { EntryId, TreeId } from '../../../src/dag/id.ts'
import { prng, shuffleParentsFirst, testIdentity } from '../../kit/entries.ts'
import { admin, grant, LoosePolicy, policyChange, revoke } from '../../kit/policy.ts'
import { PolicyReference, type ReferenceState } from '../../kit/policy-reference.ts'

const graphs = Number(process.env.POLICY_GRAPHS ?? 150)
const people = [0, 1, 2, 3, 4].map(testIdentity)

/** One entry of a random graph. Numbers choose among what is there. */
const step = fc.record({
  author: fc.nat({ max: 4 }),
  parents: fc.array(fc.nat({ max: 200 }), { minLength: 1, maxLength: 4 }),
  /** Whether the parents are among the last entries. */
  near: fc.boolean(),
  keys: fc.array(
    fc.record({
      peer: fc.nat({ max: 4 }),
      permission: fc.constantFrom(0, 1, 2, 3, 3, 3, 3),
      revoked: fc.boolean(),
      /** Whether the revoked key's entries become parents, to be accepted. */
      accept: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  access: fc.constantFrom(0, 0, 0, 1, 2, 3),
  forged: fc.nat({ max: 20 }),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Makes entries without signatures, and finds each one's verdict by the reference. */
class Grower {
  readonly reference = new PolicyReference()
  readonly made: { readonly entry: Entry; readonly verdict: string }[] = []
  private readonly salt: number
  private readonly accepted: Entry[] = []

  constructor(salt: number, access: number) {
    this.salt = salt
    this.add(0, [], [], policyChange([grant(people[0]!, admin)], access))
    const team = people.slice(1, 4).map((peer) => grant(peer, admin))
    this.add(0, [this.accepted[0]!], undefined, policyChange(team))
  }

  take({ author, parents, near, keys, access, forged }: Step): void {
    const from = near ? this.accepted.slice(-4) : this.accepted
    const on = new Set(parents.map((index) => from[index % from.length]!))
    const named = new Set<number>()
    const stated = keys.flatMap(({ peer, permission, revoked, accept }) => {
      if (named.has(peer)) return []
      named.add(peer)
      if (!revoked) return [grant(people[peer]!, permission, `${this.made.length}`)]
      const last = from.filter(({ body }) => body.author === people[peer]!.peer).slice(-2)
      if (accept) for (const each of last) on.add(each)
      // Now and then it accepts what is no parent.
      return [revoke(people[peer]!, ...(accept || forged === 1 ? last : []))]
    })
    const plain = { store: 'log', kind: '', payload: new Uint8Array(1) }
    const changes = keys.length === 0 && access === 0 ? [plain] : policyChange(stated, access)
    const names = forged === 0 ? [from[0]!.id] : undefined
    this.add(author, [...on], names, changes)
  }

  private add(
    author: number,
    on: readonly Entry[],
    names: readonly EntryId[] | undefined,
    changes: readonly Change[],
  ): void {
    const id = sha256Hex(new TextEncoder().encode(`${this.salt} ${this.made.length}`)) as EntryId
    const tree = (this.accepted[0]?.id ?? id) as EntryId as TreeId
    const parents = on.map((entry) => entry.id).sort()
    const point =
      names ?? [...this.reference.point(parents)].filter((name, _, { length }) => length > 1 || name !== tree)
    const entry: Entry = {
      ...{ id, tree, signed: { body: new Uint8Array(0), signature: new Uint8Array(64) } },
      body: {
        ...{ version: 1, tree: on.length === 0 ? undefined : tree, parents },
        ...{ height: 1 + Math.max(-1, ...on.map(({ body }) => body.height)), author: people[author]!.peer },
        ...{ createdAtMs: 1, policy: [...point].sort(), changes, nonce: new Uint8Array(0) },
      },
    }
    const verdict = this.reference.take(entry)
    this.made.push({ entry, verdict })
    if (verdict === 'taken') this.accepted.push(entry)
  }
}

function verdictOf(policy: LoosePolicy, entry: Entry): string {
  try {
    policy.take(entry)
    return 'taken'
  } catch (error) {
    assert.ok(error instanceof CausewayError, String(error))
    return error.code
  }
}

function told({ publicAccess, keys }: ReferenceState) {
  return { publicAccess, keys: [...keys].sort(([a], [b]) => (a < b ? -1 : 1)) }
}

function compare(policy: LoosePolicy, reference: PolicyReference): void {
  const { graph } = policy.policy
  assert.deepEqual(told(policy.policy.whole().state), told(reference.whole()), 'the whole policy')
  assert.deepEqual(policy.voids(), reference.voids(), 'the void entries')
  for (const { id, supports } of graph.entries)
    assert.deepEqual(
      supports.map((number) => graph.entries[number]!.id),
      reference.supportsOf(id),
      'supports',
    )
}

const seen = { graphs: 0, entries: 0, void: 0, refused: 0, revoked: 0, heads: 0 }

it(`judges ${graphs} random graphs as the protocol defines it`, () => {
  fc.assert(
    fc.property(
      ...([
        fc.nat(),
        fc.nat({ max: 3 }),
        fc.array(step, { minLength: 4, maxLength: 24, size: 'max' }),
      ] as const),
      (salt, access, steps) => {
        const grower = new Grower(salt, access)
        const { reference, made } = grower
        const policy = new LoosePolicy()
        let given = 0
        for (const each of [undefined, ...steps]) {
          if (each !== undefined) grower.take(each)
          for (; given < made.length; given++) {
            const { entry, verdict } = made[given]!
            assert.equal(verdictOf(policy, entry), verdict)
          }
          // Asked between, so that later judgements continue earlier ones.
          if (given % 7 === 0) compare(policy, reference)
        }
        compare(policy, reference)
        for (let point = 0; point < policy.policy.graph.points.length; point++)
          assert.deepEqual(
            told(policy.policy.at(point).state),
            told(reference.stateAt(policy.policy.graph.membersOf(point))),
            'a point',
          )
        const other = new LoosePolicy()
        const taken = made.filter(({ verdict }) => verdict === 'taken').map(({ entry }) => entry)
        for (const entry of shuffleParentsFirst(taken, prng(salt)))
          assert.equal(verdictOf(other, entry), 'taken')
        compare(other, reference)
        seen.graphs++
        seen.entries += made.length
        seen.refused += made.length - taken.length
        seen.void += reference.voids().length
        seen.revoked += [...reference.whole().keys.values()].filter(({ revoked }) => revoked).length
        seen.heads += policy.policy.graph.points.filter(({ members }) => members.length > 1).length
      },
    ),
    { numRuns: graphs },
  )
  // The graphs have enough conflicts for something to go wrong.
  for (const [what, count] of Object.entries(seen)) assert.ok(count >= graphs, `${count} ${what}`)
  if (process.env.POLICY_GRAPHS !== undefined) console.log(seen)
})
