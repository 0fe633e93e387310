/** The dialer of a peer that cannot be reached: what it keeps of a failure while it waits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CausewayError } from '../../src/base/errors.ts'
import { Slots } from '../../src/base/slots.ts'
import { Counters } from '../../src/dispatcher/counters.ts'
import { PeerDialer } from '../../src/dispatcher/peer-dialer.ts'
import { RecentPeers } from '../../src/dispatcher/presence/recent-peers.ts'
import { testIdentity } from '../kit/entries.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

test('keeps the code and message of a failure, not the error, whose stack would keep much in memory', async () => {
  const thrown = new CausewayError('UNREACHABLE', 'Nobody is there.', { cause: new Error('refused') })
  const clock = new VirtualClock()
  const dialer = new PeerDialer(
    testIdentity(1).peer,
    {
      clock,
      recent: new RecentPeers(clock),
      counters: new Counters(),
      recentSlots: new Slots(1),
      dialSlots: new Slots(1),
      redialSlots: new Slots(1),
      connect: () => Promise.reject(thrown),
    },
    () => {},
  )
  assert.equal(await dialer.dial(), thrown)
  assert.deepEqual(dialer.lastError, { code: 'UNREACHABLE', message: 'Nobody is there.', data: {} })
  assert.ok(!(dialer.lastError instanceof Error))
})
