/**
 * Level `policy`: which entries are forbidden, which are void whatever order they came in, and where a new entry goes.
 */
import { utf8 } from '../../../dag/bytes.ts'
import { signEntry, type VerifiedEntry } from '../../../dag/entry.ts'
import { bytesToHex } from '../../../dag/hex.ts'
import { type Case, expectSame, type Stage } from '../case.ts'
import { judge, standing } from '../reference.ts'
import {
  kitKey,
  kitSeed,
  pointOn,
  randomPolicyTree,
  randomTree,
  shuffled,
  summaryOf,
  wire,
} from '../trees.ts'
import { type EntryVector, plainHex, readVectors } from '../vectors.ts'
import { take } from './entries.ts'

export function policyCases(): Case[] {
  return [...vectorOrders(), ...randomPolicies(), ...places()]
}

/** The vectors of one tree have void entries of each kind. All their orders give the same ones. */
function vectorOrders(): Case[] {
  return [0, 1, 2, 3, 4].map((seed) => ({
    name: `policy: the void vectors in order ${seed}`,
    level: 'policy',
    rules: ['P22', 'P23', 'P24', 'P26'],
    async run(stage) {
      const { valid } = readVectors<{ valid: EntryVector[] }>('entries')
      const tree = valid.find((vector) => vector.void)!.fields.tree!
      const all = valid.filter(({ id, fields, alone }) => !alone && (id === tree || fields.tree === tree))
      const entries = all.map((vector) => ({
        id: vector.id,
        body: vector.fields,
        signed: { body: plainHex(vector.body), signature: vector.signature },
      }))
      const order = seed === 0 ? entries : shuffled(entries as never, seed)
      const sent = (order as typeof entries).map(({ signed }) => signed)
      const expected = all.filter((vector) => vector.void).map(({ id }) => id)
      await expectVoid(stage, sent, expected, all.length)
    },
  }))
}

async function expectVoid(
  stage: Stage,
  entries: Parameters<typeof take>[1],
  voids: readonly string[],
  count: number,
): Promise<void> {
  const { trees } = await take(stage, entries)
  expectSame('P24', 'the count, which has void entries too', count, trees[0]?.count)
  const got = [...(trees[0]?.void ?? [])].sort()
  const lacks = voids.filter((id) => !got.includes(id))
  const rule = lacks.length > 0 ? 'P23' : 'P26'
  expectSame(rule, 'the void entries', [...voids].sort(), got)
}

/** Trees in which admins revoke each other beside each other: codes and void sets as the reference has them. */
function randomPolicies(): Case[] {
  return Array.from({ length: 12 }, (_, seed) => ({
    name: `policy: admins against each other: seed ${seed}`,
    level: 'policy' as const,
    rules: ['P1', 'P7', 'P8', 'P9', 'P14', 'P15', 'P16', 'P17', 'P18', 'P19', 'P20', 'P21', 'P22', 'P23'],
    async run(stage: Stage) {
      const entries = randomPolicyTree(seed, 40)
      const { codes } = await judge(entries)
      const { results } = await take(stage, entries.map(wire))
      expectSame(
        'P7',
        'the codes of the entries',
        codes,
        results.map(({ code }) => code),
      )
      const valid = await standing(entries)
      const { voids } = await judge(valid)
      for (const order of [1, 2])
        await expectVoid(stage, shuffled(valid, order).map(wire), voids, valid.length)
    },
  }))
}

/** A new entry by the program stands on all tips, and names the point that follows from them. */
function places(): Case[] {
  const onTips = (name: string, entriesOf: () => Promise<readonly VerifiedEntry[]>, rule: string): Case => ({
    name: `policy: place: ${name}`,
    level: 'policy',
    rules: ['P2', 'P3', 'E6', rule],
    async run({ program }) {
      const entries = await entriesOf()
      const changes = [{ store: 'log', kind: 'add', payload: utf8('placed') }]
      const { tips } = summaryOf(entries)
      const byId = new Map(entries.map((entry) => [entry.id, entry]))
      const parents = tips.map((id) => byId.get(id)!)
      const answer = await program.expect('place', {
        ...{ seed: bytesToHex(kitSeed(0)), entries: entries.map(wire), parents: tips },
        ...{
          createdAtMs: 7,
          changes: changes.map((change) => ({ ...change, payload: bytesToHex(change.payload) })),
        },
      })
      const height = 1 + Math.max(...parents.map(({ body }) => body.height))
      const draft = { tree: entries[0]!.id, parents: tips, height, createdAtMs: 7, changes }
      const expected = signEntry(kitKey(0), { ...draft, policy: pointOn(byId, parents) })
      expectSame(rule, 'the body of the entry on all tips', bytesToHex(expected.signed.body), answer.body)
      expectSame('E2', 'its signature', bytesToHex(expected.signed.signature), answer.signature)
    },
  })
  return [
    ...[5, 6].map((seed) => onTips(`random tree ${seed}`, async () => randomTree(seed, 30), 'P5')),
    ...[1, 2, 3, 4].map((seed) =>
      onTips(`policy tree ${seed}`, () => standing(randomPolicyTree(seed, 24)), 'P4'),
    ),
  ]
}
