/**
 * NodeService as an operator sees it, over every transport and protocol: the node's identity, tickets, a sync with its
 * progress, verification, and UNIMPLEMENTED for calls of later versions.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { SyncNowResponse } from '../../../gen/causeway/v1/node_pb.ts'
import { SyncStatus } from '../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { bytesToHex } from '../../../src/dag/hex.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { createNode } from '../../../src/node/node.ts'
import { parseTicket } from '../../../src/peer/ticket.ts'
import type { ConnectionInfo } from '../../../src/rpc/services/node-service.ts'
import { assertFields } from '../../kit/assert-fields.ts'
import { shapes } from '../../kit/entries.ts'
import { fails } from '../../kit/rpc-errors.ts'
import { type Caller, protocols, ServingNode, transports } from '../../kit/serving-node.ts'

const noSuchTree = new Uint8Array(32).fill(7)

async function readAll(messages: AsyncIterable<SyncNowResponse>) {
  const parts: SyncNowResponse['part'][] = []
  for await (const { part } of messages) parts.push(part)
  const last = parts.at(-1)
  assert.ok(last?.case === 'result')
  assert.ok(parts.slice(0, -1).every((part) => part.case === 'progress'))
  return last.value
}

for (const transport of transports)
  for (const protocol of protocols)
    describe(`NodeService over ${transport.name} with ${protocol}`, () => {
      const all = shapes.linear(50, { seed: 'node service' })
      const tree = idToBytes(all[0]!.id)
      let source: ServingNode
      let serving: ServingNode
      let caller: Caller
      before(async () => {
        source = await ServingNode.start(transport)
        serving = await ServingNode.start(transport)
        caller = await serving.dial(protocol)
        const { trees } = await source.dial(protocol)
        await trees.submitEntries({ tree, entries: all.map(({ signed }) => signed) })
      })
      after(async () => {
        assert.deepEqual([...source.problems, ...serving.problems], [])
        await serving[Symbol.asyncDispose]()
        await source[Symbol.asyncDispose]()
      })

      it('returns its identity and its connections', async () => {
        const answer = await caller.node.getNode({})
        assert.equal(bytesToHex(answer.peer), serving.node.peer)
        assert.deepEqual(answer.addresses, serving.node.addresses())
        assert.equal(answer.version, serving.node.version)
        assert.deepEqual(
          answer.connections.map(({ inbound }) => inbound),
          [true],
        )
        const [connection] = answer.connections
        assert.match(connection!.remoteAddress, /^(127\.0\.0\.1|\[::1\]):\d+$/)
        assert.ok(connection!.bytesSent > 0n && connection!.bytesReceived > 0n)
        const quic = transport.name === 'QUIC'
        assert.equal(bytesToHex(connection!.peer), serving.operator.peer)
        assert.deepEqual([connection!.transport, connection!.path], [quic ? 'iroh' : 'http', 'direct'])
        assert.equal(connection!.roundTripMs > 0, quic)
      })

      it('syncs with an address, and returns the result', async () => {
        const pulled = await readAll(caller.node.syncNow({ tree, remote: source.address }))
        assertFields(pulled, { received: 51n, sent: 0n, equal: true })
        assert.equal(bytesToHex(pulled.peer), source.node.peer)
        assert.equal(pulled.address, source.address)
        assert.ok(pulled.bytesReceived > 51n * 64n && pulled.bytesSent > 0n)
        assert.deepEqual([pulled.path, pulled.pathRoundTripMs > 0], ['direct', transport.name === 'QUIC'])
        const again = await readAll(caller.node.syncNow({ tree, remote: source.address }))
        assert.deepEqual(again.statuses, [SyncStatus.EQUAL])
        // Also where both share a connection, each counts its own bytes.
        assert.ok(again.bytesReceived < pulled.bytesReceived)
      })

      it('lists the connections that it opened', async () => {
        await using asking = await createNode(transport.serve())
        let open: ConnectionInfo[] = []
        const onProgress = () => {
          open = asking.connections()
        }
        await asking.sync(all[0]!.id, source.address, { onProgress })
        assert.deepEqual(
          open.map(({ caller, inbound }) => [caller.peer, caller.transport, inbound]),
          [[source.node.peer, transport.name === 'QUIC' ? 'iroh' : 'http', false]],
        )
        assert.deepEqual(asking.connections(), [])
      })

      it('makes a ticket, and syncs both ways with one', async () => {
        const { tree: made } = await caller.trees.createTree({
          name: 'mine',
          publicAccess: PublicAccess.WRITE,
        })
        const { ticket } = await caller.node.createTicket({ tree: made!.id })
        assert.deepEqual(parseTicket(ticket).addresses, serving.node.addresses())
        assert.equal(parseTicket(ticket).peer, serving.node.peer)
        const other = await source.dial(protocol)
        const result = await readAll(other.node.syncNow({ remote: ticket }))
        assert.equal(result.received, 1n)
        const payload = new Uint8Array(9)
        const change = { store: 'a', kind: '', payload }
        await other.trees.commit({ tree: made!.id, changes: [change] })
        await caller.trees.commit({ tree: made!.id, changes: [change] })
        const both = await readAll(other.node.syncNow({ remote: ticket, tree: made!.id }))
        assertFields(both, { received: 1n, sent: 1n, equal: true })
        await fails(caller.node.createTicket({ tree: noSuchTree }), 'UNKNOWN_TREE', 'NotFound')
        await fails(
          other.node.syncNow({ remote: ticket, tree: noSuchTree }),
          'INVALID_ARGUMENT',
          'InvalidArgument',
        )
      })

      it('reports what is wrong with a remote', async () => {
        const { node } = caller
        await fails(node.syncNow({ tree, remote: 'gopher://x' }), 'NO_TRANSPORT', 'FailedPrecondition')
        await fails(node.syncNow({ tree, remote: 'http://127.0.0.1:1' }), 'UNREACHABLE', 'Unavailable')
        await fails(node.syncNow({ tree, remote: 'http://h/path' }), 'BAD_ADDRESS', 'InvalidArgument')
        await fails(node.syncNow({ remote: source.address }), 'INVALID_ARGUMENT', 'InvalidArgument')
        await fails(node.syncNow({ tree, remote: 'causeway:?db=x' }), 'INVALID_ARGUMENT', 'InvalidArgument')
        const long = 'h'.repeat(limits.ticketBytes + 1)
        await fails(node.syncNow({ tree, remote: long }), 'LIMIT_EXCEEDED', 'InvalidArgument')
        await fails(node.syncNow({ tree: noSuchTree, remote: source.address }), 'UNKNOWN_TREE', 'NotFound')
      })

      it('refuses to verify an unknown tree', async () => {
        await fails(
          caller.node.verifyTree({ tree: new Uint8Array(3) }),
          'INVALID_ARGUMENT',
          'InvalidArgument',
        )
      })
    })
