/** Who a connection's callers are: which proofs it keeps, which it checks, and who pays for the checks. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { Identification } from '../../../src/rpc/auth/identify.ts'
import type { Caller } from '../../../src/rpc/caller.ts'
import { testIdentity } from '../../kit/entries.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const { peer } = testIdentity(1)
const caller: Caller = { remoteAddress: '192.0.2.1:1', transport: 'test', operator: false }
const bearer = (name: string | number) => ({ authorization: `Bearer a.b.${name}` })

function open({ known = true } = {}) {
  const checked: string[] = []
  let paid = 0
  const clock = new VirtualClock({ nowMs: 0 })
  const identification = new Identification({
    clock,
    proofs: {
      spend: async (proof) => {
        checked.push(proof)
        await undefined
        if (proof.endsWith('bad')) throw new CausewayError('UNAUTHENTICATED', 'bad')
        return proof.endsWith('minute') ? { peer, untilMs: 60_000 } : { peer }
      },
    },
    budget: {
      pay: () => {
        paid++
        return () => paid--
      },
    },
    isKnown: () => known,
    isOperator: () => false,
    isBlocked: () => false,
  })
  return { identification, clock, checked, paid: () => paid }
}

it('a connection that presents proofs without end has the latest of them kept', async () => {
  const { identification, checked } = open()
  const proofCount = limits.proofsPerConnection + 10
  for (let index = 0; index < proofCount; index++) await identification.identify(caller, bearer(index))
  assert.equal(identification.peersOf(caller).length, limits.proofsPerConnection)
  checked.length = 0
  for (const index of [10, proofCount - 1, 9])
    assert.equal((await identification.identify(caller, bearer(index))).peer, peer)
  assert.deepEqual(checked, ['a.b.9'])
})

it('proofs that do not hold push out none that does', async () => {
  const { identification, checked } = open()
  await identification.identify(caller, bearer('good'))
  const bad = Array.from({ length: limits.proofsPerConnection + 1 }, (_, index) =>
    identification.identify(caller, bearer(`${index}-bad`)),
  )
  assert.ok((await Promise.allSettled(bad)).every(({ status }) => status === 'rejected'))
  checked.length = 0
  await identification.identify(caller, bearer('good'))
  assert.deepEqual([checked, identification.peersOf(caller)], [[], [peer]])
})

it('calls that present a proof at the same time have it checked and paid once', async () => {
  const { identification, checked, paid } = open({ known: false })
  const calls = Array.from({ length: 10 }, () => identification.identify(caller, bearer('good')))
  for (const { peer: proven } of await Promise.all(calls)) assert.equal(proven, peer)
  assert.deepEqual([checked.length, paid()], [1, 1])
})

it('only a known peer whose proof holds gets back what the check cost', async () => {
  for (const [known, name, cost] of [
    [true, 'good', 0],
    [false, 'good', 1],
    [true, 'bad', 1],
  ] as const) {
    const { identification, paid } = open({ known })
    await identification.identify(caller, bearer(name)).catch(() => {})
    assert.equal(paid(), cost, name)
  }
})

it('a header of another form is paid for too', async () => {
  const { identification, checked, paid } = open()
  for (const authorization of ['Basic YTpi', 'Bearer', 'Bearer a.b', ''])
    await assert.rejects(identification.identify(caller, { authorization }), { code: 'UNAUTHENTICATED' })
  assert.deepEqual([checked, paid()], [[], 4])
})

it('a proof that ends is checked again once it has ended, on its connection too', async () => {
  const { identification, clock, checked } = open()
  const show = () => identification.identify(caller, bearer('minute'))
  await show()
  await clock.advance(59_999)
  await show()
  assert.deepEqual(checked, ['a.b.minute'])
  await clock.advance(1)
  assert.deepEqual(identification.peersOf(caller), [])
  await show()
  assert.deepEqual(checked, ['a.b.minute', 'a.b.minute'])
})
