/**
 * A node as a library: open and close, trees, commits, events, sync by address and by ticket, calls without a network,
 * and the data folder with its key and its lock.
 */
import { strict as assert } from 'node:assert'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import type { CausewayError, ErrorCode } from '../../src/base/errors.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { createNode } from '../../src/node/node.ts'
import { parseTicket } from '../../src/peer/ticket.ts'
import { assertFields } from '../kit/assert-fields.ts'
import { testIdentity } from '../kit/entries.ts'
import { fails } from '../kit/rpc-errors.ts'

const has = (code: ErrorCode) => (error: CausewayError) => {
  assert.equal(error.code, code, String(error))
  return true
}
const http = { host: '127.0.0.1', port: 0 }
const say = (text: string) => [{ store: 'log', kind: '', payload: new TextEncoder().encode(text) }]

describe('A node', () => {
  it('creates trees, commits, reads and verifies', async () => {
    await using node = await createNode()
    const tree = await node.createTree('notes', PublicAccess.READ)
    const added: number[] = []
    node.on('entries', (which, entries) => which === tree && added.push(entries.length))
    const first = await node.commit(tree, say('a'))
    const second = await node.commit(tree, say('b'))
    assert.deepEqual(second.body.parents, [first.id])
    assert.deepEqual(await node.tips(tree), [second.id])
    assert.deepEqual(added, [1, 1])
    const ids: string[] = []
    for await (const page of node.entries(tree)) ids.push(...page.map(({ id }) => id))
    assert.deepEqual(ids, [tree, first.id, second.id])
    const [details] = await node.trees()
    assert.deepEqual([details!.name, details!.publicAccess, details!.count], ['notes', PublicAccess.READ, 3])
    assert.deepEqual(await node.verify(tree), { checked: 3, problems: [] })
    assert.equal(await node.tree('00'.repeat(32) as TreeId), undefined)
  })

  it('syncs both ways with another node, by address and by ticket', async () => {
    await using a = await createNode({ http })
    await using b = await createNode()
    const tree = await a.createTree('shared', PublicAccess.WRITE)
    assert.throws(() => a.createTicket(tree), has('NOT_STARTED'))
    await a.listen()
    const ticket = a.createTicket(tree)
    assert.equal(parseTicket(ticket).peer, a.peer)
    const results: boolean[] = []
    b.on('sync', ({ equal }) => results.push(equal))
    await b.sync(undefined, ticket)
    await Promise.all([a.commit(tree, say('at a')), b.commit(tree, say('at b'))])
    const result = await b.sync(tree, a.addresses()[0]!)
    assertFields(result, { received: 1, sent: 1, equal: true })
    assert.deepEqual(await a.tips(tree), await b.tips(tree))
    assert.deepEqual(results, [true, true])
    await assert.rejects(b.sync(undefined, a.addresses()[0]!), has('INVALID_ARGUMENT'))
    await assert.rejects(b.sync(tree, a.addresses()[0]!, { signal: AbortSignal.abort() }), has('CANCELLED'))
    assert.throws(() => a.createTicket('00'.repeat(32) as TreeId), has('UNKNOWN_TREE'))
    assert.deepEqual(b.connections(), [])
  })

  it('ends a session that is cancelled in the middle', async () => {
    await using a = await createNode({ http })
    await using b = await createNode()
    await a.listen()
    const tree = await a.createTree('large', PublicAccess.WRITE)
    const payload = new Uint8Array(200_000)
    for (let count = 0; count < 40; count++) await a.commit(tree, [{ store: 's', kind: '', payload }])
    const stop = new AbortController()
    const options = { signal: stop.signal, onProgress: () => stop.abort() }
    await assert.rejects(b.sync(tree, a.addresses()[0]!, options), has('CANCELLED'))
    const kept = b.store.tree(tree)!.count
    assert.ok(kept < 41)
    assert.equal((await b.sync(tree, a.addresses()[0]!)).received, 41 - kept)
  })

  it('answers in-process calls with the same errors as over a network', async () => {
    await using node = await createNode()
    const problems: unknown[] = []
    node.on('problem', (error) => problems.push(error))
    const trees = createClient(TreeService, node.rpc())
    const { tree } = await trees.createTree({ name: 'a' })
    assert.equal(tree!.count, 1n)
    const failure = await fails(trees.getTree({ tree: new Uint8Array(32) }), 'UNKNOWN_TREE', 'NotFound')
    assert.equal(failure.data.tree, '00'.repeat(32))
    await fails(trees.watchTree({ tree: new Uint8Array(32) }), 'UNKNOWN_TREE', 'NotFound')
    const { requests } = await createClient(NodeService, node.rpc()).listAccessRequests({})
    assert.deepEqual(requests, [])
    assert.deepEqual(problems, [])
  })
})

describe('A data folder', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'causeway-node-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('keeps the key and the trees, and can be opened by one node at a time', async () => {
    const data = join(folder, 'deep', 'data')
    const first = await createNode({ data })
    const tree = await first.createTree('kept')
    await assert.rejects(createNode({ data }), has('STORE_LOCKED'))
    await first.close()
    assert.equal((await stat(join(data, 'identity.key'))).mode & 0o777, 0o600)
    await using again = await createNode({ data })
    assert.equal(again.peer, first.peer)
    assert.equal((await again.tree(tree))!.name, 'kept')
  })

  it('uses a given key, and refuses a malformed key file', async () => {
    const data = join(folder, 'given')
    const identity = testIdentity(4)
    await using node = await createNode({ data, identity })
    assert.equal(node.peer, identity.peer)
    const broken = join(folder, 'broken')
    await (await createNode({ data: broken })).close()
    const key = join(broken, 'identity.key')
    const text = await readFile(key, 'utf8')
    assert.match(text, /^[0-9a-f]{64}\n$/)
    await writeFile(key, 'nonsense')
    await assert.rejects(createNode({ data: broken }), has('STORE_CORRUPT'))
    // The lock was released.
    await writeFile(key, text)
    await (await createNode({ data: broken })).close()
  })
})
