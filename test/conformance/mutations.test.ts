/** The kit finds every mutation of our adapter, by the case that is made for it and with the number of the broken rule. */
import { strict as assert } from 'node:assert'
import { after, describe, it } from 'node:test'
import { mutations } from '../../conformance/adapter/mutations.ts'
import { Mismatch, transportNames } from '../../src/cli/conformance/case.ts'
import { Program } from '../../src/cli/conformance/program.ts'
import { allCases, playCases } from '../../src/cli/conformance/run.ts'
import { loader, testModule } from '../kit/project.ts'

describe('the kit', () => {
  const cases = allCases()
  const program = new Program(process.execPath, [...loader, testModule('conformance/adapter/main.ts')])
  after(() => program[Symbol.asyncDispose]())

  it('has many mutations to find', () => assert.ok(Object.keys(mutations).length >= 60))

  for (const [name, { rule, finds }] of Object.entries(mutations))
    it(`finds that the program ${name}: ${rule}`, async () => {
      await program.expect('break', { name })
      const [kit, ...others] = cases.filter((each) => each.name === finds)
      assert.ok(kit !== undefined && others.length === 0, `there is one case "${finds}"`)
      const [outcome] = await playCases([kit], { program, transports: transportNames }, new Set(), () => {})
      assert.ok(outcome!.failure instanceof Mismatch, `${outcome!.failure ?? 'nothing was found'}`)
      assert.equal(outcome!.failure.rule, rule, `${outcome!.failure.message}: ${outcome!.failure.got}`)
      assert.ok(kit.rules.includes(rule), `the case names ${rule}`)
    })
})
