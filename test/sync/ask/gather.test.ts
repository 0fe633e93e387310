/**
 * A first sync from several remotes: every honest remote gives a part; one that is lost, silent or lying is left out
 * and reported; and at the end we have everything that the honest remotes have.
 */
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { describe, it } from 'node:test'
import { sleep } from '../../../src/base/clock.ts'
import { limits } from '../../../src/base/limits.ts'
import { sketchCellsFor } from '../../../src/dag/difference/sketch.ts'
import { entryBytes, idOf } from '../../../src/dag/entry.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import { Gathering } from '../../../src/sync/ask/gather.ts'
import type { Source } from '../../../src/sync/ask/gather-sources.ts'
import { positionOf } from '../../../src/sync/ranges.ts'
import type { RangeAnswer, SyncHeader, SyncPage } from '../../../src/sync/remote.ts'
import { assertFields } from '../../kit/assert-fields.ts'
import { replays } from '../../kit/database.ts'
import { prng, shapes, testIdentity } from '../../kit/entries.ts'
import { HastyClock } from '../../kit/hasty-clock.ts'
import { LocalRemote, type RemoteHooks } from '../../kit/local-remote.ts'
import { assertSame, openPeer, type TestPeer } from '../../kit/peers.ts'
import { until } from '../../kit/until.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const entries = shapes.random(4000, 40, prng(5))
const tree = entries[0]!.id
const full = await openPeer(entries)
const verified = new Map(entries.map((entry) => [entry.id, entry]))

/** An ingest that verifies only what it has not seen verified: the same pages come in every test. */
function remembering({ store, ingest }: TestPeer): TestPeer['ingest'] {
  const page: TestPeer['ingest']['page'] = async (of, signed) => {
    const known = signed.map((each) => verified.get(idOf(each)))
    if (signed.length > limits.pageEntries || !known.every((entry) => entry !== undefined))
      return ingest.page(of, signed)
    return store.append(of, known)
  }
  return { page } as TestPeer['ingest']
}

const names: Record<string, PeerId> = Object.fromEntries(
  ['first', 'second', 'third'].map((name, index) => [name, testIdentity(40 + index).peer]),
)

/** Gathers into `into` from remotes with these hooks, the first of which tells the outline. */
async function gather(
  hooks: Record<string, RemoteHooks>,
  into: TestPeer,
  options: { clock?: TestPeer['clock']; server?: Record<string, TestPeer> } = {},
) {
  const gathering = new Gathering(
    { store: into.store, ingest: remembering(into), clock: options.clock ?? into.clock },
    tree,
  )
  const remotes = new Map<PeerId, LocalRemote>()
  for (const [name, each] of Object.entries(hooks)) {
    const remote = new LocalRemote(options.server?.[name] ?? full, each)
    remotes.set(names[name]!, remote)
    gathering.join({ peer: names[name]!, remote })
  }
  const outcome = await gathering.run().then(
    () => undefined,
    (error: { code: string }) => error.code,
  )
  for (const remote of remotes.values()) assert.equal(remote.open, 0)
  const by = new Map(gathering.reports().map((report) => [report.peer, report]))
  return { outcome, gathering, of: (name: string) => by.get(names[name]!)! }
}

/** Changes every answer but that to the outline. */
function onChunk(change: (page: SyncPage, index: number) => SyncPage): RemoteHooks {
  return {
    pages: async function* (pages) {
      let index = 0
      for await (const page of pages) yield change(page, index++)
    },
  }
}

function onOutline(change: (header: SyncHeader) => SyncHeader): RemoteHooks {
  return { header: (header) => ((header.range?.chunks?.length ?? 0) > 0 ? change(header) : header) }
}

/** An outline with only the first of its chunks. */
function short(range: RangeAnswer): RangeAnswer {
  const [chunk] = range.chunks!
  return { ...range, chunks: [chunk!], through: positionOf(chunk!.last) }
}

const never = new Promise<never>(() => {})

describe('a first sync from several remotes', () => {
  it('takes a part from each remote, and nothing twice', async () => {
    await using empty = await openPeer()
    const replayed = replays(empty.store)
    const { outcome, gathering, of } = await gather({ first: {}, second: {}, third: {} }, empty)
    assert.equal(outcome, undefined)
    await assertSame(tree, empty.store, full.store)
    assertFields(gathering, { received: entries.length, redundant: 0 })
    assert.ok((await empty.store.sketches.of(tree))!.cellCount >= sketchCellsFor(entries.length))
    assert.equal(replayed.count, 0)
    for (const name of ['first', 'second', 'third']) {
      assert.notEqual(of(name).entries, 0, name)
      assert.equal(of(name).error, undefined)
    }
  })

  it('takes everything from the only remote', async () => {
    await using empty = await openPeer()
    const { of } = await gather({ first: {} }, empty)
    await assertSame(tree, empty.store, full.store)
    assert.equal(of('first').entries, entries.length)
  })

  it('resumes where it was cut', async () => {
    await using half = await openPeer(
      [...entries].sort((a, b) => a.body.height - b.body.height || (a.id < b.id ? -1 : 1)).slice(0, 2000),
    )
    const { outcome, gathering } = await gather({ first: {}, second: {} }, half)
    assert.equal(outcome, undefined)
    await assertSame(tree, half.store, full.store)
    assertFields(gathering, { received: entries.length - 2000, redundant: 0 })
  })

  it('takes from a remote that joins later', async () => {
    await using empty = await openPeer()
    const gathering = new Gathering(empty, tree)
    const late = new LocalRemote(full)
    const first = new LocalRemote(full, {
      pages: async function* (pages) {
        for await (const page of pages) {
          if (gathering.reports().length === 1) gathering.join({ peer: names.second!, remote: late })
          yield page
        }
      },
    })
    gathering.join({ peer: names.first!, remote: first })
    await gathering.run()
    await assertSame(tree, empty.store, full.store)
    assert.notEqual(late.entriesPulled, 0)
  })

  const bad: Record<string, RemoteHooks> = {
    'vanishes in the middle': { cutAfterPage: 1 },
    'vanishes at once': { cutAfterPage: 0 },
    'forges an entry': onChunk((page) => ({
      ...page,
      entries: page.entries.map((signed, index) =>
        index === 3 ? { ...signed, signature: new Uint8Array(64).fill(1) } : signed,
      ),
    })),
    'leaves an entry out': onChunk((page) => ({ ...page, entries: page.entries.slice(0, -1) })),
    'sends another range': {
      request: (request) =>
        request.range?.through === undefined
          ? request
          : { ...request, range: { ...request.range, after: undefined, through: undefined } },
    },
    'sends nothing': onChunk((page) => ({ ...page, entries: [] })),
    'sends without end': {
      pages: async function* (pages) {
        for await (const page of pages) for (;;) yield page
      },
    },
    'sends pages that are too large': onChunk((page) => ({
      ...page,
      entries: Array(limits.pageEntries + 1).fill(page.entries[0]),
    })),
    'does not know the tree': { request: (request) => ({ ...request, tree: testIdentity(1).peer as never }) },
    'answers something else': { header: (header) => ({ ...header, status: 'equal' }) },
  }
  for (const [name, hooks] of Object.entries(bad)) {
    it(`leaves out a remote that ${name}`, async () => {
      await using empty = await openPeer()
      const { outcome, of } = await gather({ first: {}, second: hooks, third: {} }, empty)
      assert.equal(outcome, undefined)
      await assertSame(tree, empty.store, full.store)
      assert.notEqual(of('second').error, undefined)
      for (const name of ['first', 'third']) assert.equal(of(name).error, undefined, name)
    })

    it(`gets another outline if the remote that gave it ${name}`, async () => {
      await using empty = await openPeer()
      const { outcome, of } = await gather({ first: hooks, second: {}, third: {} }, empty)
      assert.equal(outcome, undefined)
      await assertSame(tree, empty.store, full.store)
      assert.notEqual(of('first').error, undefined)
      for (const name of ['second', 'third']) assert.equal(of(name).error, undefined, name)
    })
  }

  it('leaves out a remote that is silent', async () => {
    await using empty = await openPeer()
    const silent: RemoteHooks = {
      // biome-ignore lint/correctness/useYield: that is the point.
      pages: async function* () {
        await never
      },
    }
    // Timers alone do not keep a process alive.
    const alive = setInterval(() => {}, 1000)
    const { outcome, of } = await gather({ first: {}, second: silent }, empty, { clock: new HastyClock(4) })
    clearInterval(alive)
    assert.equal(outcome, undefined)
    await assertSame(tree, empty.store, full.store)
    assert.equal(of('second').error?.code, 'TIMEOUT')
  })

  const outlines: Record<string, RemoteHooks> = {
    'has chunks that nobody has': onOutline((header) => ({
      ...header,
      range: {
        ...header.range!,
        chunks: header.range!.chunks!.map((chunk) => ({ ...chunk, fingerprint: new Uint8Array(16) })),
      },
    })),
    'leaves out a chunk in the middle': onOutline((header) => ({
      ...header,
      range: { ...header.range!, chunks: header.range!.chunks!.toSpliced(2, 1) },
    })),
    'does not ascend': onOutline((header) => ({
      ...header,
      range: { ...header.range!, chunks: header.range!.chunks!.toReversed() },
    })),
    'has a chunk past the bounds': onOutline((header) => ({
      ...header,
      range: {
        ...header.range!,
        chunks: header.range!.chunks!.map((chunk) => ({ ...chunk, count: limits.rangeChunkMaxEntries + 1 })),
      },
    })),
  }
  for (const [name, hooks] of Object.entries(outlines))
    it(`recovers from an outline that ${name}`, async () => {
      await using empty = await openPeer()
      const { outcome, of } = await gather({ first: hooks, second: {}, third: {} }, empty)
      assert.equal(outcome, undefined)
      await assertSame(tree, empty.store, full.store)
      assert.equal(of('first').error?.code, 'PROTOCOL')
      for (const name of ['second', 'third']) assert.equal(of(name).error, undefined, name)
    })

  it('takes the rest from another remote if one has only a part', async () => {
    await using part = await openPeer(entries.slice(0, 2500))
    await using empty = await openPeer()
    const { outcome, of } = await gather({ first: {}, second: {} }, empty, { server: { second: part } })
    assert.equal(outcome, undefined)
    await assertSame(tree, empty.store, full.store)
    assert.equal(of('first').error, undefined)
  })

  it('waits for a remote that is still being dialled if no other is left', async () => {
    for (const comes of [true, false]) {
      await using empty = await openPeer()
      const gathering = new Gathering(empty, tree)
      gathering.join({ peer: names.first!, remote: new LocalRemote(full, { cutAfterPage: 2 }) })
      const dialled = new EventEmitter()
      gathering.expect(once(dialled, 'come').then(([source]) => source as Source))
      const running = gathering.run()
      running.catch(() => {})
      await until('the first is left out', () => gathering.reports()[0]?.error !== undefined)
      if (comes) dialled.emit('come', { peer: names.second!, remote: new LocalRemote(full) })
      else dialled.emit('error', new Error('nobody there'))
      if (comes) {
        await running
        await assertSame(tree, empty.store, full.store)
      } else await assert.rejects(running, { code: 'DISCONNECTED' })
    }
  })

  it('fails if no remote is left, and keeps the entries received', async () => {
    await using empty = await openPeer()
    const { outcome } = await gather({ first: { cutAfterPage: 2 }, second: { cutAfterPage: 1 } }, empty)
    assert.equal(outcome, 'DISCONNECTED')
    assert.notEqual(empty.store.tree(tree), undefined)
    const again = await gather({ first: {}, second: {} }, empty)
    assert.equal(again.outcome, undefined)
    await assertSame(tree, empty.store, full.store)
    assert.equal(again.gathering.redundant, 0)
  })
})

describe('a remote that drips', () => {
  /** Sends so many entries in each page, one page each 1.5 s, and the end of the answer only after `endMs`. */
  const dripping = (clock: VirtualClock, entriesAtOnce: number, endMs = 0): RemoteHooks => ({
    pages: async function* (pages) {
      for await (const { entries } of pages)
        for (let at = 0; at < entries.length; at += entriesAtOnce) {
          await sleep(clock, 1_500)
          yield { entries: entries.slice(at, at + entriesAtOnce), more: false }
        }
      if (endMs > 0) await sleep(clock, endMs)
    },
  })

  /** Gathers in virtual time, and returns how much of it that took. */
  async function gatherSlowly(hooksOf: (clock: VirtualClock) => Record<string, RemoteHooks>) {
    const clock = new VirtualClock({ turns: 60 })
    await using empty = await openPeer()
    using _ = clock.running()
    const result = await gather(hooksOf(clock), empty, { clock })
    assert.equal(result.outcome, undefined)
    await assertSame(tree, empty.store, full.store)
    return { ...result, tookMs: clock.monotonic() }
  }
  const bytesAnEntry = entries.reduce((sum, { signed }) => sum + entryBytes(signed), 0) / entries.length
  /** Entries in 1.5 s that come a little faster than the least rate. */
  const justEnough = Math.ceil((2 * limits.gatherLeastBytesPerSecond) / bytesAnEntry)

  for (const name of ['first', 'second'])
    it(`is left out if it comes below the least rate (the ${name})`, async () => {
      const { of, tookMs } = await gatherSlowly((clock) => ({
        ...{ first: {}, second: {}, third: {} },
        [name]: dripping(clock, 1),
      }))
      assert.equal(of(name).error?.code, 'TIMEOUT')
      for (const other of ['first', 'second', 'third'])
        if (other !== name) assert.equal(of(other).error, undefined, other)
      assert.ok(tookMs < 60_000, `${tookMs} ms`)
    })

  for (const name of ['first', 'second'])
    it(`is overtaken if it holds up the others (the ${name})`, async () => {
      const { of, gathering, tookMs } = await gatherSlowly((clock) => ({
        ...{ first: {}, second: {}, third: {} },
        [name]: dripping(clock, justEnough),
      }))
      assert.match(of(name).error!.message, /held up the first sync/)
      for (const other of ['first', 'second', 'third'])
        if (other !== name) assert.equal(of(other).error, undefined, other)
      // It is not believed less, but it is no longer the one to go on with, and nothing was stored twice.
      assert.equal(gathering.trustedSources.at(-1)!.peer, names[name])
      assert.equal(gathering.redundant, 0)
      assert.ok(tookMs < 30_000, `${tookMs} ms`)
    })

  it('is overtaken if it sends all entries and no end', async () => {
    const { of, tookMs } = await gatherSlowly((clock) => ({
      first: {},
      second: dripping(clock, 10_000, 3_600_000),
      third: {},
    }))
    assert.equal(of('second').error?.code, 'TIMEOUT')
    assert.ok(tookMs < 60_000, `${tookMs} ms`)
  })

  it('is left in if all drip alike, as over a slow line of ours', async () => {
    const { of } = await gatherSlowly((clock) => ({
      first: dripping(clock, justEnough),
      second: dripping(clock, justEnough),
      third: dripping(clock, justEnough),
    }))
    for (const name of ['first', 'second', 'third']) assert.equal(of(name).error, undefined, name)
  })

  it('is left in if it is the only one', async () => {
    const { of } = await gatherSlowly((clock) => ({ first: dripping(clock, justEnough) }))
    assert.equal(of('first').entries, entries.length)
  })

  it('hands over the outline if it tells little of it at a time', async () => {
    const clock = new VirtualClock({ turns: 60 })
    await using empty = await openPeer()
    const gathering = new Gathering({ store: empty.store, ingest: remembering(empty), clock }, tree)
    const honest = new LocalRemote(
      full,
      onOutline(({ range, ...header }) => ({ ...header, range: short(range!) })),
    )
    const syncTree: typeof honest.syncTree = async (request, options) => {
      if (request.range?.outline) await sleep(clock, limits.gatherOutlineMs - 1_000)
      return honest.syncTree(request, options)
    }
    gathering.join({ peer: names.first!, remote: { syncTree, sendEntries: () => never } })
    gathering.join({ peer: names.second!, remote: new LocalRemote(full) })
    using _ = clock.running()
    await gathering.run()
    await assertSame(tree, empty.store, full.store)
    assert.match(gathering.reports()[0]!.error!.message, /outline/)
    assert.ok(clock.monotonic() < 3 * limits.gatherOutlineMs, `${clock.monotonic()} ms`)
  })

  it('is left out if it never tells its outline', async () => {
    const clock = new VirtualClock({ turns: 60 })
    await using empty = await openPeer()
    const gathering = new Gathering({ store: empty.store, ingest: remembering(empty), clock }, tree)
    const stuck = { syncTree: () => never, sendEntries: () => never }
    gathering.join({ peer: names.first!, remote: stuck })
    gathering.join({ peer: names.second!, remote: new LocalRemote(full) })
    using _ = clock.running()
    await gathering.run()
    await assertSame(tree, empty.store, full.store)
    assert.equal(gathering.reports()[0]!.error?.code, 'TIMEOUT')
  })
})
