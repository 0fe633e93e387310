/** Members' addresses at a real node, by calls: whom it tells, what a watch says, and what attackers get and bring about. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { FindingSeverity, NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { idToBytes, type TreeId } from '../../../src/dag/id.ts'
import type { Identity } from '../../../src/dag/identity.ts'
import { readRecord, signRecord } from '../../../src/find/record.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { failureOf } from '../../kit/rpc-errors.ts'
import { type Caller, ServingNode, transports } from '../../kit/serving-node.ts'

const codeOf = async (call: Promise<unknown>) => (await failureOf(call)).code
const [self, ada, bob, revoked, stranger] = [31, 32, 33, 34, 35].map(testIdentity) as [
  Identity,
  Identity,
  Identity,
  Identity,
  Identity,
]

describe('A node that knows members of a tree', () => {
  let serving: ServingNode
  let tree: TreeId
  let open: TreeId
  const callers = new Map<Identity | undefined, Caller>()
  before(async () => {
    serving = await ServingNode.start(transports[0]!, { identity: self })
    const { node } = serving
    tree = await node.createTree('private')
    open = await node.createTree('public', PublicAccess.READ)
    for (const { peer } of [ada, bob, revoked]) await node.grant(tree, peer, Permission.READ)
    await node.revoke(tree, revoked.peer)
    for (const each of [ada, bob, revoked, stranger]) callers.set(each, await serving.dialAs(each))
    callers.set(undefined, await serving.dialAs(undefined))
  })
  after(() => serving[Symbol.asyncDispose]())

  let sequence = Date.now()
  const record = (identity: Identity, addresses = ['http://8.8.8.8:80']) =>
    signRecord(identity, { sequence: ++sequence, ttlSeconds: 86_400, near: true, addresses })
  const exchange = (as: Identity | undefined, of: TreeId, more: object = {}) =>
    callers.get(as)!.sync.exchangeAddresses({ tree: idToBytes(of), limit: 64, ...more })
  const told = async (as: Identity | undefined, of: TreeId) => {
    const { records } = await exchange(as, of)
    return Promise.all(records.map(async (each) => (await readRecord(each)).peer))
  }

  it('tells members alone where the others are, and links them if they have an address', async () => {
    await exchange(ada, tree, { own: record(ada), news: [record(bob, ['http://127.0.0.1:9'])] })
    assert.deepEqual(await told(bob, tree), [ada.peer])
    assert.deepEqual(await told(ada, tree), [bob.peer])
    for (const each of [revoked, stranger, undefined]) {
      for (const of of [tree, open, 'ab'.repeat(32) as TreeId]) assert.deepEqual(await told(each, of), [])
      assert.equal((await exchange(each, tree)).own, undefined)
    }
    while (serving.node.status().length < 2) await once(serving.node, 'status')
    assert.deepEqual(
      serving.node.status().map(({ peer }) => peer),
      [ada.peer, bob.peer].sort(),
    )
  })

  it('believes nobody who is no member, and no bad record', async () => {
    const before = serving.node.peers.list().length
    for (const each of [stranger, undefined]) await exchange(each, tree, { news: [record(bob)] })
    const forged = { ...record(bob), signature: record(ada).signature }
    const far = signRecord(bob, {
      ...{ sequence: Date.now() + limits.recordAheadMs + 60_000, ttlSeconds: 60 },
      ...{ near: true, addresses: [] },
    })
    const old = signRecord(bob, { sequence: 5, ttlSeconds: 60, near: true, addresses: [] })
    for (const bad of [forged, far, old])
      assert.equal(await codeOf(exchange(ada, tree, { news: [bad] })), 'PROTOCOL')
    for (const [field, value] of [
      ['news', Array(limits.newsRecords + 1).fill(record(bob))],
      ['limit', limits.answerRecords + 1],
    ] as const)
      assert.equal(await codeOf(exchange(ada, tree, { [field]: value })), 'LIMIT_EXCEEDED')
    await exchange(ada, tree, { news: [record(stranger)] })
    assert.equal(serving.node.peers.list().length, before)
    const { addresses } = serving.node.peers.get(bob.peer)!
    assert.deepEqual(
      addresses.map(({ address }) => address),
      ['http://127.0.0.1:9'],
    )
  })

  it('says so in watches of members when one has moved, and not to whoever told it', async () => {
    using _ = limited({ recordNewsMs: 0 })
    const watch = async (as: Identity) => {
      const stop = new AbortController()
      const trees = [{ tree: idToBytes(tree) }]
      const messages = callers.get(as)!.sync.watch({ trees }, { signal: stop.signal })
      const seen: Uint8Array[][] = []
      const iterator = messages[Symbol.asyncIterator]()
      await iterator.next()
      const reading = (async () => {
        try {
          for (;;) {
            const { value, done } = await iterator.next()
            if (done) return
            if (value.addressesChanged.length > 0) seen.push(value.addressesChanged)
          }
        } catch {
          // It was stopped.
        }
      })()
      const end = () => {
        stop.abort()
        return reading
      }
      return { seen, end }
    }
    const [mover, other, outside] = await Promise.all([ada, bob, stranger].map(watch))
    await exchange(ada, tree, { own: record(ada, ['http://9.9.9.9:80']) })
    while (other!.seen.length === 0) await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(
      other!.seen[0]!.map((id) => Buffer.from(id).toString('hex')),
      [tree],
    )
    await Promise.all([mover, other, outside].map((each) => each!.end()))
    assert.deepEqual([mover!.seen, outside!.seen], [[], []])
  })

  it('says that its key runs twice when records of another node overtake its own three times', async () => {
    const findings = async () => {
      const found = await createClient(NodeService, serving.node.rpc()).diagnose({})
      return found.findings.filter(({ topic }) => topic === 'key')
    }
    for (let turn = 0; turn < limits.recordTwinTimes; turn++) {
      assert.deepEqual(await findings(), [])
      sequence += 60_000
      await exchange(ada, tree, { news: [record(self)] })
      const { own } = await exchange(ada, tree)
      assert.equal((await readRecord(own!)).sequence > sequence, turn + 1 < limits.recordTwinTimes)
    }
    const [twice] = await findings()
    assert.equal(twice!.severity, FindingSeverity.PROBLEM)
  })
})
