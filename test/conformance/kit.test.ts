/** Our own node passes the kit, every case has its place, and every rule has a case or a reason why it has none. */
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { levels } from '../../src/cli/conformance/case.ts'
import { readFeatures } from '../../src/cli/conformance/features.ts'
import { allCases, levelsOf, runCases } from '../../src/cli/conformance/run.ts'
import { readDocument } from '../kit/markdown.ts'
import { loader, projectFile, testModule } from '../kit/project.ts'
import { protocolRules } from '../kit/rules.ts'

const cases = allCases()

describe('the cases of the kit', () => {
  it('have names of their own, and a level of one mode', () => {
    const names = cases.map(({ name }) => name)
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    )
    assert.deepEqual([...levelsOf.server, ...levelsOf.peer].sort(), [...levels].sort())
  })

  it('cover each rule of the protocol, or the kit says why not', () => {
    const rules = protocolRules(readDocument('docs/protocol.md')).map(({ name }) => name)
    const covered = new Set(cases.flatMap((kit) => kit.rules))
    const excused = JSON.parse(readFileSync(projectFile('conformance/not-covered.json'), 'utf8')) as Record<
      string,
      string
    >
    const isCovered = (letter: string) => [...covered].some((rule) => rule.startsWith(letter))
    assert.deepEqual(
      rules.filter((rule) => !covered.has(rule) && !(rule in excused) && !(rule[0]! in excused)),
      [],
    )
    assert.deepEqual(
      Object.keys(excused).filter((key) =>
        key.length === 1 ? isCovered(key) : covered.has(key) || !rules.includes(key),
      ),
      [],
    )
    assert.deepEqual(
      [...covered].filter((rule) => !rules.includes(rule)),
      [],
    )
  })
})

const features = readFeatures(projectFile('conformance/adapter/features.json'))

describe('our own node', () => {
  for (const mode of ['peer', 'server'] as const)
    for (const level of levelsOf[mode])
      it(`passes the level ${level}`, async () => {
        const outcomes = await runCases({
          ...{ mode, knownFailing: new Set<string>(), print: () => {}, isShort: true },
          features: { ...features, levels: [level] },
          command: process.execPath,
          args: [...loader, testModule('conformance/adapter/main.ts')],
        })
        const failed = outcomes.filter(({ failure }) => failure !== undefined)
        assert.deepEqual(
          failed.map(({ case: kit, failure }) => `${kit.name}: ${failure!.message}`),
          [],
        )
        assert.ok(outcomes.length >= 9, `only ${outcomes.length} cases`)
      })
})
