/**
 * Level `entries`: each vector, judged after its ancestors, has its code; and what a set of entries comes to does not
 * depend on the order in which they arrive.
 */

import { CausewayError } from '../../../base/errors.ts'
import { signEntry } from '../../../dag/entry.ts'
import { formatId } from '../../../dag/id.ts'
import { type Case, expectSame, type Stage } from '../case.ts'
import type { Answer } from '../program.ts'
import { Grown, kitKey, randomTree, shuffled, summaryOf, wire } from '../trees/trees.ts'
import { type EntryVector, type InvalidVector, plainHex, readVectors } from '../vectors.ts'

interface Verdict {
  readonly id: string
  readonly code: string
}

export interface TreeResult {
  readonly tree: string
  readonly count: number
  readonly digest: string
  readonly tips: readonly string[]
  readonly void?: readonly string[]
}

/** What the program answers to `take`. */
export interface Taken {
  readonly results: readonly Verdict[]
  readonly trees: readonly TreeResult[]
}

type Wire = ReturnType<typeof wire>

/** Lets the program take entries, in this order, into an empty store. Throws PROTOCOL if an answer has not its fields. */
export async function take({ program }: Stage, entries: readonly Wire[]): Promise<Taken> {
  const answer: Answer = await program.expect('take', { entries })
  for (const field of ['results', 'trees'])
    if (!Array.isArray(answer[field]))
      throw new CausewayError(
        'PROTOCOL',
        `Expected a list "${field}" in the answer to "take", got ${JSON.stringify(answer).slice(0, 200)}.`,
      )
  return answer as unknown as Taken
}

/** Which rule an invalid vector breaks: by its name where the code is too wide, else by its code. */
const ruleOfName: readonly (readonly [RegExp, string])[] = [
  [/of order|not in canonical form/, 'E12'],
  [/small order|no point of the curve|S \+ L/, 'E13'],
  [/cofactor/, 'E5'],
  [/without the domain|another domain/, 'E2'],
  [/policy named|older policy|newer policy|beside the one|no policy entry/, 'P5'],
  [/last entries that/, 'P13'],
  [/a key twice/, 'P10'],
  [/revoked writer/, 'P9'],
  [/a root that names|a root that revokes/, 'P11'],
]
const ruleOfCode: Readonly<Record<string, string>> = {
  ENTRY_MALFORMED: 'E4',
  ENTRY_NOT_CANONICAL: 'E4',
  ENTRY_SIGNATURE: 'E5',
  ENTRY_FORBIDDEN: 'P7',
  ENTRY_MISSING_PARENT: 'E6',
}

function ruleOf({ name, code }: InvalidVector): string {
  return ruleOfName.find(([words]) => words.test(name))?.[1] ?? ruleOfCode[code] ?? 'E14'
}

/** Returns the case of an entry that is judged after these. */
function judged(
  kind: string,
  rule: string,
  name: string,
  before: readonly Wire[],
  entry: Wire,
  code: string,
  id?: string,
): Case {
  return {
    name: `entries: ${kind}: ${name}`,
    level: 'entries',
    rules: [...new Set([rule, 'E1', 'E3'])],
    async run(stage) {
      const { results } = await take(stage, [...before, entry])
      const last = results.at(-1)
      const shownEntry = `${entry.body.slice(0, 400)}`
      expectSame(rule, `the code of the entry with the body ${shownEntry}`, code, last?.code)
      if (id !== undefined) expectSame('E3', 'the id of the entry', id, last?.id)
    },
  }
}

/** Returns what is above an entry in the vectors, parents first. */
function ancestors(valid: ReadonlyMap<string, EntryVector>, ids: readonly string[]): EntryVector[] {
  const above = new Set<EntryVector>()
  const visit = (id: string) => {
    const vector = valid.get(id)
    if (vector === undefined || above.has(vector)) return
    for (const parent of [...vector.fields.parents, ...vector.fields.policy]) visit(parent)
    above.add(vector)
  }
  for (const id of ids) visit(id)
  return [...above]
}

const wireOf = ({ body, signature }: EntryVector | InvalidVector): Wire => ({
  body: plainHex(body),
  signature,
})

export function entryCases(): Case[] {
  const { valid, invalid } = readVectors<{ valid: EntryVector[]; invalid: InvalidVector[] }>('entries')
  const byId = new Map(valid.map((vector) => [vector.id, vector]))
  const placed = valid.filter(({ alone }) => !alone).map(wireOf)
  return [
    ...valid.map((vector) =>
      vector.alone
        ? judged('alone', 'E6', vector.name, [], wireOf(vector), 'ENTRY_MISSING_PARENT')
        : judged(
            'valid',
            'E14',
            vector.name,
            ancestors(byId, vector.fields.parents).map(wireOf),
            wireOf(vector),
            '',
            vector.id,
          ),
    ),
    ...invalid
      // Those name parents of which the vectors have no bytes; `placeCases` has real ones.
      .filter(({ decidedBy }) => decidedBy !== 'parents')
      .map((vector) =>
        judged(
          'invalid',
          ruleOf(vector),
          vector.name,
          vector.decidedBy === 'policy' ? placed : [],
          wireOf(vector),
          vector.code,
        ),
      ),
    ...placeCases(),
    ...setCases(),
  ]
}

/** Entries whose place in the tree is wrong. */
function placeCases(): Case[] {
  const tree = new Grown('places')
  const [first, second] = tree.chain(tree.root, 2) as [Grown['root'], Grown['root']]
  const other = new Grown('another place')
  const signed = (draft: { parents: (typeof first.id)[]; height: number }) =>
    wire(signEntry(kitKey(0), { tree: tree.root.id, createdAtMs: 1, ...draft }))
  const place = (name: string, before: readonly Wire[], entry: Wire, code: string) =>
    judged('place', 'E6', name, before, entry, code)
  return [
    place('the parent has not come', [wire(tree.root)], wire(second), 'ENTRY_MISSING_PARENT'),
    place('no root', [], wire(first), 'ENTRY_MISSING_PARENT'),
    place(
      'the height is too low',
      [tree.root, first].map(wire),
      signed({ parents: [first.id], height: 1 }),
      'ENTRY_HEIGHT',
    ),
    place(
      'the height is too high',
      [tree.root, first].map(wire),
      signed({ parents: [first.id], height: 3 }),
      'ENTRY_HEIGHT',
    ),
    place(
      'the height is over the lower parent',
      [tree.root, first].map(wire),
      signed({ parents: [tree.root.id, first.id].sort(), height: 1 }),
      'ENTRY_HEIGHT',
    ),
    {
      name: 'entries: place: a parent in another tree',
      level: 'entries',
      rules: ['E6'],
      async run(stage) {
        const entry = signed({ parents: [other.root.id], height: 1 })
        const { results } = await take(stage, [wire(tree.root), wire(other.root), entry])
        const code = results.at(-1)?.code
        // A store of one tree has no such parent at all.
        expectSame(
          'E6',
          'whether the entry is refused',
          true,
          code === 'ENTRY_TREE' || code === 'ENTRY_MISSING_PARENT',
        )
      },
    },
  ]
}

/** What sets of entries come to, whatever order they came in. */
function setCases(): Case[] {
  return [1, 2, 3, 4].map((seed) => ({
    name: `entries: a set in two orders: seed ${seed}`,
    level: 'entries',
    rules: ['E7', 'E8', 'E9', 'E10', 'E11', 'P12'],
    async run(stage) {
      const entries = randomTree(seed, 40)
      const expected = summaryOf(entries)
      for (const order of [entries, shuffled(entries, seed + 100)]) {
        const { results, trees } = await take(stage, order.map(wire))
        const refused = results.filter(({ code }) => code !== '')
        expectSame('P12', 'the entries of a valid tree that are refused', [], refused)
        expectSame('E7', 'the number of trees', 1, trees.length)
        const { tree, count, tips, digest } = trees[0]!
        expectSame('E1', 'the tree', formatId(entries[0]!.id), formatId(tree as never))
        expectSame('E11', 'the count', expected.count, count)
        expectSame('E9', 'the tips', expected.tips, [...tips].sort())
        expectSame('E10', 'the digest of the tips', expected.digest, digest)
      }
    },
  }))
}
