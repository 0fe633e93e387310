/** A few random damages of each kind: `npm run damage` makes many more. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testModule } from '../kit/project.ts'
import { kinds } from './damages.ts'
import { runAll } from './processes.ts'

const runs = 2

test(`a node survives ${runs} random damages of each kind of file and record`, async (context) => {
  const firstSeed = Date.now() % 100_000
  context.diagnostic(`seed ${firstSeed}`)
  let answers = 0
  const errors = await runAll({
    ...{ script: testModule('test/damage/main.ts'), runs, firstSeed, jobs: 2 },
    onAnswer: () => answers++,
  })
  assert.deepEqual(errors, [])
  assert.equal(answers, runs * kinds.length)
})
