/** ListEntries of a range of heights, in both orders and over several pages, and outlines of entries. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { EntryView } from '../../../../gen/causeway/v1/tree_pb.ts'
import { idToBytes } from '../../../../src/dag/id.ts'
import { TreeBuilder } from '../../../kit/entries.ts'
import { fails } from '../../../kit/rpc-errors.ts'
import { type Caller, ServingNode } from '../../../kit/serving-node.ts'

/** Three entries at each height from 1 on. */
const builder = new TreeBuilder({ seed: 'ranges' })
const payload = new Uint8Array(40_000).fill(7)
let below = [builder.root]
for (let height = 1; height <= 10; height++) {
  const parents = below
  below = [0, 1, 2].map((index) =>
    builder.add(parents, { changes: [{ store: `s${index}`, kind: 'k', payload }] }),
  )
}
const tree = idToBytes(builder.root.id)

describe('ListEntries of a range of heights', () => {
  let serving: ServingNode
  let trees: Caller['trees']
  before(async () => {
    serving = await ServingNode.start(undefined, { background: false })
    trees = (await serving.dial()).trees
    for (const { signed } of builder.entries) await trees.submitEntries({ tree, entries: [signed] })
  })
  after(() => serving[Symbol.asyncDispose]())

  async function heights(request: Parameters<typeof trees.listEntries>[0]): Promise<number[]> {
    const found: number[] = []
    let pageToken = ''
    do {
      const page = await trees.listEntries({ tree, view: EntryView.OUTLINE, ...request, pageToken })
      found.push(...page.entries.map(({ body }) => Number(body!.height)))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    return found
  }

  for (const newestFirst of [false, true])
    for (const pageSize of [0, 2])
      it(`has exactly its entries, newest first: ${newestFirst}, pages of ${pageSize || 'all'}`, async () => {
        const listed = await heights({ minHeight: 4n, maxHeight: 6n, newestFirst, pageSize })
        const expected = [4, 4, 4, 5, 5, 5, 6, 6, 6]
        assert.deepEqual(listed, newestFirst ? expected.reverse() : expected)
      })

  it('takes either bound alone, and one that holds nothing', async () => {
    assert.deepEqual(await heights({ minHeight: 10n }), [10, 10, 10])
    assert.deepEqual(await heights({ maxHeight: 0n, newestFirst: true }), [0])
    assert.deepEqual(await heights({ maxHeight: 0n }), [0])
    assert.deepEqual(await heights({ minHeight: 11n }), [])
    assert.deepEqual(await heights({ minHeight: 6n, maxHeight: 5n }), [])
    const all = (await heights({ minHeight: 0n, maxHeight: 2n ** 53n - 1n, newestFirst: true })).length
    assert.equal(all, 31)
    await fails(trees.listEntries({ tree, minHeight: 2n ** 60n }), 'INVALID_ARGUMENT', 'InvalidArgument')
  })

  it('shows outlines without payloads, as many as fit, however large the entries are', async () => {
    const { entries, nextPageToken } = await trees.listEntries({ tree, view: EntryView.OUTLINE })
    assert.deepEqual([entries.length, nextPageToken], [31, ''])
    const { body, signed } = entries.at(-1)!
    assert.equal(signed, undefined)
    assert.equal(body!.parents.length, 3)
    assert.deepEqual(
      body!.changes.map(({ store, kind, payload: shown }) => [store[0], kind, shown.length]),
      [['s', 'k', 0]],
    )
    const whole = await trees.listEntries({ tree, view: EntryView.BODY })
    assert.ok(whole.entries.length < 31)
  })
})
