/**
 * Vulnerabilities known from similar systems, each tried here without success: a handshake that signs what the caller
 * chose, entries accepted from anyone, made-up parents, private trees in lists, pushes to a peer that was refused, a
 * permission altered in transit, a proof replayed after a restart, a decompression bomb.
 */
import { strict as assert } from 'node:assert'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { AccessStatus } from '../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { verifyEd25519 } from '../../src/dag/crypto.ts'
import { signEntry } from '../../src/dag/entry.ts'
import { bytesToHex } from '../../src/dag/hex.ts'
import { type EntryId, idToBytes } from '../../src/dag/id.ts'
import { withDomain } from '../../src/dag/identity.ts'
import { createNode } from '../../src/node/node.ts'
import { makeToken } from '../../src/rpc/auth/token.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { tempFolder } from '../kit/peers.ts'
import { rawSession, request } from '../kit/raw-socket.ts'
import { fails, failureOf } from '../kit/rpc-errors.ts'
import { ServeProcess } from '../kit/serve-process.ts'
import { ServingNode, transports } from '../kit/serving-node.ts'

const [friend, stranger] = [testIdentity(61), testIdentity(62)]
const change = (payload: string) => ({ store: 'log', kind: '', payload: Buffer.from(payload) })

describe('Signing oracle', () => {
  it('a handshake signs nothing that is valid elsewhere, whatever nonce the caller chose', async () => {
    await using serving = await ServingNode.start()
    const { sync } = await serving.dialAs(undefined)
    const { peer } = serving.node
    const nonce = Buffer.from('causeway.entry.v1\0'.padEnd(32, 'x'))
    const answers = [await sync.handshake({ version: 2, nonce }), await sync.handshake({ version: 2, nonce })]
    // Half of what is signed is the server's own and never twice the same.
    assert.notDeepEqual(answers[0]!.nonce, answers[1]!.nonce)
    for (const { nonce: own, signature } of answers) {
      const both = Buffer.concat([nonce, own])
      assert.ok(await verifyEd25519(peer, withDomain('causeway.handshake.v2\0', both), signature))
      for (const message of [both, nonce, own, withDomain('causeway.entry.v1\0', both), withDomain('', both)])
        assert.ok(!(await verifyEd25519(peer, message, signature)))
      const body = Buffer.concat([nonce.subarray('causeway.entry.v1\0'.length), own])
      assert.ok(!(await verifyEd25519(peer, withDomain('causeway.entry.v1\0', body), signature)))
    }
    for (const length of [0, 31, 33, 1000])
      await fails(
        sync.handshake({ version: 2, nonce: new Uint8Array(length) }),
        'INVALID_ARGUMENT',
        'InvalidArgument',
      )
  })
})

describe('Open SendEntries', () => {
  for (const transport of transports)
    it(`a carrier makes no trees, and no author writes without the right to, over ${transport.name}`, async () => {
      await using serving = await ServingNode.start(transport)
      const { node } = serving
      const readable = await node.createTree('readable', PublicAccess.READ)
      const hidden = await node.createTree('hidden')
      const { sync } = await serving.dialAs(stranger)
      const own = new TreeBuilder({ author: stranger })
      const unknown = await fails(
        sync.sendEntries({ tree: idToBytes(own.root.id), entries: [own.root.signed] }),
        'UNKNOWN_TREE',
        'NotFound',
      )
      const written = (tree: EntryId) =>
        signEntry(stranger, { tree, parents: [tree], height: 1, createdAtMs: 1, changes: [change('mine')] })
      const refused = await fails(
        sync.sendEntries({ tree: idToBytes(hidden), entries: [written(hidden).signed] }),
        'UNKNOWN_TREE',
        'NotFound',
      )
      assert.equal(refused.rpc, unknown.rpc)
      const answer = await sync.sendEntries({
        tree: idToBytes(readable),
        entries: [written(readable).signed],
      })
      assert.deepEqual([answer.added, answer.refused.map(({ code }) => code)], [0, ['ENTRY_FORBIDDEN']])
      assert.deepEqual(
        node.store.trees().map(({ count }) => count),
        [1, 1],
      )
    })
})

describe('Poisoning with a made-up parent', () => {
  it('an entry on a parent that no peer has is refused by name, stored nowhere, and harmless', async () => {
    await using serving = await ServingNode.start()
    const { node } = serving
    const tree = await node.createTree('open', PublicAccess.WRITE)
    const { sync } = await serving.dialAs(stranger)
    const madeUp = 'ab'.repeat(32) as EntryId
    const before = await node.store.summary(tree)
    const entry = (parents: EntryId[], height: number) =>
      signEntry(stranger, {
        tree,
        parents: parents.sort(),
        height,
        createdAtMs: 1,
        changes: [change('poison')],
      })
    const poisons = [entry([madeUp], 1), entry([madeUp, tree], 1), entry([madeUp], 2 ** 40)]
    const onTop = entry([poisons[0]!.id], 2)
    const { added, refused } = await sync.sendEntries({
      tree: idToBytes(tree),
      entries: [...poisons, onTop].map(({ signed }) => signed),
    })
    assert.equal(added, 0)
    assert.deepEqual(
      refused.map(({ code }) => code),
      Array(4).fill('ENTRY_MISSING_PARENT'),
    )
    assert.deepEqual(await node.store.summary(tree), before)
    assert.deepEqual(
      await node.store.lookup([madeUp, ...poisons.map(({ id }) => id)]),
      Array(4).fill(undefined),
    )
    // The tree goes on, and no answer about it names the poison.
    const next = await node.commit(tree, [change('next')])
    assert.deepEqual(next.body.parents, [tree])
    await using other = await createNode({ identity: friend })
    assert.equal((await other.sync(tree, serving.address)).equal, true)
  })
})

describe('Private trees', () => {
  it('look in every call as if they did not exist, and no call lists them', async () => {
    await using serving = await ServingNode.start()
    const hidden = await serving.node.createTree('hidden')
    await serving.node.commit(hidden, [change('secret')])
    const absent = bytesToHex(new Uint8Array(32).fill(9)) as EntryId
    const { sync, trees, node } = await serving.dialAs(stranger)
    for (const call of [
      (tree: Uint8Array) => sync.syncTree({ tree }),
      (tree: Uint8Array) => sync.syncTree({ tree, tips: [tree], count: 1n, want: new Uint8Array(32) }),
      (tree: Uint8Array) => sync.sendEntries({ tree }),
      (tree: Uint8Array) => trees.getTree({ tree }),
      (tree: Uint8Array) => trees.listEntries({ tree }),
      (tree: Uint8Array) => trees.watchTree({ tree }),
      (tree: Uint8Array) => trees.submitEntries({ tree }),
      (tree: Uint8Array) => trees.commit({ tree }),
      (tree: Uint8Array) => node.createTicket({ tree }),
    ]) {
      const [of, none] = [await failureOf(call(idToBytes(hidden))), await failureOf(call(idToBytes(absent)))]
      const masked = (failure: object) =>
        JSON.stringify(failure).replace(/bafkrei[a-z2-7]{52}|[0-9a-f]{64}/g, 'ID')
      assert.equal(masked(of), masked(none))
    }
    assert.deepEqual((await trees.listTrees({})).trees, [])
    assert.deepEqual((await trees.getEntries({ ids: [idToBytes(hidden)] })).entries, [])
    for (const call of [() => node.getNode({}), () => node.watchStatus({})])
      await fails(call(), 'FORBIDDEN', 'PermissionDenied')
    assert.equal((await fetch(`${serving.address}/metrics`)).status, 404)
  })
})

describe('Push after refusal', () => {
  it('a peer whose right has ended receives nothing more, neither by a push nor by its watch', async () => {
    await using serving = await ServingNode.start()
    const { node } = serving
    const tree = await node.createTree('shared')
    await node.grant(tree, friend.peer, Permission.READ)
    await using other = await createNode({ identity: friend, http: { host: '127.0.0.1', port: 0 } })
    await other.listen()
    await other.sync(tree, serving.address)
    await node.addPeer(friend.peer, { addresses: other.addresses() })
    await node.link({ tree, peer: friend.peer }, { pull: false })
    await node.flush()
    const { sync } = await serving.dialAs(friend)
    const call = new AbortController()
    const watch = sync
      .watch({ trees: [{ tree: idToBytes(tree) }] }, { signal: call.signal })
      [Symbol.asyncIterator]()
    await watch.next()
    await watch.next()
    await node.revoke(tree, friend.peer)
    const { count } = other.store.tree(tree)!
    const outcome = watch.next().then(
      () => 'event',
      () => 'ended',
    )
    for (let round = 0; round < 5; round++) await node.commit(tree, [change(`after ${round}`)])
    const left = await node.flush({ timeoutMs: 2_000 })
    assert.deepEqual(
      left.map(({ parked }) => /may not read/.test(parked)),
      [true],
    )
    assert.ok(other.store.tree(tree)!.count <= count + 1, 'at most the entry that ended its right')
    await fails(sync.syncTree({ tree: idToBytes(tree) }), 'UNKNOWN_TREE', 'NotFound')
    call.abort()
    assert.equal(await outcome, 'ended')
  })
})

describe('Permission altered on the way', () => {
  it('the grant is what the admin saw: another permission is another request', async () => {
    await using serving = await ServingNode.start()
    const { node } = serving
    const tree = await node.createTree('private')
    const { sync } = await serving.dialAs(stranger)
    const operator = await serving.dial()
    const ask = (permission: Permission) => sync.requestAccess({ tree: idToBytes(tree), permission })
    const [asked, altered] = [await ask(Permission.READ), await ask(Permission.WRITE)]
    assert.notDeepEqual(asked.request, altered.request)
    await fails(
      operator.node.decideAccess({ id: asked.request, permission: Permission.READ }),
      'UNKNOWN_REQUEST',
      'NotFound',
    )
    // Nobody asks for admin, and nothing past what was asked is granted.
    await fails(ask(Permission.ADMIN), 'FORBIDDEN', 'PermissionDenied')
    await fails(
      operator.node.decideAccess({ id: altered.request, permission: Permission.ADMIN }),
      'INVALID_ARGUMENT',
      'InvalidArgument',
    )
    await operator.node.decideAccess({ id: altered.request, permission: Permission.READ })
    const granted = await ask(Permission.READ)
    assert.deepEqual([granted.status, granted.permission], [AccessStatus.GRANTED, Permission.READ])
    // And the grant is an entry that names the key and the permission.
    const policy = await node.store.policy(tree)
    assert.equal(policy!.permission(stranger.peer), Permission.READ)
  })
})

describe('Proof shown to another process of the same node', () => {
  it('is still spent after a restart, clean or not', async () => {
    await using folder = await tempFolder()
    await using serve = await ServeProcess.start(join(folder.path, 'node'))
    const proofs = await Promise.all([0, 1].map(() => makeToken(stranger, serve.peer as never, systemClock)))
    const status = async (proof: string) => {
      const response = await fetch(`${serve.address}/causeway.v1.NodeService/GetNode`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${proof}`,
          connection: 'close',
        },
        body: '{}',
      })
      return response.status
    }
    // Forbidden, since a stranger is no operator; but the proof held.
    assert.equal(await status(proofs[0]!), 403)
    await serve.end('SIGTERM')
    await serve.start()
    assert.equal(await status(proofs[0]!), 401)
    assert.equal(await status(proofs[1]!), 403)
    await serve.end('SIGKILL')
    await serve.start()
    for (const proof of proofs) assert.equal(await status(proof), 401)
  })
})

describe('Decompression bomb', () => {
  it('is abandoned at the bound of a message, unary and in a stream, also for a stranger', async () => {
    await using serving = await ServingNode.start()
    const session = await rawSession(serving)
    const bomb = gzipSync(Buffer.alloc(200_000_000))
    const before = process.memoryUsage().arrayBuffers
    const anonymous = { authorization: undefined }
    const unary = await request(
      session,
      {
        ...anonymous,
        ':path': '/causeway.v1.SyncService/SendEntries',
        'content-type': 'application/proto',
        'content-encoding': 'gzip',
      },
      bomb,
    )
    assert.equal(JSON.parse(unary.body).code, 'resource_exhausted')
    const head = Buffer.alloc(5)
    head[0] = 1
    head.writeUInt32BE(bomb.length, 1)
    const stream = await request(
      session,
      {
        ...anonymous,
        ':path': '/causeway.v1.SyncService/SyncTree',
        'content-type': 'application/connect+proto',
        'connect-content-encoding': 'gzip',
      },
      Buffer.concat([head, bomb]),
    )
    assert.match(stream.body, /resource_exhausted/)
    const grown = process.memoryUsage().arrayBuffers - before
    assert.ok(grown < 60_000_000, `${grown} bytes of buffers`)
    session.close()
    await serving.assertServing()
  })
})
