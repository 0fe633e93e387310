/** Which addresses a ticket names, and what is said when no other network can use it. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { NodeReach } from '../../../src/node/reach/reach.ts'
import { TransportManager } from '../../../src/transport/manager.ts'
import type { RelayState, Transport } from '../../../src/transport/transport.ts'

function reachWith(all: string[], far: string[], relay?: RelayState): NodeReach {
  const transports = new TransportManager()
  const transport: Partial<Transport> = {
    name: 'iroh',
    addresses: () => all,
    farAddresses: () => far,
    relay: () => relay,
  }
  transports.register(transport as Transport)
  return new NodeReach(transports)
}

describe('The reach of a node', () => {
  it('leaves addresses of its own network out of a ticket if there are others', () => {
    const reach = reachWith(['http://10.0.0.1:1', 'http://node.example:1'], ['http://node.example:1'])
    assert.deepEqual(reach.ticketAddresses(false), ['http://node.example:1'])
    assert.deepEqual(reach.ticketAddresses(true), ['http://10.0.0.1:1', 'http://node.example:1'])
    assert.equal(reach.problem(), undefined)
  })

  it('names those of its own network if there are no others, and says what is wrong', () => {
    const all = ['http://10.0.0.1:1']
    assert.deepEqual(reachWith(all, []).ticketAddresses(false), all)
    assert.match(
      reachWith(all, []).problem()!,
      /cannot reach this one: it has no public address and uses no relay/,
    )
    const url = 'https://relay.example/'
    assert.match(
      reachWith(all, [], { url, connected: false }).problem()!,
      /relay https:\/\/relay.example\/ is not connected/,
    )
    assert.equal(reachWith([], []).problem(), undefined)
  })

  it('names at most as many addresses as a ticket may have', () => {
    const many = Array.from(
      { length: limits.ticketAddresses + 1 },
      (_, index) => `http://h${index}.example:1`,
    )
    assert.equal(reachWith(many, many).ticketAddresses(false).length, limits.ticketAddresses)
  })
})
