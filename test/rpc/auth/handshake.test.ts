/**
 * The handshake: a server proves its key to the caller, and each way to fail has its own code, in the handshake itself
 * and in a sync after it.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { HandshakeResponse } from '../../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { CausewayError, ErrorCode } from '../../../src/base/errors.ts'
import { verifyEd25519 } from '../../../src/dag/crypto.ts'
import { bytesToHex } from '../../../src/dag/hex.ts'
import { withDomain } from '../../../src/dag/identity.ts'
import { createNode } from '../../../src/node/node.ts'
import { formatTicket } from '../../../src/peer/ticket.ts'
import { bindingOf } from '../../../src/rpc/auth/binding.ts'
import { shakeHands } from '../../../src/rpc/client/handshake.ts'
import { testIdentity } from '../../kit/entries.ts'
import { FakePeer } from '../../kit/fake-peer.ts'
import { fails } from '../../kit/rpc-errors.ts'
import { protocols, ServingNode, transports } from '../../kit/serving-node.ts'

const has = (code: ErrorCode) => (error: CausewayError) => {
  assert.equal(error.code, code, String(error))
  return true
}

for (const transport of transports)
  for (const protocol of protocols)
    describe(`The handshake over ${transport.name} with ${protocol}`, () => {
      it('proves the key over both nonces', async () => {
        await using serving = await ServingNode.start(transport)
        const { sync, connection } = await serving.dial(protocol)
        const binding = bindingOf(connection.channel)
        const nonce = systemClock.randomBytes(32)
        const answer = await sync.handshake({ version: 2, binding, nonce })
        assert.equal(answer.version, 2)
        assert.equal(bytesToHex(answer.peer), serving.node.peer)
        const message = withDomain(
          'causeway.handshake.v2\0',
          Buffer.concat([nonce, answer.nonce, Buffer.from(binding)]),
        )
        assert.ok(await verifyEd25519(serving.node.peer, message, answer.signature))
        const again = await sync.handshake({ version: 2, binding, nonce })
        assert.notDeepEqual(again.nonce, answer.nonce)
        const clock = systemClock
        assert.equal(await shakeHands(connection, { clock, expected: serving.node.peer }), serving.node.peer)
        await assert.rejects(
          shakeHands(connection, { clock, expected: testIdentity(5).peer }),
          has('WRONG_PEER'),
        )
      })

      it('refuses a nonce that is too short or too long, and a request without a version', async () => {
        await using serving = await ServingNode.start(transport)
        const { sync, connection } = await serving.dial(protocol)
        const binding = bindingOf(connection.channel)
        for (const length of [0, 31, 33])
          await fails(
            sync.handshake({ version: 2, binding, nonce: new Uint8Array(length) }),
            'INVALID_ARGUMENT',
            'InvalidArgument',
          )
        await fails(
          sync.handshake({ binding, nonce: new Uint8Array(32) }),
          'INVALID_ARGUMENT',
          'InvalidArgument',
        )
        // A newer caller receives the version that this node speaks, and decides.
        const newer = await sync.handshake({ version: 7, binding, nonce: new Uint8Array(32) })
        assert.equal(newer.version, 2)
      })
    })

describe('A sync', () => {
  const syncWith = async (change: (answer: HandshakeResponse) => void) => {
    await using fake = await FakePeer.start({ handshake: change })
    await using node = await createNode()
    const tree = await node.createTree('a')
    await node.sync(tree, formatTicket({ tree, addresses: [fake.address] }))
  }

  it('ends when the remote cannot prove its key', async () => {
    const cases: ((answer: HandshakeResponse) => void)[] = [
      (answer) => answer.signature.fill(0),
      (answer) => (answer.signature[0]! ^= 1),
      (answer) => (answer.signature = answer.signature.subarray(1)),
      (answer) => (answer.peer = Buffer.from(testIdentity(1).peer, 'hex')),
      (answer) => (answer.peer = new Uint8Array(0)),
      (answer) => (answer.nonce = new Uint8Array(32)),
      (answer) => (answer.nonce = new Uint8Array(0)),
      (answer) => Object.assign(answer, { peer: new Uint8Array(32), signature: new Uint8Array(64) }),
    ]
    for (const change of cases) await assert.rejects(syncWith(change), has('WRONG_PEER'))
  })

  it('ends when the remote speaks another version', async () => {
    for (const version of [0, 1, 3])
      await assert.rejects(
        syncWith((answer) => (answer.version = version)),
        has('INCOMPATIBLE'),
      )
  })

  for (const transport of transports)
    it(`ends when the ticket names another peer, over ${transport.name}`, async () => {
      await using serving = await ServingNode.start(transport)
      const tree = await serving.node.createTree('a', PublicAccess.WRITE)
      await using node = await createNode({ ...transport.serve() })
      const ticket = formatTicket({ tree, peer: testIdentity(9).peer, addresses: [serving.address] })
      await assert.rejects(node.sync(undefined, ticket), has('WRONG_PEER'))
      const honest = formatTicket({ tree, peer: serving.node.peer, addresses: [serving.address] })
      assert.equal((await node.sync(undefined, honest)).equal, true)
    })
})
