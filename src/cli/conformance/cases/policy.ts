/**
 * Level `policy`: which entries are forbidden, which are void whatever order they came in, and where a new entry goes.
 */
import { Permission, PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import { decodeBody } from '../../../dag/body.ts'
import { utf8 } from '../../../dag/bytes.ts'
import { signEntry, type VerifiedEntry } from '../../../dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../../dag/hex.ts'
import type { EntryId } from '../../../dag/id.ts'
import { type Case, expectSame, type Stage } from '../case.ts'
import { judge, standing } from '../reference.ts'
import { ordersOf } from '../trees/orders.ts'
import {
  Grown,
  granting,
  kitKey,
  kitSeed,
  madeKey,
  mentioning,
  pointOn,
  randomPolicyTree,
  randomTree,
  shuffled,
  summaryOf,
  wire,
} from '../trees/trees.ts'
import { type EntryVector, plainHex, readVectors, type VoidVectors } from '../vectors.ts'
import { type Taken, take } from './entries.ts'

export function policyCases(): Case[] {
  return [...vectorOrders(), ...everyOrder(), ...boundCases(), ...randomPolicies(), ...places()]
}

/** Small trees, which come in each order that they can come in. */
function everyOrder(): Case[] {
  return readVectors<VoidVectors>('void').trees.map(({ name, rules, entries, void: voids }) => ({
    ...{
      name: `policy: in every order: ${name}`,
      level: 'policy',
      rules: [...new Set([...rules, 'P24', 'P26'])],
    },
    async run({ program }) {
      const placed = entries.map(({ id, body, signature }) => ({
        ...{ id: id as EntryId, signed: { body, signature } },
        body: decodeBody(hexToBytes(body)),
      }))
      for (const order of ordersOf(placed)) {
        const { results, trees } = (await program.expect('take', {
          entries: order.map(({ signed }) => signed),
        })) as unknown as Taken
        const codes = results.map(({ code }) => code)
        expectSame('P24', 'the codes of the entries', Array(order.length).fill(''), codes)
        const got = [...(trees[0]?.void ?? [])].sort()
        const arrival = order.map(({ id }) => id.slice(0, 8)).join(', ')
        expectSame(rules[0], `the void entries after ${arrival}`, voids, got)
      }
    },
  }))
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

/** Policies at their bounds, and one past each of them. */
function boundCases(): Case[] {
  const bound = (name: string, grow: (tree: Grown) => readonly VerifiedEntry[], isLong = false): Case => ({
    ...{
      name: `policy: bound: ${name}`,
      level: 'policy',
      rules: ['P6'],
      ...(isLong && { isLong: true as const }),
    },
    async run(stage) {
      const tree = new Grown(`bound ${name}`, PublicAccess.NONE)
      const past = new Set(grow(tree))
      const { results } = await take(stage, tree.entries.map(wire))
      const expected = tree.entries.map((entry) => (past.has(entry) ? 'ENTRY_POLICY' : ''))
      // Past the bound is the last one, so a list of codes says where they differ.
      const first = expected.findIndex((code, index) => code !== results[index]?.code)
      const what = first < 0 ? 'the codes' : `the code of entry ${first + 1} of ${expected.length}`
      expectSame('P6', what, expected[Math.max(first, 0)], results[Math.max(first, 0)]?.code)
    },
  })
  const plain = [{ store: 'log', kind: 'add', payload: utf8('placed') }]
  const keys = (from: number, count: number) => Array.from({ length: count }, (_, n) => madeKey(from + n))
  return [
    bound('64 members of a point', (tree) => {
      const beside = Array.from({ length: 65 }, (_, n) =>
        tree.add([tree.root], { changes: granting(Permission.READ, 100 + n) }),
      )
      tree.add(beside.slice(0, 64), { changes: plain })
      // An entry cannot even name 65, so it names one too few.
      return [tree.add(beside, { changes: plain, leaveOut: 1 })]
    }),
    bound('512 revocations', (tree) => {
      const all = tree.add([tree.root], { changes: mentioning(keys(0, 512), true) })
      tree.add([all], { changes: mentioning(keys(512, 1), false) })
      return [tree.add([all], { changes: mentioning(keys(512, 1), true) })]
    }),
    bound(
      '65,536 names',
      (tree) => {
        // The root names a key, too.
        let last = tree.add([tree.root], { changes: mentioning(keys(0, 1023), false) })
        for (let n = 1; n < 64; n++)
          last = tree.add([last], { changes: mentioning(keys(1024 * n, 1024), false) })
        return [tree.add([last], { changes: mentioning(keys(0, 1), false) })]
      },
      true,
    ),
    bound(
      '8,192 policy entries',
      (tree) => {
        let last = tree.root
        // Its closure has the root, and the entry itself counts.
        for (let n = 1; n < 8192; n++) last = tree.add([last], { changes: mentioning(keys(0, 1), false) })
        return [tree.add([last], { changes: mentioning(keys(0, 1), false) })]
      },
      true,
    ),
  ]
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
