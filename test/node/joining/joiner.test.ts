/**
 * Joining in virtual time: a node that wants to join a tree asks until an admin decides, with growing pauses, while the
 * peer is away and across restarts. What the tree's policy says takes precedence over the peer's answer.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { AccessAnswer } from '../../../src/access/desk.ts'
import { Joins } from '../../../src/access/joins.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { Joiner, type JoinStanding } from '../../../src/node/joining/joiner.ts'
import { Lab, type LabNode } from '../../dispatcher/lab.ts'
import { TreeBuilder } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'

const pending: AccessAnswer = { status: 'pending', request: '01', permission: 0, reason: '' }
const rejected: AccessAnswer = { status: 'rejected', request: '01', permission: 0, reason: 'no' }
const granted: AccessAnswer = {
  ...{ status: 'granted', request: '', permission: Permission.READ, reason: '' },
}

let lab: Lab
let admin: LabNode
let node: LabNode
let tree: TreeBuilder
let joins: Joins
let joiner: Joiner
/** The peer's answer. */
let answer: AccessAnswer | CausewayError
/** When the peer was asked, and the standings that were reported. */
let askedAt: number[]
let standings: JoinStanding[]
/** What the tree's policy, as this node has it, grants this node. */
let permission: Permission

beforeEach(async () => {
  lab = new Lab()
  tree = new TreeBuilder()
  admin = await lab.node(tree.root)
  node = await lab.node()
  ;[askedAt, standings, answer, permission] = [[], [], pending, Permission.UNSPECIFIED]
  await node.book.add(admin.peer, { addresses: ['lab:1'] })
  await open()
})
afterEach(async () => {
  await joiner.close()
  await lab.close()
})

async function open(): Promise<void> {
  const { store, links, clock, dispatcher } = node
  joins = await Joins.open(node.db)
  joiner = new Joiner({
    ...{ store, links, clock, dispatcher, joins },
    ask: async () => {
      askedAt.push(clock.monotonic())
      if (answer instanceof CausewayError) throw answer
      return answer
    },
    permission: async () => permission,
    onChange: (standing) => standings.push(standing),
  })
  joiner.start()
}

const join = (which: TreeId = tree.root.id, wanted = Permission.READ) =>
  joiner.join({ tree: which, peer: admin.peer, permission: wanted, message: '' })
const away = new CausewayError('UNREACHABLE', 'Nobody answers.')
const waiting = () => joiner.waitReason(tree.root.id, admin.peer)

describe('Joining', () => {
  it('links and syncs a tree that the node may read, and asks no more', async () => {
    answer = granted
    const standing = await join()
    assert.deepEqual([standing.status, standing.permission], ['granted', Permission.READ])
    await lab.clock.until(() => node.store.tree(tree.root.id) !== undefined)
    await lab.clock.advance(10 * limits.joinBackoffCapMs)
    assert.equal(askedAt.length, 1)
    assert.deepEqual([joins.list(), waiting()], [[], undefined])
  })

  it('asks again, less and less often, until an admin decides', async () => {
    assert.equal((await join()).status, 'pending')
    assert.equal(waiting()!.code, 'ACCESS_PENDING')
    assert.match(waiting()!.message, /request 01 waits/)
    await lab.clock.advance(limits.joinBackoffCapMs * 20)
    const pauses = askedAt.slice(1).map((at, index) => at - askedAt[index]!)
    assert.ok(pauses.every((pause) => pause <= limits.joinBackoffCapMs))
    assert.ok(Math.max(...pauses) > limits.joinBackoffCapMs / 2, 'the pauses become long')
    assert.ok(pauses.length > 20 && pauses.length < 120, `${pauses.length} times`)
    assert.equal(standings.length, 1, 'the same answer is reported once')
    answer = rejected
    await lab.clock.until(() => standings.at(-1)!.status === 'rejected', 2 * limits.joinBackoffCapMs)
    assert.equal(waiting()!.code, 'ACCESS_REJECTED')
    assert.match(waiting()!.message, /no$/)
    const asked = askedAt.length
    await lab.clock.advance(limits.joinBackoffCapMs * 10)
    assert.equal(askedAt.length, asked, 'a rejected join is not asked again')
    // The program joins again.
    answer = granted
    assert.equal((await join()).status, 'granted')
  })

  it('continues after a restart', async () => {
    await join()
    await joiner.close()
    answer = rejected
    const asked = askedAt.length
    await lab.clock.advance(limits.joinBackoffCapMs * 2)
    assert.equal(askedAt.length, asked, 'it is closed')
    await open()
    await lab.clock.until(() => waiting()!.code === 'ACCESS_REJECTED')
    await joiner.close()
    await open()
    await lab.clock.advance(limits.joinBackoffCapMs * 2)
    assert.equal(askedAt.length, asked + 1, 'a rejected join is left alone')
  })

  it('waits for a peer that is away, and asks once it can be reached', async () => {
    answer = away
    const standing = await join()
    assert.deepEqual([standing.status, standing.error?.code], ['pending', 'UNREACHABLE'])
    assert.match(waiting()!.message, /has not been asked/)
    await lab.clock.advance(limits.joinBackoffCapMs * 10)
    answer = granted
    const asked = askedAt.length
    joiner.onContact(admin.peer)
    await lab.clock.advance(0)
    assert.equal(askedAt.length, asked + 1)
    assert.equal(standings.at(-1)!.status, 'granted')
  })

  it('ends when its link is removed', async () => {
    await join()
    await node.dispatcher.unlink(tree.root.id, admin.peer)
    const asked = askedAt.length
    await lab.clock.advance(limits.joinBackoffCapMs)
    assert.deepEqual([askedAt.length, joins.list()], [asked, []])
  })

  it('follows the policy that comes with the tree', async () => {
    await join(tree.root.id, Permission.WRITE)
    permission = Permission.WRITE
    await node.store.append(tree.root.id, [tree.root])
    await lab.clock.settle()
    const { status, permission: given } = standings.at(-1)!
    assert.deepEqual([status, given, askedAt.length], ['granted', Permission.WRITE, 1])
    assert.deepEqual(joins.list(), [])
  })

  it('asks again immediately when the policy grants less', async () => {
    await join(tree.root.id, Permission.WRITE)
    permission = Permission.READ
    answer = { ...granted, reason: 'look first' }
    await node.store.append(tree.root.id, [tree.root])
    await lab.clock.advance(0)
    assert.equal(askedAt.length, 2)
    const { status, permission: given, reason } = standings.at(-1)!
    assert.deepEqual([status, given, reason], ['granted', Permission.READ, 'look first'])
  })

  it('is limited to a number of trees', async () => {
    using _ = limited({ joins: 1 })
    await join()
    await join()
    await assert.rejects(join('ab'.repeat(32) as TreeId), { code: 'LIMIT_EXCEEDED' })
    await node.dispatcher.unlink(tree.root.id, admin.peer)
    await lab.clock.advance(limits.joinBackoffCapMs)
    await join('ab'.repeat(32) as TreeId)
  })
})
