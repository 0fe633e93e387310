/**
 * Sketches from a lying peer, and ids that were ground to collide. With an honest peer both sides end equal, a lying
 * peer causes a typed error, and no session loops without progress.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { createSketch, mapInto, wordsPerCell } from '../../../src/dag/difference/sketch.ts'
import { decodeCells, encodeCells } from '../../../src/dag/difference/sketch-codec.ts'
import type { VerifiedEntry } from '../../../src/dag/entry.ts'
import { hexToBytes } from '../../../src/dag/hex.ts'
import { answerSync } from '../../../src/sync/answer/answer.ts'
import { runSession } from '../../../src/sync/ask/session.ts'
import type { SyncHeader, SyncRequest } from '../../../src/sync/remote.ts'
import { assertFields } from '../../kit/assert-fields.ts'
import { below, prng, TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { LocalRemote, type RemoteHooks } from '../../kit/local-remote.ts'
import { assertSame, openPeer } from '../../kit/peers.ts'

/** A wide tree, with so many entries beside it at either side. */
function scattered(common: number, left: number, right: number) {
  const random = prng(9)
  const builder = new TreeBuilder()
  for (let index = 0; index < common; index++)
    builder.add([builder.entries[below(random, builder.entries.length)]!])
  const shared = [...builder.entries]
  const side = (count: number, author: number) =>
    Array.from({ length: count }, () =>
      builder.add([shared[below(random, shared.length)]!], { author: testIdentity(author) }),
    )
  return { tree: builder.root.id, shared, left: side(left, 1), right: side(right, 2), builder }
}

const split = scattered(2000, 90, 100)

async function against(hooks: RemoteHooks) {
  await using a = await openPeer([...split.shared, ...split.left])
  await using b = await openPeer([...split.shared, ...split.right])
  const before = a.store.tree(split.tree)!.count
  const remote = new LocalRemote(b, hooks)
  const outcome = await runSession(a, remote, split.tree).then(
    (result) => ({ equal: result.equal, code: undefined }),
    (error: CausewayError) => ({ equal: false, code: error.code }),
  )
  // Whatever it said, only its true entries came in.
  assert.ok(a.store.tree(split.tree)!.count <= before + split.right.length)
  assert.ok(remote.requests.length <= 3 * limits.sessionRounds, `${remote.requests.length} requests`)
  return { ...outcome, requests: remote.requests.length }
}

/** Changes the header of every answer with cells. */
function onSketch(change: (header: SyncHeader) => SyncHeader): RemoteHooks {
  return { header: (header) => (header.status === 'sketch' ? change(header) : header) }
}

/** Cells of a set that nobody has: they never decode. */
const otherCells = (() => {
  const sketch = createSketch(limits.sketchMinCells)
  const random = prng(5)
  sketch.addAll(Array.from({ length: split.shared.length + 100 }, () => randomId(random)))
  return encodeCells(sketch.cells(0, limits.sketchRequestMaxCells))
})()

function randomId(random: () => number): Uint8Array {
  return Uint8Array.from({ length: 32 }, () => below(random, 256))
}

describe('a remote that lies about its sketch', () => {
  const lies: Record<string, RemoteHooks> = {
    'cells that are cut short': onSketch((header) => ({
      ...header,
      sketch: { ...header.sketch!, cells: header.sketch!.cells.subarray(0, -3) },
    })),
    'no cells': onSketch((header) => ({
      ...header,
      sketch: { ...header.sketch!, cells: new Uint8Array(0) },
    })),
    'cells of another tree': onSketch((header) => {
      const cells = header.sketch!.cells.slice()
      for (let at = 0; at < cells.length; at += 97) cells[at]! ^= 0x55
      return { ...header, sketch: { ...header.sketch!, cells } }
    }),
    'cells that begin elsewhere': onSketch((header) => ({
      ...header,
      sketch: { ...header.sketch!, from: 7 },
    })),
    'another count': { header: (header) => ({ ...header, count: header.count + 5 }) },
    'another digest': { header: (header) => ({ ...header, tipsDigest: 'ab'.repeat(32) }) },
    'an endless series of sketches': {
      header: (header) => ({ ...header, status: 'sketch', sketch: undefined }),
      pages: async function* () {},
    },
    'a want of everything': { header: (header) => ({ ...header, want: Array(500).fill('cd'.repeat(16)) }) },
    'a false EQUAL': { header: (header) => ({ ...header, status: 'equal' }) },
    'ranges that do not move': {
      header: (header) => ({
        ...header,
        status: 'range',
        range: { spans: [], through: { height: 1, id: split.tree } },
      }),
      pages: async function* () {},
    },
    'a list of ids that it does not have': {
      header: (header) => ({
        ...header,
        status: 'range',
        range: {
          spans: [{ after: undefined, through: undefined, prefixes: Array(300).fill('ef'.repeat(16)) }],
          through: undefined,
        },
      }),
      pages: async function* () {},
    },
    'a list of only some of its ids': {
      header: (header) => ({
        ...header,
        status: 'range',
        range: { spans: [], through: { height: 1, id: split.tree } },
      }),
      pages: async function* () {},
    },
    'cells that always start again': onSketch((header) => ({
      ...header,
      sketch: { ...header.sketch!, from: 0, cells: otherCells, state: header.tipsDigest },
    })),
    'an endless run of cells': onSketch((header) => ({
      ...header,
      sketch: { ...header.sketch!, cells: new Uint8Array(25 * limits.sketchMaxCells + 1) },
    })),
    'ranges without an answer': {
      header: (header) => ({ ...header, status: 'range', range: undefined }),
      pages: async function* () {},
    },
  }
  for (const [name, hooks] of Object.entries(lies))
    it(`by ${name} either ends the session or is not believed`, async () => {
      const { equal, code } = await against(hooks)
      assert.ok(equal || code === 'PROTOCOL' || code === undefined, code)
    })
})

describe('an asker that lies', () => {
  it('gets a typed error, or an answer of bounded size', async () => {
    await using b = await openPeer([...split.shared, ...split.right])
    await using a = await openPeer([...split.shared, ...split.left])
    let honest: SyncRequest | undefined
    const remote = new LocalRemote(b, {
      request: (request) => {
        honest ??= request
        return request
      },
    })
    await runSession(a, remote, split.tree)
    const ask = async (change: Partial<SyncRequest>) => {
      const answer = await answerSync(b.store, { ...honest!, ...change }, prng(1)).catch(
        (error: CausewayError) => error.code,
      )
      if (typeof answer === 'string') return answer
      let entries = 0
      for await (const page of answer.pages) entries += page.entries.length
      await answer[Symbol.asyncDispose]()
      assert.ok(entries <= b.store.tree(split.tree)!.count)
      return answer.header.status
    }
    const sketch = honest!.sketch!
    assert.equal(await ask({ sketch: { ...sketch, cells: sketch.cells.subarray(1) } }), 'PROTOCOL')
    assert.equal(await ask({ haves: new Uint8Array(9) }), 'PROTOCOL')
    assert.equal(await ask({ haves: new Uint8Array(8 * (limits.havesRequestIds + 1)) }), 'PROTOCOL')
    assert.equal(await ask({ tips: Array(limits.requestTips + 1).fill(split.tree) }), 'LIMIT_EXCEEDED')
    assert.equal(await ask({ want: Array(limits.wantIds + 1).fill('00'.repeat(16)) }), 'LIMIT_EXCEEDED')
    const chunk = {
      last: { height: 1, id: hexToBytes(split.tree) },
      count: 1,
      fingerprint: new Uint8Array(16),
    }
    const range = (chunks: (typeof chunk)[]) => ({ range: { after: undefined, chunks, complete: true } })
    assert.equal(await ask(range(Array(limits.rangeChunks + 1).fill(chunk))), 'LIMIT_EXCEEDED')
    assert.equal(await ask(range([chunk, chunk])), 'PROTOCOL')
    for (const count of [0, 1, honest!.count - 7, honest!.count + 7, Number.MAX_SAFE_INTEGER])
      assert.match(await ask({ count }), /^(delta|sketch|range|PROTOCOL)$/)
    assert.equal(
      await ask({ sketch: { ...sketch, from: limits.sketchMaxCells - 1, cells: new Uint8Array(0) } }),
      'range',
    )
    assert.equal(await ask({ want: ['00'.repeat(16)] }), 'partial')
    const cells = { ...sketch, cells: new Uint8Array(25 * limits.sketchRequestMaxCells + 1) }
    assert.equal(await ask({ sketch: cells }), 'PROTOCOL')
    const counts = { ...sketch, counts: new Uint8Array(5 * limits.sketchRequestCounts + 1) }
    assert.equal(await ask({ sketch: counts }), 'PROTOCOL')
  })
})

describe('ranges', () => {
  it('are scanned one at a time in each tree, however many peers ask', async () => {
    await using b = await openPeer([...split.shared, ...split.right])
    const { store } = b
    const positions = store.positions.bind(store)
    let [running, most] = [0, 0]
    Object.assign(store, {
      async *positions(...args: Parameters<typeof positions>) {
        most = Math.max(most, ++running)
        try {
          yield* positions(...args)
        } finally {
          running--
        }
      },
    })
    const range = { after: undefined, chunks: [], complete: true, outline: true }
    const asked = { tree: split.tree, tips: [], tipsDigest: '', count: 0, range }
    const answers = await Promise.all(Array.from({ length: 8 }, () => answerSync(store, asked, prng(1))))
    assert.equal(
      answers.every(({ header }) => header.range?.chunks?.length !== 0),
      true,
    )
    assert.equal(most, 1)
    for (const answer of answers) await answer[Symbol.asyncDispose]()
  })
})

describe('ids that were ground to share a prefix', () => {
  it('are asked for by whole prefixes after halves did not suffice', async () => {
    const { tree, shared, right } = split
    await using a = await openPeer([...shared, ...split.left])
    await using b = await openPeer([...shared, ...right])
    // As if for every wanted id there were another with the same first half, which comes instead.
    let shortened = 0
    const remote = new LocalRemote(b, {
      request: (request) => {
        if (request.want?.[0]?.length !== 16) return request
        shortened++
        return { ...request, want: request.want.map(() => shared[5]!.id.slice(0, 16)) }
      },
    })
    const result = await runSession(a, remote, tree)
    await assertSame(tree, a.store, b.store)
    assert.equal(result.equal, true)
    assert.equal(shortened, 1)
  })
})

/** So many entries that share their first 80 cells in pairs: no peel of these cells can take them apart. */
function ground(builder: TreeBuilder, count: number): VerifiedEntry[] {
  const byCells = new Map<string, VerifiedEntry>()
  const poisoned: VerifiedEntry[] = []
  const cells = new Int32Array(limits.sketchRequestCells)
  for (let tries = 0; poisoned.length < count && tries < 12_000; tries++) {
    const entry = builder.add([builder.root], { author: testIdentity(3), payload: `try ${tries}` })
    const view = new DataView(Uint8Array.from(hexToBytes(entry.id)).buffer)
    const length = mapInto(cells, view.getInt32(0, true), view.getInt32(4, true), cells.length)
    const key = cells.subarray(0, length).join()
    const other = byCells.get(key)
    if (other === undefined) byCells.set(key, entry)
    else {
      poisoned.push(other, entry)
      byCells.delete(key)
    }
  }
  assert.equal(poisoned.length, count)
  return poisoned
}

describe('ids that were ground to share their cells', () => {
  it('cost further exchanges, but do not change the result', async () => {
    const { tree, shared, builder } = scattered(1500, 0, 0)
    const poisoned = ground(builder, 64)
    await using a = await openPeer([...shared])
    await using b = await openPeer([...shared, ...poisoned])
    const own = builder.add([builder.root], { author: testIdentity(1) })
    await a.store.append(tree, [own])
    const result = await runSession(a, new LocalRemote(b), tree)
    await assertSame(tree, a.store, b.store)
    assertFields(result, { equal: true, received: 64, sent: 1, redundant: 0 })
    assert.ok(!(result.statuses.length === 1), String(result.statuses))
  })

  for (const cells of [undefined, 40])
    it(`cost one exchange if they are a single pair${cells ? `, even if the remote sends only ${cells} cells` : ''}`, async () => {
      const { tree, shared, builder } = scattered(1500, 0, 0)
      const [ours, theirs] = ground(builder, 2) as [VerifiedEntry, VerifiedEntry]
      await using a = await openPeer([...shared, ours])
      await using b = await openPeer([...shared, theirs])
      const remote = new LocalRemote(b, {
        header: (header) => {
          const { sketch } = header
          if (cells === undefined || sketch?.from !== 0) return header
          return { ...header, sketch: { ...sketch, cells: firstCells(sketch.cells, cells, header.count) } }
        },
      })
      const result = await runSession(a, remote, tree)
      await assertSame(tree, a.store, b.store)
      assertFields(result, { equal: true, received: 1, sent: 1, redundant: 0 })
      if (cells === undefined) assert.deepEqual(result.statuses, ['sketch', 'partial'])
    })
})

function firstCells(bytes: Uint8Array, count: number, total: number): Uint8Array {
  const { words, ...whole } = decodeCells(bytes, { from: 0, total, maxCells: limits.sketchMaxCells })
  return encodeCells({ ...whole, cellCount: count, words: words.slice(0, count * wordsPerCell) })
}
