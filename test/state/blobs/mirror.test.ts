/** Trees all of whose blobs are wanted: what is fetched, what is not, and what happens when it cannot be. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { readEntry, verifyEntry } from '../../../src/dag/entry.ts'
import type { Identity } from '../../../src/dag/identity.ts'
import type { BlobPeer } from '../../../src/state/blobs/fetch.ts'
import { PeerFetcher } from '../../../src/state/blobs/fetch.ts'
import { encodeList } from '../../../src/state/blobs/format.ts'
import { BlobMirror } from '../../../src/state/blobs/mirror.ts'
import { changeKinds, encodePut } from '../../../src/state/payload.ts'
import { Author } from '../../../src/store/author/author.ts'
import { type BlobLab, chunk, openBlobLab, putBlob, seededBytes, uploadTo } from '../../kit/blobs.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { fill } from '../../kit/peers.ts'

/** A lab that has blobs, and one whose mirror wants those of its tree. */
async function mirrored() {
  const from = await openBlobLab()
  const to = await openBlobLab({ tree: from.tree })
  const state = { wanted: true, away: false, dials: 0, errors: [] as unknown[], asked: [] as number[] }
  const lists = new Map<string, number>()
  const peer: BlobPeer = {
    async list(tree, blob) {
      lists.set(blob.id, (lists.get(blob.id) ?? 0) + 1)
      const names = await from.blobs.listHere(tree, blob)
      return names && encodeList(names)
    },
    async *chunks(tree, blob, numbers) {
      const names = (await from.blobs.listHere(tree, blob))!
      state.asked.push(numbers.length)
      for (const number of numbers) yield { number, data: (await from.chunks.get(tree, names[number]!))! }
    },
    close() {},
  }
  const fetcher = new PeerFetcher(
    to.blobs,
    async function* () {
      state.dials++
      if (!state.away) yield peer
    },
    limits.blobMirrorsAtOnce,
  )
  const restart = () =>
    new BlobMirror({
      ...{ blobs: to.blobs, fetcher, clock: to.clock },
      wants: () => state.wanted,
      onError: (error) => state.errors.push(error),
    })
  const mirror = restart()
  /** Brings what is new, as a sync does, and lets the mirror work. */
  const sync = async () => {
    for await (const page of from.store.scan(from.tree))
      await fill(to.store, await Promise.all(page.map(({ signed }) => verifyEntry(readEntry(signed)))))
    await to.views.count(to.tree)
    await to.clock.settle()
  }
  const settled = async (chunks: number) => {
    for (let turn = 0; turn < 500 && to.chunks.ofTree(to.tree).chunks !== chunks; turn++)
      await to.clock.settle()
    assert.equal(to.chunks.ofTree(to.tree).chunks, chunks)
  }
  return {
    ...{ from, to, mirror, restart, state, lists, sync, settled },
    async [Symbol.asyncDispose]() {
      await mirror.close()
      await from[Symbol.asyncDispose]()
      await to[Symbol.asyncDispose]()
    },
  }
}

const put = (lab: BlobLab, seed: number, key = `k${seed}`) => putBlob(lab, seededBytes(2 * chunk, seed), key)

describe('a mirror', () => {
  it('fetches blobs as entries name them, those that are replaced too, and dials nobody for what is here', async () => {
    await using lab = await mirrored()
    await put(lab.from, 1, 'k')
    await put(lab.from, 2, 'k')
    await lab.sync()
    await lab.settled(6)
    const { dials } = lab.state
    await lab.from.author.commit(lab.from.tree, [{ store: 'log', kind: '', payload: new Uint8Array(1) }])
    await lab.sync()
    assert.equal(lab.state.dials, dials)
    await put(lab.from, 3)
    await lab.sync()
    await lab.settled(9)
    assert.deepEqual(lab.state.errors, [])
  })

  it('tries again after a pause while nobody has them', async () => {
    await using lab = await mirrored()
    lab.state.away = true
    await put(lab.from, 1)
    await lab.sync()
    await lab.settled(0)
    lab.state.away = false
    await lab.to.clock.advance(limits.mirrorRetryMs)
    await lab.settled(3)
    assert.deepEqual(lab.state.errors, [], 'an absent peer is no problem of the node')
  })

  it('asks for a blob that nobody has after its own pauses, and not whenever another one comes', async () => {
    await using lab = await mirrored()
    const { from, to, lists } = lab
    const id = 'ab'.repeat(32)
    const payload = encodePut({
      ...{ key: 'lost', value: new Uint8Array(0), type: '', blob: { id, size: 5 }, replaces: [] },
    })
    await from.author.commit(from.tree, [{ store: 'files', kind: changeKinds.put, payload }])
    await lab.sync()
    for (let turn = 0; turn < 500 && !lists.has(id); turn++) await to.clock.settle()
    for (const seed of [1, 2, 3]) {
      await put(from, seed)
      await lab.sync()
      await lab.settled(3 * seed)
    }
    assert.equal(lists.get(id), 1)
    await to.clock.advance(limits.mirrorRetryMs)
    for (let turn = 0; turn < 500 && lists.get(id) === 1; turn++) await to.clock.settle()
    assert.ok(lists.get(id)! > 1)
  })

  it('fetches nothing of a tree that nobody wants, until somebody does', async () => {
    await using lab = await mirrored()
    lab.state.wanted = false
    await put(lab.from, 1)
    await lab.sync()
    await lab.settled(0)
    assert.equal(lab.state.dials, 0)
    lab.state.wanted = true
    lab.mirror.wake(lab.to.tree)
    await lab.settled(3)
  })

  it('fetches again what was dropped since it was damaged', async () => {
    await using lab = await mirrored()
    const blob = await put(lab.from, 1)
    await lab.sync()
    await lab.settled(3)
    const [name] = (await lab.to.blobs.listHere(lab.to.tree, blob))!
    await lab.to.store.db.put(Buffer.from(`64${lab.to.tree}${name}`, 'hex'), Buffer.from('damaged'))
    assert.equal(await lab.to.chunks.get(lab.to.tree, name!), undefined)
    await lab.settled(3)
    assert.notEqual(await lab.to.chunks.get(lab.to.tree, name!), undefined)
  })

  it('fetches again, after a start, what has a record and no bytes', async () => {
    await using lab = await mirrored()
    const blob = await put(lab.from, 1)
    await lab.sync()
    await lab.settled(3)
    const names = (await lab.to.blobs.listHere(lab.to.tree, blob))!
    await lab.to.store.db.del(Buffer.from(`64${lab.to.tree}${names[1]}`, 'hex'))
    await using mirror = Object.assign(lab.restart(), {
      [Symbol.asyncDispose]: () => mirror.close(),
    })
    mirror.wake(lab.to.tree)
    const isHere = () => lab.to.store.db.has(Buffer.from(`64${lab.to.tree}${names[1]}`, 'hex'))
    for (let turn = 0; turn < 500 && !(await isHere()); turn++) await lab.to.clock.settle()
    assert.ok(await isHere())
  })

  it('fetches what an entry names that was void when it came, once it stands', async () => {
    await using lab = await mirrored()
    const { from } = lab
    const [ada, ben] = [testIdentity(4), testIdentity(5)]
    const by = (who: Identity) => new Author(from.store, who, from.clock)
    const revoked = { permission: Permission.UNSPECIFIED, revoked: true, lastAccepted: [] }
    await from.author.changePolicy(from.tree, { keys: [{ peer: ada.peer, permission: Permission.WRITE }] })
    await from.author.changePolicy(from.tree, { keys: [{ peer: ben.peer, permission: Permission.ADMIN }] })
    const blob = await uploadTo(from, seededBytes(2 * chunk))
    const payload = encodePut({ key: 'k', value: new Uint8Array(0), type: '', blob, replaces: [] })
    await by(ada).commit(from.tree, [{ store: 'files', kind: changeKinds.put, payload }])
    await by(ben).changePolicy(from.tree, { keys: [{ peer: ada.peer, ...revoked }] })
    await from.views.count(from.tree)
    await lab.sync()
    await lab.settled(0)
    // The revocation is void itself.
    await from.author.changePolicy(from.tree, { keys: [{ peer: ben.peer, ...revoked }] })
    await from.views.count(from.tree)
    await lab.sync()
    await lab.settled(3)
  })

  it('gives turns to other trees within a blob, since a peer may be slow', async () => {
    using _ = limited({ mirrorChunksPerTurn: 2 })
    await using lab = await mirrored()
    await putBlob(lab.from, seededBytes(5 * chunk))
    await lab.sync()
    await lab.settled(6)
    assert.deepEqual(lab.state.asked, [2, 2, 1])
  })

  it('asks for nothing more of an author whose quota is used up', async () => {
    await using lab = await mirrored()
    let takes = 0
    Object.assign(lab.to.blobs, {
      take: () => {
        takes++
        return Promise.reject(new CausewayError('RESOURCE_EXHAUSTED', 'full'))
      },
    })
    for (const seed of [1, 2, 3]) await put(lab.from, seed)
    await lab.sync()
    for (let turn = 0; turn < 500 && takes === 0; turn++) await lab.to.clock.settle()
    for (let turn = 0; turn < 50; turn++) await lab.to.clock.settle()
    // Each search through the tree dials once.
    assert.equal(takes, lab.state.dials)
  })

  it('reports what is wrong here, and ends with the node', async () => {
    await using lab = await mirrored()
    Object.assign(lab.to.blobs, {
      take: () => Promise.reject(new CausewayError('STORE_FULL', 'full')),
    })
    await put(lab.from, 1)
    await lab.sync()
    for (let turn = 0; turn < 500 && lab.state.errors.length === 0; turn++) await lab.to.clock.settle()
    assert.equal((lab.state.errors[0] as CausewayError).code, 'STORE_FULL')
    await lab.mirror.close()
    const { dials } = lab.state
    await lab.to.clock.advance(10 * limits.mirrorRetryMaxMs)
    assert.equal(lab.state.dials, dials)
  })
})
