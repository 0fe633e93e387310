/** Stores on a remote node, over real sockets, for a member of the tree that is no operator of the node. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CausewayError } from '../../../src/base/errors.ts'
import type { EntryId } from '../../../src/dag/id.ts'
import { type ConnectOptions, connectStores } from '../../../src/node/dialling/connect-stores.ts'
import { testIdentity } from '../../kit/entries.ts'
import { read, write } from '../../kit/policy.ts'
import { ServingNode, testCertificate, transports } from '../../kit/serving-node.ts'
import { TcpProxy } from '../../kit/tcp-proxy.ts'
import { until } from '../../kit/until.ts'
import { storesContract } from '../../state/api/contract.ts'

const member = testIdentity(1)
/** How to dial a node of `transports`. */
const dialling: ConnectOptions = {
  tls: { ca: testCertificate.cert },
  quic: { bind: '127.0.0.1:0', relay: 'off' },
}

/** Starts a node with a private tree that the member may write to. */
async function serveTree(transport = transports[0]) {
  const serving = await ServingNode.start(transport)
  const tree = await serving.node.createTree('t')
  await serving.node.grant(tree, member.peer, write)
  return { serving, node: serving.node, tree }
}

/** Starts such a node behind a proxy, and connects the member to the proxy. */
async function serveBehindProxy() {
  const { serving, node, tree } = await serveTree()
  const proxy = await TcpProxy.before(node)
  const stores = connectStores(proxy.address, member)
  return {
    ...{ node, tree, proxy, stores },
    async [Symbol.asyncDispose]() {
      await stores[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
      await serving[Symbol.asyncDispose]()
    },
  }
}

storesContract(
  'The stores of a remote node',
  async () => {
    const { serving, tree } = await serveTree()
    const stores = connectStores(serving.address, member)
    return {
      ...{ stores, tree },
      async [Symbol.asyncDispose]() {
        await stores[Symbol.asyncDispose]()
        await serving[Symbol.asyncDispose]()
      },
    }
  },
  { increments: 10 },
)

describe('A connection to the stores of a remote node', () => {
  for (const transport of transports)
    it(`is made over ${transport.name}, by an address or a ticket, under the caller's own key`, async () => {
      const { serving, node, tree } = await serveTree(transport)
      await using _ = serving
      for (const address of [serving.address, node.createTicket(tree)]) {
        await using stores = connectStores(address, member, dialling)
        const store = stores.open(tree, 's')
        const at = await store.put('a', address)
        const item = await store.get('a', { at })
        assert.deepEqual([item!.value, item!.author, [item!.version]], [address, member.peer, at])
      }
    })

  it('shows a stranger no tree, and lets a reader only read', async () => {
    const { serving, node, tree } = await serveTree()
    await using _ = serving
    await node.stores.open(tree, 's').put('a', 1)
    await using strange = connectStores(serving.address, testIdentity(2))
    const hidden = strange.open(tree, 's')
    for (const call of [() => hidden.get('a'), () => hidden.put('a', 2), () => hidden.list().next()])
      await assert.rejects(call(), { code: 'UNKNOWN_TREE' })
    const reader = testIdentity(3)
    await node.grant(tree, reader.peer, read)
    await using stores = connectStores(serving.address, reader)
    const store = stores.open(tree, 's')
    assert.equal((await store.get('a'))!.value, 1)
    await assert.rejects(store.put('a', 2), { code: 'FORBIDDEN' })
    assert.equal((await store.get('a'))!.value, 1)
  })

  it('is made once, by the first call, and again after it was lost', async () => {
    await using served = await serveBehindProxy()
    const { tree, proxy, stores } = served
    const store = stores.open(tree, 's')
    assert.equal(proxy.accepted, 0)
    await Promise.all([store.get('a'), store.get('b'), store.put('c', 1)])
    assert.equal(proxy.accepted, 1)
    const reading = store.get('a', { at: ['ab'.repeat(32) as EntryId], waitMs: 30_000 })
    const failing = assert.rejects(reading, { code: 'DISCONNECTED' })
    // Its answer shows that the call before it has been sent.
    await store.get('c')
    proxy.cut()
    await failing
    assert.equal((await store.get('c'))!.value, 1)
    assert.equal(proxy.accepted, 2)
  })

  it('leads to one node: the one that was named, or that answered first', async () => {
    const { serving, tree } = await serveTree()
    await using _ = serving
    await using wrong = connectStores(serving.address, member, { peer: testIdentity(9).peer })
    await assert.rejects(wrong.open(tree, 's').get('a'), { code: 'WRONG_PEER' })
    await using right = connectStores(serving.address, member, { peer: serving.node.peer })
    assert.equal(await right.open(tree, 's').get('a'), undefined)

    await using other = await ServingNode.start()
    const target = { ...serving.hostPort }
    await using proxy = await TcpProxy.start(target)
    await using first = connectStores(proxy.address, member)
    assert.equal(await first.open(tree, 's').get('a'), undefined)
    Object.assign(target, other.hostPort)
    proxy.cut()
    // The connection may still look open to the first call after the cut.
    const codes = new Set<string>()
    while (!codes.has('WRONG_PEER')) {
      const error = await first
        .open(tree, 's')
        .get('a')
        .then(
          () => assert.fail('The other node was asked.'),
          (thrown: CausewayError) => thrown,
        )
      assert.ok(['DISCONNECTED', 'WRONG_PEER'].includes(error.code), error.message)
      codes.add(error.code)
    }
  })

  it('ends with its calls when it is disposed', async () => {
    const { serving, tree } = await serveTree()
    await using _ = serving
    const stores = connectStores(serving.address, member)
    const store = stores.open(tree, 's')
    await store.put('a', 1)
    const watching = store.watch({ signal: new AbortController().signal })
    await watching.next()
    const ending = assert.rejects(
      async () => {
        for await (const _ of watching);
      },
      { code: 'CLOSED' },
    )
    await stores[Symbol.asyncDispose]()
    await ending
    await assert.rejects(store.get('a'), { code: 'CLOSED' })
    await stores[Symbol.asyncDispose]()
    const unused = connectStores(serving.address, member)
    await unused[Symbol.asyncDispose]()
  })

  it('refuses arguments of the wrong type, and an address that nothing can dial', async () => {
    for (const call of [
      () => connectStores(1 as never, member),
      () => connectStores('http://127.0.0.1:1', {} as never),
      () => connectStores('causeway:?x', member),
      () => connectStores('http://127.0.0.1:1', member, { peer: 'x' as never }),
    ])
      assert.throws(call, { code: 'INVALID_ARGUMENT' })
    await using nowhere = connectStores('nowhere', member)
    const tree = 'ab'.repeat(32) as EntryId
    await assert.rejects(nowhere.open(tree, 's').get('a'), { code: 'NO_TRANSPORT' })
  })

  it('reads its own write on another node, once a link has brought it there', async () => {
    const { serving, node, tree } = await serveTree()
    await using _ = serving
    await using other = await ServingNode.start()
    await node.grant(tree, other.node.peer, read)
    await using here = connectStores(serving.address, member)
    await using there = connectStores(other.address, member)
    const at = await here.open(tree, 's').put('a', 1)
    await other.node.link(node.createTicket(tree))
    await until('the tree is there', () => other.node.store.tree(tree) !== undefined)
    for (let value = 2; value < 6; value++) {
      const next = await here.open(tree, 's').put('a', value)
      assert.equal((await there.open(tree, 's').get('a', { at: [...at, ...next] }))!.value, value)
    }
  })
})

describe('A connection that is lost', () => {
  it('cuts no watch: it goes on where it was, and misses nothing', async () => {
    await using served = await serveBehindProxy()
    const { node, tree, proxy, stores } = served
    const local = node.stores.open(tree, 's')
    for (let index = 0; index < 5; index++) await local.put(`k${index}`, 'first')
    const stop = new AbortController()
    const seen: string[] = []
    let lists = 0
    for await (const { items, synced } of stores.open(tree, 's').watch({ signal: stop.signal })) {
      for (const item of items) seen.push(`${item.key} ${item.version && item.value}`)
      if (!synced) lists++
      if (synced && items.length === 0) {
        // What is written while nobody is connected, and after that.
        proxy.cut()
        await local.put('k0', 'while away')
        await local.delete('k1')
      }
      if (seen.includes('k1 undefined') && seen.includes('k0 while away') && !seen.includes('k2 again')) {
        proxy.cut()
        await local.put('k2', 'again')
      }
      if (seen.includes('k2 again')) stop.abort()
    }
    assert.equal(lists, 1)
    assert.deepEqual(seen.slice(0, 5), ['k0 first', 'k1 first', 'k2 first', 'k3 first', 'k4 first'])
    assert.deepEqual([...new Set(seen.slice(5))].sort(), ['k0 while away', 'k1 undefined', 'k2 again'])
    assert.equal(proxy.accepted, 3)
  })

  for (const expect of [undefined, null] as const)
    it(`before a write ${expect === null ? 'with a condition ' : ''}was answered leaves it written once`, async () => {
      await using served = await serveBehindProxy()
      const { node, tree, proxy, stores } = served
      const before = node.store.tree(tree)!.count
      node.once('entries', () => proxy.cut())
      const at = await stores.open(tree, 's').put('a', 1, { expect })
      assert.equal(proxy.accepted, 2)
      assert.equal(node.store.tree(tree)!.count, before + 1)
      assert.equal((await node.stores.open(tree, 's').get('a'))!.version, at[0])
    })

  it('for good before a write was answered says that nothing is known, and of which entry', async () => {
    await using served = await serveBehindProxy()
    const { node, tree, proxy, stores } = served
    node.once('entries', () => void proxy[Symbol.asyncDispose]())
    const error: CausewayError = await stores
      .open(tree, 's')
      .put('a', 1)
      .then(
        () => assert.fail('It was answered.'),
        (thrown) => thrown,
      )
    assert.equal(error.code, 'DISCONNECTED')
    assert.equal((await node.stores.open(tree, 's').get('a'))!.version, error.data.entry)
  })
})
