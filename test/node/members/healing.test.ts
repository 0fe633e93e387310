/** Other members are asked for a peer when all its addresses have failed for a while, until it is back. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import { Healing } from '../../../src/node/members/healing.ts'
import { testIdentity } from '../../kit/entries.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const { peer } = testIdentity(1)

function opened() {
  const clock = new VirtualClock()
  const asked: PeerId[] = []
  const linked = { links: [{}] }
  const links = { ofPeer: () => linked.links as never[] }
  const healing = new Healing({ clock, links, askAbout: (about) => asked.push(about) })
  const fail = (signal = new AbortController().signal) =>
    assert.rejects(
      healing.watching(peer, signal, Promise.reject(new CausewayError('UNREACHABLE', 'nobody there'))),
      { code: 'UNREACHABLE' },
    )
  return { clock, asked, linked, healing, fail }
}

describe('A peer whose dials fail', () => {
  it('is asked for after half a minute, and then every five minutes while it is away', async () => {
    const { clock, asked, fail, healing } = opened()
    for (let dial = 0; dial < 5; dial++) {
      await fail()
      await clock.advance(5_000)
    }
    assert.equal(asked.length, 0)
    await clock.advance(limits.healAfterMs - 25_000)
    assert.deepEqual(asked, [peer])
    await clock.advance(2 * limits.healIntervalMs)
    assert.equal(asked.length, 3)
    healing.close()
    assert.equal(clock.pendingTimers, 0)
  })

  it('is not asked for if it is back in time, or if nothing is linked with it any more', async () => {
    const { clock, asked, fail, healing, linked } = opened()
    await fail()
    await healing.watching(peer, new AbortController().signal, Promise.resolve())
    await clock.advance(limits.healAfterMs)
    await fail()
    linked.links = []
    await clock.advance(limits.healAfterMs)
    assert.deepEqual([asked, clock.pendingTimers], [[], 0])
  })

  it('counts as away after a dial that took too long, and not after one that was cancelled', async () => {
    const { clock, asked, fail } = opened()
    await fail(AbortSignal.abort(new CausewayError('CANCELLED', 'The link was ended.')))
    await clock.advance(limits.healAfterMs)
    assert.equal(asked.length, 0)
    await fail(AbortSignal.abort(new CausewayError('TIMEOUT', 'It took too long.')))
    await clock.advance(limits.healAfterMs)
    assert.equal(asked.length, 1)
  })
})
