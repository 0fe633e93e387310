/** What is said of a relay: at the start of a node it is not known yet whether it is there. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { relayLine, startingRelayLine } from '../../../src/cli/peers/relay-view.ts'

it('a relay that has not answered yet is connecting as a node starts, and not connected later', () => {
  const relay = { url: 'https://relay.example', connected: false }
  assert.match(startingRelayLine(relay), /^Relay https:\/\/relay\.example \(connecting; `causeway status` /)
  assert.match(relayLine(relay), /^Relay https:\/\/relay\.example \(NOT connected: /)
  for (const line of [startingRelayLine, relayLine])
    assert.equal(line({ ...relay, connected: true }), 'Relay https://relay.example (connected)')
})
