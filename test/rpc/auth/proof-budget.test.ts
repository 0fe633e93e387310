/**
 * What checks of proofs cost, on a virtual clock: the origin pays for each, and what a proof claims gives it nothing but
 * a few more checks.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import type { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { ProofBudget } from '../../../src/rpc/auth/proof-budget.ts'
import { testIdentity } from '../../kit/entries.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const nobody = testIdentity(9).peer
const friends = Array.from({ length: 40 }, (_, index) => testIdentity(index + 10).peer)
const [friend, another] = [friends[0]!, friends[1]!]

function open() {
  const clock = new VirtualClock()
  const budget = new ProofBudget(clock, (peer) => friends.includes(peer))
  /** Shows proofs that claim this peer, until one is refused. Returns how many were checked. */
  const shows = (origin: string, claimed: string | undefined) => {
    for (let count = 0; ; count++)
      try {
        budget.pay(origin, claimed)
      } catch (error) {
        const { code, data } = error as CausewayError
        assert.equal(code, 'RESOURCE_EXHAUSTED')
        assert.ok((data.retryAfterMs as number) > 0)
        return count
      }
  }
  return { clock, budget, shows }
}

describe('The origin of a proof', () => {
  it('has a bounded number checked, and a few more that claim to be of a known peer', async () => {
    const { clock, shows } = open()
    assert.equal(shows('192.0.2.1', nobody), limits.proofBurst)
    assert.equal(shows('192.0.2.1', undefined), 0)
    assert.equal(shows('192.0.2.1', friend), limits.claimBurst)
    assert.equal(shows('192.0.2.1', another), limits.claimBurst)
    assert.equal(shows('192.0.2.2', friend), limits.claimBurst + limits.proofBurst)
    await clock.advance(1000)
    assert.equal(shows('192.0.2.1', friend), limits.claimsPerSecond + limits.proofsPerSecond)
  })

  it('has a bounded number checked for all known peers that it claims to be', async () => {
    const { clock, shows } = open()
    assert.equal(shows('192.0.2.1', nobody), limits.proofBurst)
    const all = () => friends.reduce((sum, peer) => sum + shows('192.0.2.1', peer), 0)
    assert.ok(limits.claimBurstOfOrigin < friends.length * limits.claimBurst)
    assert.equal(all(), limits.claimBurstOfOrigin)
    await clock.advance(10_000)
    assert.equal(shows('192.0.2.1', nobody), 10 * limits.proofsPerSecond)
    assert.equal(all(), 10 * limits.claimsPerSecondOfOrigin)
  })

  it('gets back what it paid for a proof that holds, so that only impostors run out', () => {
    const { budget, shows } = open()
    for (let count = 0; count < 4 * limits.claimBurst; count++) budget.pay('192.0.2.1', friend)()
    assert.equal(shows('192.0.2.1', friend), limits.claimBurst + limits.proofBurst)
    // Also what was paid when the reserve had run out.
    const paid = open()
    for (let count = 0; count < limits.claimBurst; count++) paid.budget.pay('192.0.2.1', friend)
    for (let count = 0; count < 2 * limits.proofBurst; count++) paid.budget.pay('192.0.2.1', friend)()
    assert.equal(paid.shows('192.0.2.1', nobody), limits.proofBurst)
  })
})
