/**
 * A small run of `npm run attack`: during each attack honest callers are answered, and attackers are cut where the list
 * says so. How fast, and at what cost, only a run by hand tells: time is asserted nowhere.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { attacks } from './attacks.ts'
import { AttackLab } from './lab.ts'

// Other systems have no second address of their own without being set up for it.
describe('Under attack', { skip: process.platform !== 'linux' }, () => {
  let lab: AttackLab
  before(async () => {
    lab = await AttackLab.open()
  })
  after(() => lab[Symbol.asyncDispose]())

  for (const each of attacks)
    it(`a node serves others: ${each.name}`, async () => {
      const { attack, health, operator, sync } = await lab.run(each, 0.4)
      if (each.bound !== '') assert.ok(attack.made + attack.connections > 0)
      for (const [who, { ms, errors }] of Object.entries({ health, operator, sync })) {
        assert.deepEqual(errors, [], who)
        assert.ok(ms.length > 0, who)
      }
      if (each.cut) assert.ok(attack.cuts > 0, 'it was never cut')
    })
})
