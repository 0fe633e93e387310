/** The contract of an engine: what the DAG store relies on, called directly with planned pages. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { entryBytes, type VerifiedEntry } from '../../../src/dag/entry.ts'
import { comparePositions, type EntryId, type Position } from '../../../src/dag/id.ts'
import type { BatchOperation, Engine, StoredEntry } from '../../../src/store/engine/engine.ts'
import type { Arrival, IndexRecord } from '../../../src/store/engine/records.ts'
import { planPage } from '../../../src/store/page.ts'
import { newTree, type TreeState } from '../../../src/store/tree-state.ts'
import { prng, shapes, shuffleParentsFirst, TreeBuilder, testIdentity, tipsOf } from '../../kit/entries.ts'
import { grant, policyChange, revoke, write } from '../../kit/policy.ts'

export type OnEngine = (test: (engine: Engine) => Promise<void>) => Promise<void>

/** A tree that is written page by page without a store, and what it should hold. */
class Pages {
  readonly engine: Engine
  readonly state: TreeState
  readonly stored: VerifiedEntry[] = []
  readonly voids = new Set<EntryId>()
  private readonly index = new Map<EntryId, IndexRecord>()

  constructor(engine: Engine, number: number) {
    this.engine = engine
    this.state = newTree(number)
  }

  get number(): number {
    return this.state.record.number
  }

  /** Appends a page, with small records. */
  async append(entries: readonly VerifiedEntry[], beside: readonly BatchOperation[] = []): Promise<void> {
    const { record, tips, policy, pointsStored, stale } = this.state
    const draft = this.engine.draft(record.number)
    const [tree, authors] = [entries[0]!.tree, new Map(this.stored.map(({ id, body }) => [id, body.author]))]
    const base = { tree, draft, record, tips, policy, pointsStored, stale, indexRecords: this.index, authors }
    const plan = await planPage(base, entries)
    assert.deepEqual(plan.refused, [])
    draft.beside(beside)
    await this.engine.append(draft, record, false)
    for (const [id, added] of plan.newIndexRecords) this.index.set(id, added)
    for (const id of plan.tipsGone) tips.delete(id)
    for (const [id, height] of plan.tipsAdded) tips.set(id, height)
    for (const id of plan.voids) this.voids.add(id)
    Object.assign(this.state, { record: plan.record, pointsStored: plan.pointsStored, stale: plan.stale })
    this.stored.push(...plan.added)
  }

  get arrivals(): Arrival[] {
    return this.stored.map((entry, index) => ({ sequence: index + 1, ...positionOf(entry) }))
  }

  get positions(): Position[] {
    return this.stored.map(positionOf).sort(comparePositions)
  }

  recordOf(id: EntryId): IndexRecord {
    return this.index.get(id)!
  }
}

const positionOf = ({ id, body }: VerifiedEntry): Position => ({ height: body.height, id })
const nobody = 'ab'.repeat(32) as EntryId

async function all<Item>(pages: AsyncGenerator<Item[]>): Promise<Item[]> {
  const items: Item[] = []
  for await (const page of pages) items.push(...page)
  return items
}

const row = (key: string, value = 'value'): BatchOperation => ({
  ...{ type: 'put', key: Buffer.from(key), value: Buffer.from(value) },
})

/** A tree whose policy changes, with entries that a revocation makes void. */
function richEntries(): VerifiedEntry[] {
  const ada = testIdentity(1)
  const tree = new TreeBuilder({ publicAccess: PublicAccess.NONE, seed: 'engine' })
  const granted = tree.add([tree.root], { changes: policyChange([grant(ada, write)]) })
  const [first] = tree.chain(granted, 3, { author: ada })
  tree.add([first!], { changes: policyChange([revoke(ada, first!)]) })
  for (let index = 0; index < 20; index++) tree.add(undefined, { payload: `entry ${index}` })
  return tree.entries
}

export function engineContract(on: OnEngine): void {
  it('finds entries by id, by prefix, by height and by position', () =>
    on(async (engine) => {
      const [one, two] = [new Pages(engine, 0), new Pages(engine, 1)]
      await one.append(shapes.random(60, 6, prng(1)))
      await two.append(shapes.random(40, 6, prng(2)))
      const ids = [one.stored[7]!.id, nobody, two.stored[3]!.id]
      assert.deepEqual(await engine.index(ids), [one.recordOf(ids[0]!), undefined, two.recordOf(ids[2]!)])
      assert.deepEqual(await engine.index([]), [])
      const prefixes = [ids[2]!, nobody, ids[0]!].map((id) => id.slice(0, 16))
      assert.deepEqual(await engine.resolve(prefixes), [
        { id: ids[2], record: two.recordOf(ids[2]!) },
        undefined,
        { id: ids[0], record: one.recordOf(ids[0]!) },
      ])
      const heights = [0, 3, 1_000]
      const expected = heights.map((height) =>
        one.positions.flatMap((position) => (position.height === height ? [position.id] : [])).slice(0, 2),
      )
      assert.deepEqual(await engine.idsAt(one.number, heights, 2), expected)
      const places = [two.stored[5]!, one.stored[5]!].map((entry, at) => ({
        ...{ number: 1 - at, ...positionOf(entry) },
      }))
      const bytes = await engine.bytesAt([...places, { number: 1, height: 5, id: nobody }])
      for (const [at, entry] of [two.stored[5]!, one.stored[5]!].entries())
        assert.deepEqual(bytes[at], Buffer.concat([entry.signed.signature, entry.signed.body]))
      assert.equal(bytes[2], undefined)
    }))

  it('reads in order, in pages, in both directions, from and up to any position', () =>
    on(async (engine) => {
      const tree = new Pages(engine, 3)
      const other = new Pages(engine, 4)
      await other.append(shapes.linear(5, { seed: 'beside' }))
      const entries = shuffleParentsFirst(shapes.random(50, 6, prng(3)), prng(4))
      for (let at = 0; at < entries.length; at += 13) await tree.append(entries.slice(at, at + 13))
      const { positions, number } = tree
      const [low, high] = [9, 30]
      const size = { pageEntries: 7, pageBytes: 2_000 }
      for (const [span, expected] of [
        [{}, positions],
        [{ after: positions[low]! }, positions.slice(low + 1)],
        [{ after: positions[low]!, through: positions[high]! }, positions.slice(low + 1, high + 1)],
        [{ through: positions[high]! }, positions.slice(0, high + 1)],
        [{ reverse: true }, [...positions].reverse()],
        [{ reverse: true, after: positions[high]! }, positions.slice(0, high).reverse()],
      ] as const) {
        const read: StoredEntry[] = []
        for await (const page of engine.scan(number, span, size)) {
          const bytes = page.reduce((sum, { signed }) => sum + entryBytes(signed), 0)
          assert.ok(page.length <= size.pageEntries && (page.length === 1 || bytes <= size.pageBytes))
          read.push(...page)
        }
        assert.deepEqual(
          read.map(({ height, id }) => ({ height, id })),
          expected,
        )
        assert.deepEqual(await all(engine.positions(number, span, 7)), expected)
      }
      const [first] = await all(engine.scan(number, {}, size))
      const root = entries[0]!.signed
      assert.deepEqual(
        Buffer.concat([first!.signed.signature, first!.signed.body]),
        Buffer.concat([root.signature, root.body]),
      )
      const near = await engine.run(number, positions.slice(4, 20))
      assert.deepEqual(
        near?.map(({ height, id }) => ({ height, id })),
        positions.slice(4, 20),
      )
      assert.equal(await engine.run(number, [positions[4]!, positions[6]!]), undefined)
    }))

  it('returns arrivals in the order in which they came', () =>
    on(async (engine) => {
      const tree = new Pages(engine, 2)
      assert.equal(await engine.lastArrival(2), undefined)
      const entries = shuffleParentsFirst(shapes.random(40, 6, prng(5)), prng(6))
      await tree.append(entries.slice(0, 25))
      await tree.append(entries.slice(25))
      const { arrivals } = tree
      assert.deepEqual(await engine.arrivals(2, 0, 1_000), arrivals)
      assert.deepEqual(await engine.arrivals(2, 20, 10), arrivals.slice(20, 30))
      assert.deepEqual(await engine.arrivals(2, arrivals.length, 10), [])
      assert.deepEqual(await engine.lastArrival(2), arrivals.at(-1))
    }))

  it('keeps a snapshot as it was while pages are appended, and sees what was there all the same', () =>
    on(async (engine) => {
      const tree = new Pages(engine, 0)
      const entries = shapes.random(40, 6, prng(7))
      await tree.append(entries.slice(0, 20))
      const { positions } = tree
      const snapshot = engine.snapshot(0, tree.state.record.sequence)
      await tree.append(entries.slice(20))
      const [before, after] = [entries[10]!, entries[30]!]
      const size = { pageEntries: 100, pageBytes: limits.pageBytes }
      const read = await all(engine.scan(0, { snapshot }, size))
      assert.deepEqual(
        read.map(({ height, id }) => ({ height, id })),
        positions,
      )
      assert.deepEqual(
        await all(engine.positions(0, { snapshot, reverse: true }, 9)),
        [...positions].reverse(),
      )
      assert.deepEqual(await engine.index([before.id, after.id], snapshot), [
        tree.recordOf(before.id),
        undefined,
      ])
      const found = await engine.resolve(
        [after.id, before.id].map((id) => id.slice(0, 16)),
        snapshot,
      )
      assert.deepEqual(found, [undefined, { id: before.id, record: tree.recordOf(before.id) }])
      const heights = [...new Set(tree.positions.map(({ height }) => height))]
      assert.deepEqual(
        (await engine.idsAt(0, heights, 50, snapshot)).flat(),
        positions.map(({ id }) => id),
      )
      await snapshot.close()
      assert.deepEqual(await all(engine.positions(0, {}, 9)), tree.positions)
    }))

  it('stores tips, the policy and void marks with the page', () =>
    on(async (engine) => {
      const entries = richEntries()
      const tree = new Pages(engine, 5)
      for (let at = 0; at < entries.length; at += 3) await tree.append(entries.slice(at, at + 3))
      const { record, policy, tips } = tree.state
      assert.deepEqual(await engine.tips(5), tips)
      assert.deepEqual([...tips.keys()].sort(), tipsOf(entries))
      const policies = await engine.policies(5)
      assert.deepEqual(
        policies.map(({ id }) => id),
        policy.graph.entries.map(({ id }) => id),
      )
      assert.equal(policies.length, record.policies)
      const points = await engine.points(5)
      assert.deepEqual(
        points.map(({ point, members }) => [point, members]),
        policy.graph.points.map((_, point) => [point, policy.graph.membersOf(point)]),
      )
      assert.deepEqual(
        (await all(engine.trees())).map(({ tree: id, record }) => [id, record]),
        [[entries[0]!.id, record]],
      )
      assert.equal(await engine.isStale(5), true)
      const marked = tree.positions.filter((_, at) => at % 4 === 1)
      await engine.markVoid(
        5,
        marked.map((position) => ({ position, isVoid: true })),
        [row('beside')],
      )
      await engine.settle(5)
      assert.equal(await engine.isStale(5), false)
      assert.equal((await engine.rows.get(Buffer.from('beside')))?.toString(), 'value')
      assert.deepEqual(await all(engine.voids(5, {}, 3)), marked)
      assert.deepEqual(
        await all(engine.voids(5, { reverse: true, after: marked[2]! }, 3)),
        marked.slice(0, 2).reverse(),
      )
      assert.deepEqual(await engine.areVoid(5, tree.positions.slice(0, 6)), [
        false,
        true,
        false,
        false,
        false,
        true,
      ])
      assert.deepEqual(
        await engine.voidBetween(5, marked[1]!, marked[3]!),
        new Set(marked.slice(1, 4).map(({ id }) => id)),
      )
      await engine.markVoid(5, [{ position: marked[1]!, isVoid: false }], [])
      assert.deepEqual(await engine.areVoid(5, marked.slice(0, 3)), [true, false, true])
    }))

  it('writes small records with a page, the last one of a key, and reads them in the order of their keys', () =>
    on(async (engine) => {
      const tree = new Pages(engine, 0)
      const entries = shapes.linear(4)
      await tree.append(entries.slice(0, 2), [row('b', '1'), row('a'), row('b', '2')])
      await tree.append(entries.slice(2), [{ type: 'del', key: Buffer.from('a') }, row('c')])
      const range = { gte: Buffer.from('a'), lt: Buffer.from('d') }
      const rows = await engine.rows.iterator(range).all()
      assert.deepEqual(
        rows.map(([key, value]) => `${key}=${value}`),
        ['b=2', 'c=value'],
      )
    }))

  it('removes a tree step by step and leaves the others, and knows which removals have not ended', () =>
    on(async (engine) => {
      const [gone, kept] = [new Pages(engine, 0), new Pages(engine, 1)]
      await gone.append(richEntries())
      await kept.append(shapes.random(30, 6, prng(9)))
      const tree = gone.stored[0]!.id
      const { record } = gone.state
      await engine.beginRemoval(tree, record, 2, [row('noted')])
      assert.deepEqual(await engine.removals(), [{ tree, record }])
      assert.equal((await engine.rows.get(Buffer.from('noted')))?.toString(), 'value')
      assert.deepEqual(
        (await all(engine.trees())).map((each) => each.tree),
        [kept.stored[0]!.id],
      )
      let entries = 0
      for await (const step of engine.removal(0)) {
        await step.write()
        entries += step.entries
      }
      assert.equal(entries, gone.stored.length)
      for await (const _ of engine.compaction(record));
      await engine.endRemoval(tree)
      assert.deepEqual(await engine.removals(), [])
      assert.deepEqual(await engine.index([tree]), [undefined])
      assert.deepEqual(
        [
          await all(engine.positions(0, {}, 9)),
          await engine.arrivals(0, 0, 10),
          await engine.tips(0),
          await engine.policies(0),
          await engine.points(0),
          await engine.isStale(0),
        ],
        [[], [], new Map(), [], [], false],
      )
      assert.deepEqual(await all(engine.positions(1, {}, 9)), kept.positions)
      assert.deepEqual(await engine.arrivals(1, 0, 100), kept.arrivals)
    }))
}
