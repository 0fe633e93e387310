/**
 * The policy's calls, and their immediate effect on all other calls: a reader is served, a peer that lost the right is
 * not, an entry needs its author's right and never its carrier's, and void entries are left out unless requested.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { Permission, PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import { EntryView } from '../../../../gen/causeway/v1/tree_pb.ts'
import { rightsOf } from '../../../../src/access/rights.ts'
import { RightsGuard } from '../../../../src/access/rights-guard.ts'
import { limits } from '../../../../src/base/limits.ts'
import type { SignedEntry, VerifiedEntry } from '../../../../src/dag/entry.ts'
import { signEntry } from '../../../../src/dag/entry.ts'
import { hexToBytes } from '../../../../src/dag/hex.ts'
import { formatId, idToBytes, type TreeId } from '../../../../src/dag/id.ts'
import { createIdentity, type Identity } from '../../../../src/dag/identity.ts'
import { placeFor } from '../../../../src/store/author/place.ts'
import { limited } from '../../../kit/limited.ts'
import { fails, failureOf } from '../../../kit/rpc-errors.ts'
import { type Caller, ServingNode } from '../../../kit/serving-node.ts'

const log = [{ store: 'log', kind: '', payload: new Uint8Array(1) }]
const peerOf = (identity: Identity) => new Uint8Array(hexToBytes(identity.peer))

describe('The policy', () => {
  let serving: ServingNode
  let operator: Caller
  let id: TreeId
  let tree: Uint8Array
  before(async () => {
    serving = await ServingNode.start()
    operator = await serving.dial()
    id = await serving.node.createTree('private', PublicAccess.NONE)
    tree = new Uint8Array(idToBytes(id))
  })
  after(async () => {
    assert.deepEqual(serving.problems, [])
    await serving[Symbol.asyncDispose]()
  })
  const give = (identity: Identity, permission: Permission, name = '') =>
    operator.node.changePolicy({ tree, grants: [{ peer: peerOf(identity), permission, name }] })
  const revoke = (identity: Identity) => operator.node.revokeKey({ tree, peer: peerOf(identity) })
  /** An entry by somebody on top of the tree as it is now. */
  const write = async (author: Identity): Promise<SignedEntry> => {
    const { parents, height, policy } = await placeFor(serving.node.store, id)
    return signEntry(author, { tree: id, parents, height, policy, createdAtMs: 1, changes: log }).signed
  }

  it('is read and changed by call', async () => {
    const friend = createIdentity()
    await give(friend, Permission.WRITE, 'Bea')
    await operator.node.changePolicy({ tree, publicAccess: PublicAccess.READ })
    const policy = await operator.node.getPolicy({ tree })
    assert.deepEqual([policy.publicAccess, policy.own], [PublicAccess.READ, Permission.ADMIN])
    const { permission, name, revoked } = policy.members.find(({ peer }) =>
      Buffer.from(peer).equals(Buffer.from(friend.peer, 'hex')),
    )!
    assert.deepEqual([permission, name, revoked], [Permission.WRITE, 'Bea', false])
    assert.equal((await operator.trees.getTree({ tree })).tree!.publicAccess, PublicAccess.READ)
    await operator.node.changePolicy({ tree, publicAccess: PublicAccess.NONE })
  })

  it('says which entry it is that says so', async () => {
    const friend = createIdentity()
    const entryOf = async () => {
      const { members } = await operator.node.getPolicy({ tree })
      const member = members.find(({ peer }) => Buffer.from(peer).equals(Buffer.from(friend.peer, 'hex')))!
      return Buffer.from(member.entry).toString('hex')
    }
    const hexOf = ({ entry }: { entry: Uint8Array }) => Buffer.from(entry).toString('hex')
    const opening = async () =>
      Buffer.from((await operator.node.getPolicy({ tree })).publicAccessEntry).toString('hex')
    const given = await give(friend, Permission.READ)
    assert.equal(await entryOf(), hexOf(given))
    await give(createIdentity(), Permission.READ)
    assert.equal(await entryOf(), hexOf(given))
    const revoked = await revoke(friend)
    assert.equal(await entryOf(), hexOf(revoked))
    const opened = await operator.node.changePolicy({ tree, publicAccess: PublicAccess.READ })
    assert.equal(await opening(), hexOf(opened))
    const closed = await operator.node.changePolicy({ tree, publicAccess: PublicAccess.NONE })
    assert.equal(await opening(), hexOf(closed))
    const other = await serving.node.createTree('silent about everybody')
    const { publicAccessEntry } = await operator.node.getPolicy({ tree: idToBytes(other) })
    assert.equal(Buffer.from(publicAccessEntry).toString('hex'), other)
  })

  it('accepts only meaningful changes', async () => {
    const peer = peerOf(createIdentity())
    const change = (request: Parameters<typeof operator.node.changePolicy>[0]) =>
      operator.node.changePolicy({ tree, ...request })
    await fails(change({}), 'INVALID_ARGUMENT', 'InvalidArgument')
    await fails(change({ publicAccess: 9 as PublicAccess }), 'INVALID_ARGUMENT', 'InvalidArgument')
    await fails(
      change({ grants: [{ peer, permission: 9 as Permission }] }),
      'INVALID_ARGUMENT',
      'InvalidArgument',
    )
    await fails(change({ grants: [{ peer: peer.slice(1) }] }), 'INVALID_ARGUMENT', 'InvalidArgument')
    await fails(change({ grants: [{ peer }, { peer }] }), 'INVALID_ARGUMENT', 'InvalidArgument')
    await fails(change({ grants: [{ peer, name: 'n'.repeat(129) }] }), 'INVALID_ARGUMENT', 'InvalidArgument')
    const many = Array.from({ length: limits.policyKeys + 1 }, () => ({ peer }))
    await fails(change({ grants: many }), 'LIMIT_EXCEEDED', 'InvalidArgument')
    const nowhere = new Uint8Array(32).fill(7)
    await fails(operator.node.getPolicy({ tree: nowhere }), 'UNKNOWN_TREE', 'NotFound')
    await fails(operator.node.revokeKey({ tree: nowhere, peer }), 'UNKNOWN_TREE', 'NotFound')
  })

  it('opens and closes a tree to a reader immediately, for calls and for pushes', async () => {
    const reader = createIdentity()
    const guard = new RightsGuard(serving.node.store, rightsOf(serving.node.store))
    const { sync } = await serving.dialAs(reader)
    const unknown = await failureOf(sync.syncTree({ tree: new Uint8Array(32).fill(7) }))
    const closed = async () => {
      const { rpc, code, message } = await failureOf(sync.syncTree({ tree }))
      assert.deepEqual([rpc, code], [unknown.rpc, unknown.code])
      const nowhere = formatId('07'.repeat(32) as TreeId)
      assert.equal(message.replace(formatId(id), ''), unknown.message.replace(nowhere, ''))
      assert.equal((await guard.withholdReason(id, reader.peer))?.code, 'FORBIDDEN')
    }
    await closed()
    await give(reader, Permission.READ)
    for await (const _ of sync.syncTree({ tree }));
    assert.equal(await guard.withholdReason(id, reader.peer), undefined)
    await revoke(reader)
    await closed()
  })

  it('requires the right to write of an entry’s author, and of its carrier only the right to read', async () => {
    const [writer, reader, stranger] = [createIdentity(), createIdentity(), createIdentity()]
    await give(writer, Permission.WRITE)
    await give(reader, Permission.READ)
    const carried = await serving.dialAs(reader)
    const send = async (caller: Caller, signed: SignedEntry) => {
      const { added, refused } = await caller.sync.sendEntries({ tree, entries: [signed] })
      return refused[0]?.code ?? `added ${added}`
    }
    assert.equal(await send(carried, await write(writer)), 'added 1')
    assert.equal(await send(carried, await write(reader)), 'ENTRY_FORBIDDEN')
    assert.equal(await send(carried, await write(stranger)), 'ENTRY_FORBIDDEN')
    const outside = await serving.dialAs(stranger)
    await fails(send(outside, await write(writer)), 'UNKNOWN_TREE', 'NotFound')
    const submit = operator.trees.submitEntries({ tree, entries: [await write(reader)] })
    await fails(submit, 'ENTRY_FORBIDDEN', 'PermissionDenied')
  })

  it('lets the node write and administer only where its own key may', async () => {
    const owner = createIdentity()
    await using other = await ServingNode.start(undefined, { identity: owner })
    const theirs = await other.node.createTree('theirs', PublicAccess.READ)
    await serving.node.sync(theirs, other.address)
    const foreign = new Uint8Array(idToBytes(theirs))
    await fails(operator.trees.commit({ tree: foreign, changes: log }), 'FORBIDDEN', 'PermissionDenied')
    const open = { tree: foreign, publicAccess: PublicAccess.WRITE }
    await fails(operator.node.changePolicy(open), 'FORBIDDEN', 'PermissionDenied')
    await fails(
      operator.node.revokeKey({ tree: foreign, peer: peerOf(owner) }),
      'FORBIDDEN',
      'PermissionDenied',
    )
    assert.equal((await operator.node.getPolicy({ tree: foreign })).own, Permission.READ)
  })

  it('leaves void entries out of lists and watches unless requested, and reports policy changes', async () => {
    const writer = createIdentity()
    await give(writer, Permission.WRITE)
    const late = await write(writer)
    const { lastAccepted } = await revoke(writer)
    assert.deepEqual(lastAccepted, [])
    const from = (await operator.trees.getTree({ tree })).tree!.sequence
    const arrived: unknown[] = []
    serving.node.once('entries', (_, added) => arrived.push(...added))
    await operator.trees.submitEntries({ tree, entries: [late] })
    assert.deepEqual(arrived, [])
    const listed = async (includeVoid: boolean) => {
      const { entries } = await operator.trees.listEntries({
        tree,
        includeVoid,
        newestFirst: true,
        pageSize: 1000,
      })
      return entries.filter(({ isVoid }) => isVoid).length
    }
    assert.deepEqual([await listed(false), await listed(true)], [0, 1])
    const watched = async (includeVoid: boolean, afterSequence: bigint) => {
      for await (const message of operator.trees.watchTree({ tree, includeVoid, afterSequence }))
        return [message.entries.length, message.policyChanged]
    }
    assert.deepEqual(await watched(false, from), [0, false])
    assert.deepEqual(await watched(true, from), [1, false])
    assert.deepEqual((await watched(true, from - 1n))![1], true)
  })

  it('lists void entries alone, in pages and both orders', async () => {
    const own = await serving.node.createTree('voids', PublicAccess.NONE)
    const writer = createIdentity()
    await serving.node.grant(own, writer.peer, Permission.WRITE)
    const late: VerifiedEntry[] = []
    for (const size of [1, 40_000, 2, 3]) {
      const { parents, height, policy } = await placeFor(serving.node.store, own)
      const changes = [{ store: size === 2 ? 'other' : 'log', kind: '', payload: new Uint8Array(size) }]
      const fields = { tree: own, parents, height: height + late.length, policy, createdAtMs: 1, changes }
      const last = late.length === 0 ? parents : [late.at(-1)!.id]
      late.push(signEntry(writer, { ...fields, parents: last }))
    }
    const [one, ...rest] = late.map(({ signed }) => signed)
    await operator.trees.submitEntries({ tree: idToBytes(own), entries: [one!] })
    await serving.node.revoke(own, writer.peer)
    await operator.trees.submitEntries({ tree: idToBytes(own), entries: rest })
    await serving.node.commit(own, log)
    const list = async (request: object) => {
      const found: bigint[] = []
      let pageToken = ''
      do {
        const page = await operator.trees.listEntries({
          ...{ tree: idToBytes(own), onlyVoid: true, view: EntryView.OUTLINE, pageToken },
          ...request,
        })
        for (const { isVoid, body } of page.entries) {
          assert.ok(isVoid)
          found.push(body!.height)
        }
        pageToken = page.nextPageToken
      } while (pageToken !== '')
      return found
    }
    for (const pageSize of [0, 1, 2]) {
      assert.deepEqual(await list({ pageSize }), [3n, 4n, 5n])
      assert.deepEqual(await list({ pageSize, newestFirst: true }), [5n, 4n, 3n])
    }
    assert.deepEqual(await list({ minHeight: 4n, maxHeight: 4n }), [4n])
    assert.deepEqual(await list({ stores: ['other'] }), [4n])
    const none = await serving.node.createTree('no voids')
    assert.deepEqual(await list({ tree: idToBytes(none) }), [])
    using _ = limited({ pageBytes: 1_000, listedBytes: 1_000 })
    assert.deepEqual(await list({ view: EntryView.BODY }), [3n, 4n, 5n])
  })
})
