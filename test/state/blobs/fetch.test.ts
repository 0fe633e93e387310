/** Fetching chunks from peers that lack some, lie, fail, hang or vanish, and going on after a cut. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { readEntry, verifyEntry } from '../../../src/dag/entry.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import type { FetchedChunk } from '../../../src/state/blobs/blobs.ts'
import { type BlobPeer, PeerFetcher } from '../../../src/state/blobs/fetch.ts'
import { encodeList } from '../../../src/state/blobs/format.ts'
import type { Blob } from '../../../src/state/payload.ts'
import { type BlobLab, chunk, collect, never, openBlobLab, putBlob, seededBytes } from '../../kit/blobs.ts'
import { limited } from '../../kit/limited.ts'
import { fill } from '../../kit/peers.ts'

const bytes = seededBytes(6 * chunk + 3)
const count = 7

/** A lab that has a blob, and one that has only the entries. */
async function twoLabs(options: Parameters<typeof openBlobLab>[0] = {}) {
  const from = await openBlobLab()
  const blob = await putBlob(from, bytes)
  const to = await openBlobLab({ ...options, tree: from.tree })
  for await (const page of from.store.scan(from.tree))
    await fill(to.store, await Promise.all(page.map(({ signed }) => verifyEntry(readEntry(signed)))))
  await to.views.count(to.tree)
  return {
    from,
    to,
    blob,
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all([from, to].map((lab) => lab[Symbol.asyncDispose]()))),
  }
}

interface Behaviour {
  /** Chunks that it lacks. */
  readonly lacks?: readonly number[]
  /** Sends other bytes for this chunk. */
  readonly liesAt?: number
  /** Fails at this chunk. */
  readonly failsAt?: number
  /** Never answers at this chunk. */
  readonly hangsAt?: number
  readonly list?: 'none' | 'wrong'
}

/** A peer over the store of a lab. */
class LabPeer implements BlobPeer {
  readonly asked: number[] = []
  closed = false
  private readonly lab: BlobLab
  private readonly behaviour: Behaviour

  constructor(lab: BlobLab, behaviour: Behaviour = {}) {
    this.lab = lab
    this.behaviour = behaviour
  }

  async list(tree: TreeId, blob: Blob): Promise<Uint8Array | undefined> {
    if (this.behaviour.list === 'none') return undefined
    if (this.behaviour.list === 'wrong') return new Uint8Array(32 * count)
    return encodeList((await this.lab.blobs.listHere(tree, blob))!)
  }

  async *chunks(
    tree: TreeId,
    blob: Blob,
    numbers: readonly number[],
    signal: AbortSignal,
  ): AsyncGenerator<FetchedChunk> {
    const { lacks = [], liesAt, failsAt, hangsAt } = this.behaviour
    const names = (await this.lab.blobs.listHere(tree, blob))!
    for (const number of numbers) {
      this.asked.push(number)
      if (number === failsAt) throw new CausewayError('DISCONNECTED', 'gone')
      if (number === hangsAt)
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      const data = (await this.lab.chunks.get(tree, names[number]!))!
      if (number === liesAt) yield { number, data: seededBytes(data.length, 99) }
      else if (!lacks.includes(number)) yield { number, data }
    }
  }

  close(): void {
    this.closed = true
  }
}

const fetcherOf = (to: BlobLab, peers: readonly LabPeer[], dialled: LabPeer[] = []) =>
  new PeerFetcher(
    to.blobs,
    async function* () {
      for (const peer of peers) {
        dialled.push(peer)
        yield peer
      }
    },
    limits.blobFetchesAtOnce,
  )

async function readAll(to: BlobLab, blob: Blob, peers: readonly LabPeer[], range = {}) {
  return collect(to.blobs.read(to.tree, blob, { ...range, fetcher: fetcherOf(to, peers), signal: never }))
}

describe('chunks that are not here', () => {
  it('come from a peer, are stored, and are not asked for again', async () => {
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const peer = new LabPeer(from)
    assert.ok((await readAll(to, blob, [peer])).equals(bytes))
    assert.deepEqual(peer.asked, [0, 1, 2, 3, 4, 5, 6])
    assert.ok(peer.closed)
    const dialled: LabPeer[] = []
    const fetcher = fetcherOf(to, [peer], dialled)
    assert.ok((await collect(to.blobs.read(to.tree, blob, { fetcher, signal: never }))).equals(bytes))
    assert.deepEqual(dialled, [], 'nobody is dialled for what is here')
  })

  it('come for a range alone, and then the rest', async () => {
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const first = new LabPeer(from)
    const part = await readAll(to, blob, [first], { offset: 2 * chunk + 5, length: chunk })
    assert.ok(part.equals(bytes.subarray(2 * chunk + 5, 3 * chunk + 5)))
    assert.deepEqual(first.asked, [2, 3])
    const second = new LabPeer(from)
    assert.ok((await readAll(to, blob, [second])).equals(bytes))
    assert.deepEqual(second.asked, [0, 1, 4, 5, 6])
  })

  it('of which each peer lacks some come from all of them together', async () => {
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const [odd, even] = [new LabPeer(from, { lacks: [0, 2, 4, 6] }), new LabPeer(from, { lacks: [1, 3, 5] })]
    assert.ok(
      (
        await readAll(to, blob, [
          new LabPeer(from, { list: 'none', lacks: [0, 1, 2, 3, 4, 5, 6] }),
          odd,
          even,
        ])
      ).equals(bytes),
    )
  })

  it('of which nobody has one fail with it, and keep the others', async () => {
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const peers = [new LabPeer(from, { lacks: [3] }), new LabPeer(from, { lacks: [3, 4] })]
    await assert.rejects(readAll(to, blob, peers), {
      code: 'BLOB_NOT_HERE',
      // Nobody has the fourth, and those behind it were not asked for.
      data: {
        ...{ blob: blob.id, size: blob.size, missing: 4, missingBytes: 3 * chunk + 3 },
        retryAfterMs: limits.stateRetryMs,
      },
    })
    assert.equal(to.chunks.ofTree(to.tree).chunks, 4, 'the list and three chunks')
    const last = new LabPeer(from)
    assert.ok((await readAll(to, blob, [last])).equals(bytes))
    assert.deepEqual(last.asked, [3, 4, 5, 6])
  })

  it('that are many come from several peers at the same time, also if one lies, one fails and one lacks some', async () => {
    using _ = limited({ chunksPerShare: 2 })
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const good = [new LabPeer(from), new LabPeer(from)]
    assert.ok((await readAll(to, blob, good)).equals(bytes))
    for (const { asked } of good) assert.ok(asked.length > 0)
    assert.equal(good.flatMap(({ asked }) => asked).length, count, 'each is fetched once')
    await using others = await twoLabs()
    const bad = [{ liesAt: 1 }, { failsAt: 3 }, { lacks: [4, 5] }].map((how) => new LabPeer(others.from, how))
    const peers = [...bad, new LabPeer(others.from)]
    assert.ok((await readAll(others.to, others.blob, peers)).equals(bytes))
    assert.ok(bad[0]!.closed && bad[1]!.closed)
  })

  it('that are many come from a peer whose dial takes longer than the first peer has chunks', async () => {
    using _ = limited({ chunksPerShare: 2 })
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const first = new LabPeer(from, { lacks: [2, 3, 4, 5, 6] })
    const second = new LabPeer(from)
    let answer = () => {}
    const dial = new Promise<void>((resolve) => {
      answer = resolve
    })
    const fetcher = new PeerFetcher(
      to.blobs,
      async function* () {
        yield first
        await dial
        yield second
      },
      limits.blobFetchesAtOnce,
    )
    const read = collect(to.blobs.read(to.tree, blob, { fetcher, signal: never }))
    // The first one is asked by itself, too, before the second one is there.
    while (first.asked.filter((number) => number === 2).length < 2) await to.clock.settle()
    answer()
    assert.ok((await read).equals(bytes))
    assert.ok(second.closed)
  })

  it('are never those of a peer that lies, which is asked no more', async () => {
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const liar = new LabPeer(from, { liesAt: 2 })
    const honest = new LabPeer(from)
    assert.ok((await readAll(to, blob, [new LabPeer(from, { list: 'wrong' }), liar, honest])).equals(bytes))
    assert.ok(liar.closed)
    assert.deepEqual(honest.asked, [2, 3, 4, 5, 6])
    await using others = await twoLabs()
    const alone = readAll(others.to, others.blob, [new LabPeer(others.from, { liesAt: 0 })])
    await assert.rejects(alone, /BLOB_NOT_HERE|other bytes/)
    assert.equal(others.to.chunks.ofTree(others.to.tree).chunks, 1, 'only the list')
  })

  it('are asked for at a peer that knew nothing of another blob', async () => {
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const peer = new LabPeer(from)
    const unknown = { id: '0'.repeat(64), size: 1 }
    peer.list = async (tree, { id }) => {
      if (id === unknown.id) throw new CausewayError('UNKNOWN_BLOB', 'unknown')
      return encodeList((await from.blobs.listHere(tree, blob))!)
    }
    using fetch = fetcherOf(to, [peer]).open(to.tree)
    await assert.rejects(fetch.list(unknown, never), { code: 'BLOB_NOT_HERE' })
    assert.equal((await fetch.list(blob, never)).length, 32 * count)
  })

  it('come from another peer if one fails in the middle', async () => {
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const honest = new LabPeer(from)
    assert.ok((await readAll(to, blob, [new LabPeer(from, { failsAt: 4 }), honest])).equals(bytes))
    assert.deepEqual(honest.asked, [4, 5, 6])
  })

  it('go on where a reader left', async () => {
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const peer = new LabPeer(from, { hangsAt: 3 })
    const cut = new AbortController()
    const seen: Uint8Array[] = []
    const read = async () => {
      for await (const data of to.blobs.read(to.tree, blob, {
        fetcher: fetcherOf(to, [peer]),
        signal: cut.signal,
      })) {
        seen.push(data)
        if (seen.length === 3) setImmediate(() => cut.abort())
      }
    }
    await assert.rejects(read(), { name: 'AbortError' })
    assert.ok(peer.closed)
    const next = new LabPeer(from)
    assert.ok((await readAll(to, blob, [next])).equals(bytes))
    assert.deepEqual(next.asked, [3, 4, 5, 6])
  })

  it('that are damaged here are fetched again', async () => {
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    await readAll(to, blob, [new LabPeer(from)])
    const names = (await to.blobs.listHere(to.tree, blob))!
    for (const number of [2, 5]) {
      const key = Buffer.from(`64${to.tree}${names[number]}`, 'hex')
      await to.store.db.put(key, Buffer.from('damaged'))
    }
    const peer = new LabPeer(from)
    assert.ok((await readAll(to, blob, [peer])).equals(bytes))
    assert.deepEqual(peer.asked, [2, 5])
  })

  it('are asked for in calls of a bound', async () => {
    using _ = limited({ chunksPerCall: 3 })
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const peer = new LabPeer(from)
    assert.ok((await readAll(to, blob, [peer])).equals(bytes))
    assert.deepEqual(peer.asked, [0, 1, 2, 3, 4, 5, 6])
  })

  it('do not come past the quota of the author who names them', async () => {
    await using labs = await twoLabs({ quota: { treeBytes: 4 * chunk } })
    const { from, to, blob } = labs
    await assert.rejects(readAll(to, blob, [new LabPeer(from)]), { code: 'RESOURCE_EXHAUSTED' })
    assert.ok(to.chunks.bytes <= 4 * chunk)
  })

  it('wait for their turn past a bound on fetches at once', async () => {
    using _ = limited({ blobFetchesAtOnce: 1 })
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const fetcher = fetcherOf(to, [new LabPeer(from)])
    const cut = new AbortController()
    const first = fetcher.open(to.tree)
    await first.list(blob, never)
    const second = fetcher.open(to.tree)
    const waiting = second.list(blob, cut.signal)
    cut.abort()
    await assert.rejects(waiting, { code: 'CANCELLED' })
    first[Symbol.dispose]()
    await second.list(blob, never)
    second[Symbol.dispose]()
  })

  it('hold no place once their reader has left, though a dial hangs', async () => {
    using _ = limited({ blobFetchesAtOnce: 1 })
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const late = new LabPeer(from)
    let answer = (_peer: LabPeer) => {}
    const dial = new Promise<LabPeer>((resolve) => {
      answer = resolve
    })
    const peers = [dial, Promise.resolve(new LabPeer(from))]
    const fetcher = new PeerFetcher(
      to.blobs,
      async function* () {
        yield await peers.shift()!
      },
      limits.blobFetchesAtOnce,
    )
    const cut = new AbortController()
    const read = (signal: AbortSignal) => collect(to.blobs.read(to.tree, blob, { fetcher, signal }))
    const first = read(cut.signal)
    while (peers.length === 2) await to.clock.settle()
    cut.abort()
    await assert.rejects(first)
    assert.ok((await read(never)).equals(bytes))
    answer(late)
    await to.clock.settle()
    assert.ok(late.closed)
  })

  it('leave room for others when one caller holds all that it may', async () => {
    using _ = limited({ blobFetchesAtOnce: 3, blobFetchesPerCaller: 2 })
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const fetcher = fetcherOf(to, [new LabPeer(from)])
    const open = (caller: string) => fetcher.open(to.tree, caller)
    const slow = [open('slow'), open('slow'), open('slow')]
    await slow[0]!.list(blob, never)
    await slow[1]!.list(blob, never)
    let isThird = false
    const third = slow[2]!.list(blob, never).then(() => {
      isThird = true
    })
    using other = open('other')
    await other.list(blob, never)
    assert.ok(!isThird)
    slow[0]![Symbol.dispose]()
    await third
    for (const fetch of slow.slice(1)) fetch[Symbol.dispose]()
    const { ofCallers } = fetcher as unknown as { ofCallers: Map<string, unknown> }
    assert.deepEqual([...ofCallers.keys()], ['other'], 'nothing is kept for a caller that is done')
  })

  it('of a fetch that takes turns come after those that wait', async () => {
    using _ = limited({ blobFetchesAtOnce: 1 })
    await using labs = await twoLabs()
    const { from, to, blob } = labs
    const fetcher = fetcherOf(to, [new LabPeer(from)])
    using long = fetcher.open(to.tree)
    await long.list(blob, never)
    const short = fetcher.open(to.tree)
    const ended: string[] = []
    const waiting = short.list(blob, never).then(() => {
      ended.push('short')
      short[Symbol.dispose]()
    })
    await long.takeTurns(never)
    ended.push('long')
    await waiting
    assert.deepEqual(ended, ['short', 'long'])
  })
})
