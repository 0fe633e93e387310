/**
 * Two programs beside each other: both take the same random trees, each in an order of its own, and must find the same;
 * and if they serve and ask, one syncs with the other. The trees and the orders follow from a seed.
 */
import type { VerifiedEntry } from '../../dag/entry.ts'
import { type Case, expectSame, type Level, type Stage } from './case.ts'
import { type Taken, type TreeResult, take } from './cases/entries.ts'
import type { Program } from './program.ts'
import { serve } from './serving.ts'
import { chances, randomPolicyTree, randomTree, shuffled, summaryOf, wire } from './trees/trees.ts'

/** Returns a case for each seed. The levels are those that both programs have. */
export function pairCases(
  first: Program,
  second: Program,
  levels: readonly Level[],
  seeds: readonly number[],
): Case[] {
  return seeds.flatMap((seed) => [
    {
      ...{ name: `pair: judgement: seed ${seed}`, level: 'entries' as const },
      rules: ['E9', 'E10', 'E11', 'P7', 'P12', 'P23'],
      run: () => judgeAlike(first, second, levels.includes('policy'), seed),
    },
    ...(levels.includes('asker') && levels.includes('server')
      ? [
          {
            ...{ name: `pair: session: seed ${seed}`, level: 'asker' as const },
            rules: ['S5', 'S4'],
            // Both play both parts, in turn.
            run: () => (seed % 2 === 0 ? meet(first, second, seed) : meet(second, first, seed)),
          },
        ]
      : []),
  ])
}

const treeOf = (seed: number) => (seed % 2 === 0 ? randomTree(seed, 60) : randomPolicyTree(seed, 40))

async function judgeAlike(first: Program, second: Program, policy: boolean, seed: number): Promise<void> {
  const entries = treeOf(seed)
  const found = async (program: Program, order: readonly VerifiedEntry[]) => {
    const stage: Stage = { program, transports: [] }
    const { results, trees }: Taken = await take(stage, order.map(wire))
    const codes = results.map(({ code }, index) => `${order[index]!.id} ${code}`).sort()
    return { codes, tree: trees[0]! }
  }
  const ours = await found(first, shuffled(entries, 2 * seed))
  const theirs = await found(second, shuffled(entries, 2 * seed + 1))
  expectSame('P7', 'the codes of the entries', ours.codes, theirs.codes)
  const shown = ({ tree, tips }: TreeResult) => [tree, [...tips].sort()]
  expectSame('E11', 'the counts', ours.tree.count, theirs.tree.count)
  expectSame('E9', 'tree and tips', shown(ours.tree), shown(theirs.tree))
  expectSame('E10', 'the digests', ours.tree.digest, theirs.tree.digest)
  const voids = ({ void: list = [] }: TreeResult) => [...list].sort()
  if (policy) expectSame('P23', 'the void entries', voids(ours.tree), voids(theirs.tree))
}

/** Lets one program ask the other, each with a part of one tree. Both parts are closed under ancestors. */
async function meet(server: Program, asker: Program, seed: number): Promise<void> {
  const all = randomTree(seed, 200)
  const random = chances(seed)
  const part = () => {
    const there = new Set([all[0]!.id])
    const keep = (entry: VerifiedEntry) => entry.body.parents.every((id) => there.has(id)) && random() < 0.95
    for (const entry of all.slice(1)) if (keep(entry)) there.add(entry.id)
    return all.filter(({ id }) => there.has(id))
  }
  const [theirs, ours] = [part(), part()]
  await using serving = await serve({ program: server, transports: [] }, theirs)
  const asked = { address: serving.http, tree: all[0]!.id, entries: ours.map(wire), times: 2 }
  const { sessions } = await asker.expect('sync', asked)
  const union = new Map([...theirs, ...ours].map((entry) => [entry.id, entry]))
  const { count, digest } = summaryOf([...union.values()])
  const expected = { code: '', count, digest }
  // The second session finds what the first has left at the server.
  expectSame('S5', 'how the sessions end', [expected, expected], sessions)
}
