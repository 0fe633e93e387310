/**
 * Somebody stands between two nodes, with an address and a certificate of its own, and passes handshakes and tokens on.
 * Neither side believes what passed it, whatever the caller wants, over TLS and over QUIC; a proxy that the operator
 * named passes everything.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { ErrorDetailSchema } from '../../../gen/causeway/v1/error_pb.ts'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { CausewayError } from '../../../src/base/errors.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import type { NodeOptions } from '../../../src/node/options.ts'
import type { LinkStatus } from '../../../src/peer/links.ts'
import { formatTicket } from '../../../src/peer/ticket.ts'
import { makeToken } from '../../../src/rpc/auth/token.ts'
import { RpcConnection } from '../../../src/rpc/client/connection.ts'
import { shakeHands } from '../../../src/rpc/client/handshake.ts'
import { certificateHashOfPem } from '../../../src/transport/certificate.ts'
import { createHttpTransport } from '../../../src/transport/http.ts'
import { createIrohTransport } from '../../../src/transport/iroh/iroh.ts'
import type { Transport } from '../../../src/transport/transport.ts'
import { testIdentity } from '../../kit/entries.ts'
import { rawSession, request } from '../../kit/raw-socket.ts'
import { Relay, relayCertificate } from '../../kit/relay.ts'
import { failureOf } from '../../kit/rpc-errors.ts'
import { type NamedTransport, ServingNode, testCertificate, transports } from '../../kit/serving-node.ts'

const [, tls, quic] = transports as [NamedTransport, NamedTransport, NamedTransport]
const [alice, mallory] = [testIdentity(71), testIdentity(72)]
/** Both certificates come from authorities that everybody trusts, as any address of the relay would. */
const trusted = { ca: [testCertificate.cert, relayCertificate.cert] }
const quicOptions = { bind: '127.0.0.1:0', relay: 'off' } as const

interface Between {
  readonly serving: ServingNode
  readonly relay: Relay
  readonly tree: TreeId
  readonly ticket: string
  /** The node of the caller who is given the relay's address. */
  readonly node: Node
}

/** Runs a test with a node that serves a private tree of which Alice may read, and with a relay in front of it. */
async function between(
  options: { transport?: NamedTransport; binding?: (serving: ServingNode) => string; node?: NodeOptions },
  run: (between: Between) => Promise<void>,
): Promise<void> {
  await using serving = await ServingNode.start(options.transport ?? tls, {
    operators: [alice.peer],
    ...options.node,
  })
  const tree = await serving.node.createTree('private')
  await serving.node.grant(tree, alice.peer, Permission.READ)
  await serving.node.commit(tree, [{ store: 'log', kind: '', payload: Buffer.from('secret') }])
  const binding = options.binding?.(serving)
  await using relay = await Relay.start({
    dial: () => serving.dialStream(mallory),
    ...(binding !== undefined && { binding }),
  })
  await using node = await createNode({ identity: alice, tls: trusted, quic: quicOptions })
  const ticket = formatTicket({ tree, peer: serving.node.peer, addresses: [relay.address] })
  await run({ serving, relay, tree, ticket, node })
}

const wrongPeer = (error: CausewayError) => {
  assert.equal(error.code, 'WRONG_PEER', String(error))
  return true
}

/** Nobody has proven to be Alice, and nothing of the tree came out. */
function assertNothingPassed({ serving, relay, node, tree }: Between): void {
  assert.deepEqual(
    serving.node.connections().flatMap(({ caller }) => (caller.peer === alice.peer ? [caller.peer] : [])),
    [],
  )
  assert.deepEqual(
    relay.answered.filter((path) => !path.endsWith('/Handshake')),
    [],
  )
  assert.equal(node.store.tree(tree), undefined)
}

const relays = [
  { name: 'that changes nothing', transport: tls },
  { name: 'that changes the binding', transport: tls, binding: ({ node }: ServingNode) => node.binding },
  { name: 'that reaches the node over QUIC', transport: quic },
  { name: 'that reaches the node over QUIC and changes the binding', transport: quic, binding: () => '' },
]

for (const { name, ...options } of relays)
  describe(`A relay ${name}`, () => {
    it('gets nothing by a sync', () =>
      between(options, async (all) => {
        await assert.rejects(all.node.sync(undefined, all.ticket), wrongPeer)
        await assert.rejects(all.node.sync(all.tree, all.relay.address), wrongPeer)
        assertNothingPassed(all)
      }))

    it('gets nothing by a link', () =>
      between(options, async (all) => {
        const tried = new Promise<LinkStatus>((resolve) =>
          all.node.on('status', (status) => {
            if (status.lastError !== undefined || status.inSync) resolve(status)
          }),
        )
        await all.node.link(all.ticket)
        assert.equal((await tried).lastError?.code, 'WRONG_PEER')
        assertNothingPassed(all)
      }))

    it('gets no request for access by a join', () =>
      between(options, async (all) => {
        const standing = await all.node.join(all.ticket)
        assert.equal(standing.status, 'pending')
        assert.equal(standing.request, '')
        assert.deepEqual(all.serving.node.requests.list(), [])
        assertNothingPassed(all)
      }))

    it('is not taken for the node behind it by peer add', () =>
      between(options, async (all) => {
        await assert.rejects(all.node.addPeer(undefined, { addresses: [all.relay.address] }), wrongPeer)
        assert.deepEqual(all.node.peers.list(), [])
        assertNothingPassed(all)
      }))

    it('makes no call of an operator, now or with the token later', () =>
      between(options, async (all) => {
        const { serving, relay } = all
        const transport = createHttpTransport({ tls: trusted })
        const connection = new RpcConnection(await transport.dial(relay.address), { clock: systemClock })
        await assert.rejects(shakeHands(connection, { clock: systemClock }), wrongPeer)
        // A careless caller goes on.
        connection.prove((binding) => makeToken(alice, serving.node.peer, systemClock, { binding }))
        const refusal = await failureOf(connection.client(TreeService).createTree({ name: 'by the relay' }))
        assert.deepEqual([refusal.code, refusal.data.reason], ['UNAUTHENTICATED', 'binding'])
        const [token] = relay.tokens
        const own = await serving.dialAs(undefined)
        for (const call of [
          own.trees.createTree({ name: 'stolen' }, { headers: { authorization: token! } }),
          own.sync.syncTree({ tree: Buffer.from(all.tree, 'hex') }, { headers: { authorization: token! } }),
        ]) {
          const stolen = await failureOf(call)
          assert.deepEqual([stolen.code, stolen.data.reason], ['UNAUTHENTICATED', 'binding'])
        }
        assert.equal(serving.node.store.trees().length, 1)
        assertNothingPassed(all)
        connection.close()
        await transport.close()
      }))
  })

describe('A relay that is dialled over QUIC', () => {
  for (const transport of [tls, quic])
    it(`is not taken for the node that it reaches over ${transport.name}`, () =>
      between({ transport, binding: ({ node }) => node.binding }, async (all) => {
        const { serving, relay, tree, node } = all
        const endpoint = createIrohTransport({ identity: mallory, ...quicOptions })
        await endpoint.listen(({ stream }) => relay.serve(stream))
        const [address] = endpoint.addresses()
        const ticket = formatTicket({ tree, peer: serving.node.peer, addresses: [address!] })
        await assert.rejects(node.sync(undefined, ticket), wrongPeer)
        await assert.rejects(node.sync(tree, address!), wrongPeer)
        await assert.rejects(node.addPeer(undefined, { addresses: [address!] }), wrongPeer)
        assertNothingPassed(all)
        await endpoint.close()
      }))
})

describe('A proxy that ends TLS', () => {
  const proxy = certificateHashOfPem(relayCertificate.cert)
  const plain = { transport: transports[0]! }

  it('passes handshakes and tokens if the operator named its certificate', () =>
    between({ ...plain, node: { tlsBindings: [proxy] } }, async ({ node, ticket, tree }) => {
      assert.equal((await node.sync(undefined, ticket)).equal, true)
      assert.equal(node.store.tree(tree)!.count, 3)
    }))

  it('passes none otherwise, and the refusal says how to name it', () =>
    between(plain, async (all) => {
      await assert.rejects(all.node.sync(undefined, all.ticket), (error: CausewayError) => {
        assert.deepEqual([error.code, error.data.reason], ['WRONG_PEER', 'binding'])
        assert.match(error.message, /--tls-binding/)
        assert.ok(error.message.includes(proxy.slice(0, 20)))
        return true
      })
      assertNothingPassed(all)
    }))
})

describe('A token that names a host', () => {
  /** Lists trees with such a token, as a browser or a library would. Returns `ok`, or the reason of the refusal. */
  const call = async (
    options: NodeOptions,
    binding: string,
    { origin, header, host = 'node.example' }: { origin?: string; header?: string; host?: string } = {},
  ) => {
    await using serving = await ServingNode.start(tls, { operators: [alice.peer], ...options })
    const session = await rawSession(serving, trusted)
    const token = await makeToken(alice, serving.node.peer, systemClock, {
      binding,
      ...(origin !== undefined && { origin }),
    })
    const answer = await request(
      session,
      {
        ':path': '/causeway.v1.TreeService/ListTrees',
        ':authority': host,
        'content-type': 'application/json',
        authorization: `Bearer ${token}`,
        ...(header !== undefined && { origin: header }),
      },
      '{}',
    )
    session.destroy()
    if (answer.status === 200) return 'ok'
    const { details } = JSON.parse(answer.body) as { details: { value: string }[] }
    const { code, data } = fromBinary(ErrorDetailSchema, Buffer.from(details[0]!.value, 'base64'))
    return data.reason ?? code
  }
  const named = { allowedHosts: ['Node.Example'], corsOrigins: ['https://app.example'] }

  it('is accepted only by a node that was given the name', async () => {
    assert.equal(await call(named, 'host:node.example'), 'ok')
    assert.equal(await call({}, 'host:node.example', { host: 'localhost' }), 'binding')
    for (const other of [
      'host:',
      'host:relay.example',
      'host:NODE.example',
      'node.example',
      'host:node.example:443',
    ])
      assert.equal(await call(named, other), 'binding')
  })

  it('from a web page is accepted only from an origin that the node was given', async () => {
    const page = 'https://app.example'
    assert.equal(await call(named, 'host:node.example', { origin: page, header: page }), 'ok')
    // A page states its origin, and its browser states the same.
    assert.equal(await call(named, 'host:node.example', { header: page }), 'binding')
    assert.equal(
      await call(named, 'host:node.example', { origin: page, header: 'https://node.example' }),
      'binding',
    )
    const other = 'https://relay.example'
    assert.equal(await call(named, 'host:node.example', { origin: other, header: other }), 'FORBIDDEN')
    assert.equal(
      await call({ allowedHosts: ['node.example'] }, 'host:node.example', { origin: page }),
      'binding',
    )
  })
})

describe('Plain HTTP that leaves this machine', () => {
  /** HTTP on loopback whose channels look, on both sides, as if they left the machine. */
  const exposed = (transport: Transport): Transport => ({
    name: 'exposed',
    canHandleAddress: (address) => transport.canHandleAddress(address),
    dial: async (...args) => ({ ...(await transport.dial(...args)), protection: { kind: 'none' } }),
    listen: (accept) => transport.listen((channel) => accept({ ...channel, protection: { kind: 'none' } })),
    stop: () => transport.stop(),
    addresses: () => transport.addresses(),
    close: () => transport.close(),
  })
  const anyPort = { host: '127.0.0.1', port: 0 }

  for (const insecure of [false, true])
    it(`carries ${insecure ? 'proven calls after --insecure' : 'no proven call without --insecure'}`, async () => {
      const server = exposed(createHttpTransport({ listen: anyPort }))
      const node = await createNode({
        operators: [alice.peer],
        transports: [server],
        ...(insecure && { http: { ...anyPort, insecure } }),
      })
      const open = await node.createTree('open', PublicAccess.READ)
      await node.listen()
      const address = server.addresses()[0]!
      const channel = await exposed(createHttpTransport()).dial(address)
      await using connection = new RpcConnection(channel, { clock: systemClock })
      const sync = connection.client(SyncService)
      // What is public needs no proof.
      for await (const _ of sync.syncTree({ tree: Buffer.from(open, 'hex') }));
      const shake = shakeHands(connection, { clock: systemClock })
      if (insecure) assert.equal(await shake, node.peer)
      else await assert.rejects(shake, wrongPeer)
      for (const binding of ['insecure', '', 'host:127.0.0.1', `tls:${'00'.repeat(32)}`]) {
        const token = await makeToken(alice, node.peer, systemClock, { binding })
        const headers = { authorization: `Bearer ${token}` }
        const calling = connection.client(TreeService).listTrees({}, { headers })
        if (insecure && (binding === 'insecure' || binding === '')) await calling
        else assert.equal((await failureOf(calling)).data.reason, 'binding')
      }
      await node.close(0)
    })
})
