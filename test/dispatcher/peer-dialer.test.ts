/** The dialer to a peer that cannot be reached: what it keeps of a failure while it waits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CausewayError } from '../../src/base/errors.ts'
import { Slots } from '../../src/base/slots.ts'
import { Counters } from '../../src/dispatcher/counters.ts'
import { PeerDialer } from '../../src/dispatcher/peer-dialer.ts'
import { testIdentity } from '../kit/entries.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

test('the words of a failure are kept, and not the error, whose stack holds all that it was thrown from', async () => {
  const thrown = new CausewayError('UNREACHABLE', 'Nobody is there.', { cause: new Error('refused') })
  const dialer = new PeerDialer(
    testIdentity(1).peer,
    {
      clock: new VirtualClock(),
      counters: new Counters(),
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
