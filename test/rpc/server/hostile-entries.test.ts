/**
 * Entries that no honest peer sends, over the wire: every invalid golden vector with its code through SubmitEntries and
 * SendEntries, and pages that are unsorted, repeated or mixed. Only the good entries before a bad one are stored.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { expandBytes, readEntryVectors } from '../../../conformance/vectors/format.ts'
import { readEntry, type SignedEntry } from '../../../src/dag/entry.ts'
import { hexToBytes } from '../../../src/dag/hex.ts'
import { idToBytes, type TreeId } from '../../../src/dag/id.ts'
import { shapes, TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { fails, failureOf } from '../../kit/rpc-errors.ts'
import { type Caller, protocols, ServingNode } from '../../kit/serving-node.ts'

const vectors = readEntryVectors()
const signedOf = (
  vector: (typeof vectors.invalid)[number] | (typeof vectors.valid)[number],
): SignedEntry => ({
  body: expandBytes(vector.body),
  signature: expandBytes(vector.signature),
})

for (const protocol of protocols)
  describe(`Hostile entries with ${protocol}`, () => {
    let serving: ServingNode
    let sync: Caller['sync']
    let trees: Caller['trees']
    /** The tree that most vectors belong to, with all valid ones of it that have their parents. */
    const tree = hexToBytes(vectors.valid[0]!.id)
    before(async () => {
      serving = await ServingNode.start()
      ;({ sync, trees } = await serving.dial(protocol))
      for (const vector of vectors.valid) {
        if (vector.alone) continue
        const home = vector.fields.tree ?? vector.id
        await trees.submitEntries({ tree: hexToBytes(home), entries: [signedOf(vector)] })
      }
    })
    after(async () => {
      assert.deepEqual(serving.problems, [])
      await serving.assertServing()
      await serving[Symbol.asyncDispose]()
    })
    const state = () => serving.node.store.trees()

    it('answers every invalid golden vector with its code, and stores none', async () => {
      const before = state()
      for (const vector of vectors.invalid) {
        if (vector.decidedBy === 'parents') continue
        const entries = [signedOf(vector)]
        // What its tree's policy decides is sound otherwise, and for its own tree.
        const home = vector.decidedBy === 'policy' ? idToBytes(readEntry(entries[0]!).tree) : tree
        const { refused } = await sync.sendEntries({ tree: home, entries })
        assert.deepEqual(
          refused.map(({ index, code }) => ({ index, code })),
          [{ index: 0, code: vector.code }],
          vector.name,
        )
        const { code } = await failureOf(trees.submitEntries({ tree: home, entries }))
        assert.equal(code, vector.code, vector.name)
      }
      assert.deepEqual(state(), before)
    })

    it('refuses an entry that contradicts its parents', async () => {
      const builder = new TreeBuilder({ seed: `parents ${protocol}` })
      const other = new TreeBuilder({ seed: `other ${protocol}` })
      const id = idToBytes(builder.root.id)
      const entry = builder.add()
      for (const { root } of [builder, other])
        await trees.submitEntries({ tree: idToBytes(root.id), entries: [root.signed] })
      // An entry of another tree, for this tree; a root for this tree; this tree's entry for another.
      await fails(
        trees.submitEntries({ tree: id, entries: [other.add().signed] }),
        'ENTRY_TREE',
        'InvalidArgument',
      )
      await fails(
        trees.submitEntries({ tree: id, entries: [other.root.signed] }),
        'ENTRY_TREE',
        'InvalidArgument',
      )
      const sent = await sync.sendEntries({ tree: idToBytes(other.root.id), entries: [entry.signed] })
      assert.equal(sent.refused[0]!.code, 'ENTRY_TREE')
      assert.equal(serving.node.store.tree(builder.root.id)!.count, 1)
      await fails(
        trees.submitEntries({ tree: new Uint8Array(32), entries: [other.root.signed] }),
        'ENTRY_TREE',
        'InvalidArgument',
      )
    })

    it('keeps the good entries before a bad one, and names the bad one', async () => {
      const all = shapes.linear(10, { seed: `mixed ${protocol}` })
      const tree = idToBytes(all[0]!.id)
      const entries = all.map(({ signed }) => signed)
      const forged = { ...entries[5]!, signature: Uint8Array.from(entries[5]!.signature) }
      forged.signature[40]! ^= 1
      const page = [...entries.slice(0, 5), forged, ...entries.slice(6)]
      const failure = await fails(
        trees.submitEntries({ tree, entries: page }),
        'ENTRY_SIGNATURE',
        'InvalidArgument',
      )
      assert.deepEqual([failure.data.index, failure.data.added], ['5', '5'])
      assert.equal(serving.node.store.tree(all[0]!.id)!.count, 5)
      const { refused, added } = await sync.sendEntries({ tree, entries: page })
      assert.equal(added, 0)
      assert.deepEqual(
        refused.map(({ index, code }) => [index, code]),
        [5, 6, 7, 8, 9, 10].map((index) => [index, index === 5 ? 'ENTRY_SIGNATURE' : 'ENTRY_MISSING_PARENT']),
      )
    })

    it('accepts no child before its parent, and no entry twice', async () => {
      const all = shapes.linear(6, { seed: `order ${protocol}` })
      const tree = idToBytes(all[0]!.id)
      const entries = all.map(({ signed }) => signed)
      await trees.submitEntries({ tree, entries: entries.slice(0, 1) })
      const backwards = await sync.sendEntries({ tree, entries: entries.slice(1).reverse() })
      assert.equal(backwards.added, 1)
      assert.ok(backwards.refused.every(({ code }) => code === 'ENTRY_MISSING_PARENT'))
      const twice = await sync.sendEntries({ tree, entries: [...entries, ...entries] })
      assert.deepEqual([twice.added, twice.added + twice.known], [5, entries.length * 2])
      assert.equal(serving.node.store.tree(all[0]!.id)!.count, 7)
    })

    it('refuses an author who signs for another', async () => {
      const builder = new TreeBuilder({ seed: `author ${protocol}` })
      const mine = builder.add([builder.root], { author: testIdentity(1) })
      const signature = testIdentity(2).sign('causeway.entry.v1\0', mine.signed.body)
      const id = builder.root.id as TreeId
      await trees.submitEntries({ tree: idToBytes(id), entries: [builder.root.signed] })
      const forged = { body: mine.signed.body, signature }
      await fails(
        trees.submitEntries({ tree: idToBytes(id), entries: [forged] }),
        'ENTRY_SIGNATURE',
        'InvalidArgument',
      )
      assert.equal(serving.node.store.tree(id)!.count, 1)
    })
  })
