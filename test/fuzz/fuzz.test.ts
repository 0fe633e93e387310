/** A small run of `npm run fuzz`, so that its targets keep working and the most obvious holes are found immediately. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { fuzz } from './run.ts'

it('finds nothing with some inputs to every decoder, call and connection', async () => {
  const outcomes = await fuzz({ runs: Number(process.env.FUZZ_RUNS ?? 500), seed: 1 })
  for (const { name, finding } of outcomes)
    assert.equal(finding, undefined, `${name}: ${finding?.error}\n${finding?.input}`)
  assert.ok(outcomes.length > 40)
})
