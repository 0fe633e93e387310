/** The client against real nodes, over real sockets, from Node. test/browser runs it in a browser. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { testIdentity } from '../../../test/kit/entries.ts'
import { write } from '../../../test/kit/policy.ts'
import { ServingNode, testCertificate, transports } from '../../../test/kit/serving-node.ts'
import { TcpProxy } from '../../../test/kit/tcp-proxy.ts'
import { all, storesContract } from '../../../test/state/api/contract.ts'
import {
  CausewayError,
  type Client,
  connect,
  Key,
  Permission,
  parseId,
  parseTicket,
  proto,
} from '../src/index.ts'

const member = Key.fromSeed(testIdentity(1).seed)
const http = transports.slice(0, 2)

/** Starts a node with a private tree that the member may write to, and connects the member to it. */
async function start(transport = http[0]!, through = (address: string) => address) {
  const serving = await ServingNode.start(transport)
  const tree = await serving.node.createTree('notes')
  await serving.node.grant(tree, member.peer, write)
  const client = connect(through(serving.address), { key: member, ca: testCertificate.cert })
  return {
    ...{ serving, node: serving.node, tree, client },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await serving[Symbol.asyncDispose]()
    },
  }
}

const fails = (code: string) => (error: unknown) => {
  assert.ok(error instanceof CausewayError, String(error))
  assert.equal(error.code, code, error.message)
  return true
}

storesContract(
  'The stores of a client',
  async () => {
    const { client, tree, [Symbol.asyncDispose]: dispose } = await start()
    return { stores: client.stores, tree, [Symbol.asyncDispose]: dispose }
  },
  { increments: 5 },
)

for (const transport of http)
  describe(`A client over ${transport.name}`, () => {
    it('proves both keys on its first call, and is refused by another node', async () => {
      await using box = await start(transport)
      assert.equal(await box.client.peer(), box.node.peer)
      const peer = testIdentity(9).peer
      await using wrong = connect(box.serving.address, { key: member, peer, ca: testCertificate.cert })
      await assert.rejects(wrong.peer(), fails('WRONG_PEER'))
    })

    it('lists trees and entries, verified, and takes whole trees', async () => {
      await using box = await start(transport)
      const { client, node, tree } = box
      for (let n = 0; n < 5; n++)
        await node.commit(tree, [{ store: 'log', kind: '', payload: Uint8Array.of(n) }])
      const shown = await client.trees.get(tree)
      assert.deepEqual(
        [shown.id, shown.name, shown.count, shown.publicAccess],
        [tree, 'notes', 7, PublicAccess.NONE],
      )
      assert.deepEqual(await all(client.trees.list()), [shown])
      const log = await all(client.trees.entries(tree, { stores: ['log'], newestFirst: true }))
      assert.deepEqual(
        log.map(({ entry }) => entry.body.changes[0]!.payload[0]),
        [4, 3, 2, 1, 0],
      )
      const whole = await client.trees.fetch(tree)
      assert.deepEqual([whole.count, whole.tipsDigest], [7, shown.tipsDigest])
      assert.deepEqual(whole.entries(), whole.standing())
    })
  })

describe('A client', () => {
  it('sees nothing of a private tree without a key, and public trees', async () => {
    await using box = await start()
    const open = await box.node.createTree('open', PublicAccess.READ)
    await using stranger = connect(box.serving.address)
    assert.deepEqual(
      (await all(stranger.trees.list())).map(({ id }) => id),
      [open],
    )
    await assert.rejects(stranger.trees.fetch(box.tree), fails('UNKNOWN_TREE'))
    await assert.rejects(stranger.stores.open(open, 's').put('a', 1), fails('UNAUTHENTICATED'))
  })

  it('writes an entry that it signed itself, which its node and others take', async () => {
    await using box = await start()
    const { client, tree } = box
    const whole = await client.trees.fetch(tree)
    const changes = [{ store: 'log', kind: 'line', payload: Uint8Array.of(1) }]
    const entry = await member.signEntry({ ...whole.place(), createdAtMs: Date.now(), changes })
    whole.add(entry)
    const sent = await client.trees.submit(tree, [entry], { durable: true })
    assert.deepEqual(sent, { added: 1, known: 0, at: [entry.id] })
    assert.equal((await client.trees.get(tree)).tipsDigest, whole.tipsDigest)
    await assert.rejects(
      client.trees.submit(tree, [
        await Key.generate().signEntry({ ...whole.place(), createdAtMs: 1, changes }),
      ]),
      fails('ENTRY_FORBIDDEN'),
    )
    // Another node, of which its own operator makes the tree.
    await using other = await ServingNode.start()
    await using operator = connect(other.address, { key: other.operator })
    assert.deepEqual(await operator.trees.push(tree, whole.entries()), { added: 3, known: 0 })
    assert.deepEqual(await operator.trees.push(tree, whole.entries()), { added: 0, known: 3 })
    assert.equal((await operator.trees.get(tree)).tipsDigest, whole.tipsDigest)
  })

  it('finds void entries as the node does', async () => {
    await using box = await start()
    const { client, node, tree } = box
    await client.stores.open(tree, 's').put('a', 1)
    const before = await client.trees.fetch(tree)
    const late = await member.signEntry({
      ...before.place(),
      createdAtMs: 1,
      changes: [{ store: 's', kind: '', payload: new Uint8Array(1) }],
    })
    await using operator = connect(box.serving.address, { key: box.serving.operator })
    await node.revoke(tree, member.peer)
    await operator.trees.submit(tree, [late])
    const whole = await operator.trees.fetch(tree)
    const shown = await all(operator.trees.entries(tree, { includeVoid: true }))
    const standing = shown.filter(({ isVoid }) => !isVoid).map(({ entry }) => entry.id)
    assert.equal(shown.length - standing.length, 1)
    assert.deepEqual(
      whole.standing().map(({ id }) => id),
      standing,
    )
    assert.ok(whole.get(late.id) !== undefined && !standing.includes(late.id))
  })

  it('goes on with a watch when its connection is lost, and ends with its signal', async () => {
    await using box = await start()
    const { node, tree } = box
    await using proxy = await TcpProxy.before(node)
    await using client: Client = connect(proxy.address, { key: member })
    const over = new AbortController()
    const sequences: number[] = []
    for await (const { entries, sequence } of client.trees.watch(tree, { signal: over.signal })) {
      sequences.push(...entries.map(() => sequence))
      if (entries.length === 0) continue
      if (sequences.length < 4) {
        proxy.cut()
        await node.commit(tree, [{ store: 'log', kind: '', payload: Uint8Array.of(1) }])
      } else over.abort()
    }
    assert.equal(sequences.length, 4)
    await assert.rejects(client.trees.get(tree, { signal: over.signal }), fails('CANCELLED'))
  })

  it('calls any service of the contract, with its key', async () => {
    await using box = await start()
    await using operator = connect(box.serving.address, { key: box.serving.operator })
    const service = await operator.service(proto.NodeService)
    assert.equal(Buffer.from((await service.getNode({})).peer).toString('hex'), box.node.peer)
    await using stranger = connect(box.serving.address, { key: member })
    const refused = await stranger.service(proto.NodeService)
    await assert.rejects(refused.getNode({}))
  })

  it('asks for access, and has it by an invitation', async () => {
    await using box = await start()
    const { READ, WRITE } = Permission
    const other = await box.node.createTree('other')
    const waits = { status: 'pending', permission: Permission.UNSPECIFIED, reason: '' } as const
    assert.deepEqual(await box.client.trees.requestAccess(other, WRITE, { message: 'It is me' }), waits)
    const ticket = await box.node.invite(other, READ)
    const { invitation } = parseTicket(ticket)
    const answer = await box.client.trees.requestAccess(other, READ, { invitation })
    assert.deepEqual([answer.status, answer.permission], ['granted', READ])
    assert.equal((await box.client.trees.get(other)).name, 'other')
    await using stranger = connect(box.serving.address)
    await assert.rejects(stranger.trees.requestAccess(other, READ), fails('UNAUTHENTICATED'))
  })

  it('keeps its key in a file, of which two programs at once use the first', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-key-'))
    try {
      const path = join(folder, 'new/app.key')
      const keys = await Promise.all([Key.open(path), Key.open(path), Key.open(path)])
      keys.push(await Key.open(path))
      assert.equal(new Set(keys.map(({ peer }) => peer)).size, 1)
      assert.deepEqual(readdirSync(join(folder, 'new')), ['app.key'])
      assert.equal(statSync(path).mode & 0o777, 0o600)
      writeFileSync(path, 'not a key')
      await assert.rejects(Key.open(path), fails('INVALID_ARGUMENT'))
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('is made by a ticket, and refuses what is none', async () => {
    await using box = await start()
    await using client = connect(box.node.createTicket(box.tree), { key: member })
    assert.equal((await client.trees.get(box.tree)).name, 'notes')
    assert.throws(() => connect('causeway:?db=x'), fails('INVALID_ARGUMENT'))
    assert.throws(() => connect('http://localhost', { peer: 'x' }), fails('INVALID_ARGUMENT'))
    assert.throws(() => parseId('x'), fails('INVALID_ARGUMENT'))
    await using nobody = connect('http://127.0.0.1:1', { key: member })
    await assert.rejects(nobody.peer(), fails('UNREACHABLE'))
  })
})
