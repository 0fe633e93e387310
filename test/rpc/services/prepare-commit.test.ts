/**
 * PrepareCommit and SubmitEntries: what a member has prepared, checks, signs and sends is stored as its own; bad input
 * with its code; and the ids by which a read can wait for what was written.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { hexToBytes } from '../../../src/dag/hex.ts'
import { idFromBytes, idToBytes } from '../../../src/dag/id.ts'
import { checkPrepared, signPrepared } from '../../../src/dag/prepared.ts'
import { shapes, testIdentity } from '../../kit/entries.ts'
import { fails } from '../../kit/rpc-errors.ts'
import { ServingNode } from '../../kit/serving-node.ts'

const [reader, writer] = [testIdentity(1), testIdentity(2)]
const change = { store: 'log', kind: 'add', payload: new Uint8Array([1, 2, 3]) }
const changes = [change]

async function start() {
  const serving = await ServingNode.start(undefined, { background: false })
  const { node } = serving
  const id = await node.createTree('private', PublicAccess.NONE)
  await node.grant(id, reader.peer, Permission.READ)
  await node.grant(id, writer.peer, Permission.WRITE)
  return {
    ...{ serving, node, id, tree: idToBytes(id) },
    trees: (await serving.dialAs(writer)).trees,
    async [Symbol.asyncDispose]() {
      const { problems } = serving
      await serving[Symbol.asyncDispose]()
      assert.deepEqual(problems, [])
    },
  }
}

describe('PrepareCommit', () => {
  it('returns a body on the tips, which its author signs and sends', async () => {
    await using lab = await start()
    const { node, id, tree, trees } = lab
    const tips = await node.tips(id)
    const { body, validMs } = await trees.prepareCommit({ tree, changes })
    assert.equal(validMs, limits.preparedMs)
    const asked = { tree: id, changes, parents: tips, nowMs: Date.now() }
    const entry = signPrepared(writer, body, asked)
    assert.equal((await node.tips(id)).includes(entry.id), false, 'nothing is written yet')
    await trees.submitEntries({ tree, entries: [entry.signed] })
    assert.deepEqual(await node.tips(id), [entry.id])
    // One that is sent late is as valid: it stands beside what came meanwhile.
    const late = signPrepared(writer, body, { ...asked, nowMs: Date.now() + 1_000 })
    assert.equal((await trees.submitEntries({ tree, entries: [late.signed] })).known, 1)
    const other = await trees.prepareCommit({ tree, changes, parents: tips.map(idToBytes) })
    const beside = signPrepared(writer, other.body, asked)
    await trees.submitEntries({ tree, entries: [beside.signed] })
    assert.equal((await node.tips(id)).length, beside.id === entry.id ? 1 : 2)
  })

  it('refuses what Commit refuses, and keys that may not write', async () => {
    await using lab = await start()
    const { tree, trees } = lab
    const prepare = (request: Parameters<typeof trees.prepareCommit>[0]) =>
      trees.prepareCommit({ tree, changes, ...request })
    await fails(prepare({ changes: [] }), 'ENTRY_CHANGES', 'InvalidArgument')
    for (const store of ['', '_policy', '_other'])
      await fails(prepare({ changes: [{ ...change, store }] }), 'ENTRY_CHANGES', 'InvalidArgument')
    const many = (count: number) => Array.from({ length: count }, () => ({ store: 'a' }))
    await prepare({ changes: many(limits.entryChanges) })
    await fails(prepare({ changes: many(limits.entryChanges + 1) }), 'ENTRY_CHANGES', 'InvalidArgument')
    const payload = new Uint8Array(limits.entryBodyBytes)
    await fails(prepare({ changes: [{ ...change, payload }] }), 'ENTRY_TOO_LARGE', 'InvalidArgument')
    const nowhere = new Uint8Array(32).fill(7)
    await fails(prepare({ parents: [nowhere] }), 'ENTRY_MISSING_PARENT', 'FailedPrecondition')
    const [tip] = (await lab.node.tips(lab.id)).map(idToBytes)
    await fails(prepare({ parents: [tip!, tip!] }), 'ENTRY_PARENTS', 'InvalidArgument')
    const tooMany = Array<Uint8Array>(limits.entryParents + 1).fill(tree)
    await fails(prepare({ parents: tooMany }), 'LIMIT_EXCEEDED', 'InvalidArgument')
    await fails(prepare({ tree: nowhere }), 'UNKNOWN_TREE', 'NotFound')
    const read = (await lab.serving.dialAs(reader)).trees
    const { data } = await fails(read.prepareCommit({ tree, changes }), 'FORBIDDEN', 'PermissionDenied')
    assert.deepEqual(data, { peer: reader.peer })
    // Where the tree did not yet name the key, it may not write.
    await fails(prepare({ parents: [tree] }), 'FORBIDDEN', 'PermissionDenied')
  })

  it('is for the caller’s own key; operators may name another', async () => {
    await using lab = await start()
    const { id, tree, trees, serving } = lab
    const author = hexToBytes(writer.peer)
    const asked = { tree: id, author: writer.peer, changes, nowMs: Date.now() }
    checkPrepared((await trees.prepareCommit({ tree, changes, author })).body, asked)
    const read = (await serving.dialAs(reader)).trees
    await fails(read.prepareCommit({ tree, changes, author }), 'FORBIDDEN', 'PermissionDenied')
    const nobody = (await serving.dialAs(undefined)).trees
    await fails(nobody.prepareCommit({ tree, changes, author }), 'UNAUTHENTICATED', 'Unauthenticated')
    const operator = (await serving.dial()).trees
    checkPrepared((await operator.prepareCommit({ tree, changes, author })).body, asked)
    await fails(operator.prepareCommit({ tree, changes }), 'FORBIDDEN', 'PermissionDenied')
    const short = author.subarray(1)
    await fails(
      operator.prepareCommit({ tree, changes, author: short }),
      'INVALID_ARGUMENT',
      'InvalidArgument',
    )
  })
})

describe('SubmitEntries', () => {
  it('names the last entries of the request, new or known', async () => {
    await using serving = await ServingNode.start()
    const { trees } = await serving.dial()
    const all = shapes.linear(limits.writtenIds + 5)
    const tree = idToBytes(all[0]!.id)
    const submit = async (some: typeof all) =>
      (await trees.submitEntries({ tree, entries: some.map(({ signed }) => signed) })).at.map(idFromBytes)
    const ids = all.map(({ id }) => id)
    assert.deepEqual(await submit(all.slice(0, limits.writtenIds)), ids.slice(0, limits.writtenIds))
    for (let round = 0; round < 2; round++) assert.deepEqual(await submit(all), ids.slice(-limits.writtenIds))
    assert.deepEqual(await submit([]), [])
  })
})
