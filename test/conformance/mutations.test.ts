/**
 * The kit finds every mutation of our adapter, by the case that is made for it and with the number of the broken rule. A
 * run plays some of them, another part each day; `CONFORMANCE_MUTATIONS=1000`, as in .ci/conformance, plays all.
 */
import { strict as assert } from 'node:assert'
import { after, describe, it } from 'node:test'
import { mutations } from '../../conformance/adapter/mutations.ts'
import { Mismatch, transportNames } from '../../src/cli/conformance/case.ts'
import { Program } from '../../src/cli/conformance/program.ts'
import { allCases, playCases } from '../../src/cli/conformance/run.ts'
import { loader, testModule } from '../kit/project.ts'

const cases = allCases()
const share = Number(process.env.CONFORMANCE_MUTATIONS ?? 6)
const every = Math.max(1, Math.floor(Object.keys(mutations).length / share))
/** Which of them: another part each day. */
const first = Math.floor(Date.now() / 86_400_000) % every
const played = Object.entries(mutations).filter(
  ([, { finds }], index) =>
    index % every === first && (every === 1 || !cases.find(({ name }) => name === finds)?.isLong),
)

describe('the kit', () => {
  const program = new Program(process.execPath, [...loader, testModule('conformance/adapter/main.ts')])
  after(() => program[Symbol.asyncDispose]())

  it('has many mutations to find, each of which has its case', () => {
    assert.ok(Object.keys(mutations).length >= 120)
    const all = new Map(cases.map((each) => [each.name, each]))
    for (const [name, { rule, finds }] of Object.entries(mutations))
      assert.ok(all.get(finds)?.rules.includes(rule), `${name}: the case "${finds}" names ${rule}`)
  })

  for (const [name, { rule, finds }] of played)
    it(`finds that the program ${name}: ${rule}`, async () => {
      await program.expect('break', { name })
      const kit = cases.find((each) => each.name === finds)!
      const [outcome] = await playCases([kit], { program, transports: transportNames }, new Set(), () => {})
      assert.ok(outcome!.failure instanceof Mismatch, `${outcome!.failure ?? 'nothing was found'}`)
      assert.equal(outcome!.failure.rule, rule, `${outcome!.failure.message}: ${outcome!.failure.got}`)
    })
})
