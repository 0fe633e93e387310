/** Two programs beside each other: our adapter agrees with itself, and a difference is found with its rule. */
import { strict as assert } from 'node:assert'
import { after, describe, it } from 'node:test'
import { type Level, Mismatch } from '../../src/cli/conformance/case.ts'
import { pairCases } from '../../src/cli/conformance/pair.ts'
import { Program } from '../../src/cli/conformance/program.ts'
import { playCases } from '../../src/cli/conformance/run.ts'
import { loader, testModule } from '../kit/project.ts'

describe('a pair of programs', () => {
  const adapter = () => new Program(process.execPath, [...loader, testModule('conformance/adapter/main.ts')])
  const [first, second] = [adapter(), adapter()]
  after(async () => {
    await first[Symbol.asyncDispose]()
    await second[Symbol.asyncDispose]()
  })
  const play = async (levels: readonly Level[], seeds: readonly number[]) => {
    const cases = pairCases(first, second, levels, seeds)
    return playCases(cases, { program: first, transports: [] }, new Set(), () => {})
  }

  it('agrees about trees in any order, and syncs both ways', async () => {
    const outcomes = await play(['entries', 'policy', 'asker', 'server'], [1, 2])
    assert.deepEqual(
      outcomes.map(({ case: { name }, failure }) => [name, failure?.message]),
      [1, 2].flatMap((seed) => [
        [`pair: judgement: seed ${seed}`, undefined],
        [`pair: session: seed ${seed}`, undefined],
      ]),
    )
  })

  const broken = [
    ['counts one too many', 'E11'],
    ['digests tips in descending order', 'E10'],
    ['counts the root as a tip', 'E9'],
    ['finds what follows void too', 'P23'],
  ] as const
  for (const [name, rule] of broken)
    it(`is found to differ if one ${name}`, async () => {
      await second.expect('break', { name })
      const [outcome] = await play(['entries', 'policy'], [3])
      await second.expect('break', { name: '' })
      assert.ok(outcome!.failure instanceof Mismatch, `${outcome!.failure}`)
      assert.equal(outcome!.failure.rule, rule)
    })

  it('need not find void entries, which small clients do not', async () => {
    await second.expect('break', { name: 'finds nothing void' })
    const [outcome] = await play(['entries'], [3])
    await second.expect('break', { name: '' })
    assert.equal(outcome!.failure, undefined)
  })
})
