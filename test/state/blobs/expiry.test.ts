/** Chunks that no entry names are dropped after a day, and never one that is named, or that an arriving entry names. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { ChunkExpiry } from '../../../src/state/blobs/expiry.ts'
import { chunkName } from '../../../src/state/blobs/format.ts'
import {
  type BlobLab,
  chunk,
  collect,
  never,
  openBlobLab,
  owner,
  putBlob,
  seededBytes,
  uploadTo,
} from '../../kit/blobs.ts'
import { limited } from '../../kit/limited.ts'

const expiryOf = ({ blobs, clock }: BlobLab) =>
  new ChunkExpiry(blobs, clock, (error) => {
    throw error
  })
const bytes = seededBytes(2 * chunk + 1)
const hour = 3_600_000

async function namesIn({ chunks, tree }: BlobLab): Promise<string[]> {
  const names: string[] = []
  for await (const page of chunks.records(tree)) names.push(...page.map(({ name }) => name))
  return names.sort()
}

describe('chunks that nobody names', () => {
  it('stay for a day, and are then dropped; those that are named stay', async () => {
    await using lab = await openBlobLab()
    const blob = await putBlob(lab, bytes)
    const named = await namesIn(lab)
    await uploadTo(lab, seededBytes(3 * chunk, 2))
    const expiry = expiryOf(lab)
    await lab.clock.advance(limits.chunkUnnamedMs)
    await expiry.sweep()
    assert.equal(lab.chunks.ofTree(lab.tree).chunks, named.length + 4)
    await lab.clock.advance(1)
    await expiry.sweep()
    assert.deepEqual(await namesIn(lab), named)
    assert.ok((await collect(lab.blobs.read(lab.tree, blob, { signal: never }))).equals(bytes))
    // Named ones are known by then, and not looked for again.
    for await (const page of lab.chunks.records(lab.tree)) for (const { kept } of page) assert.ok(kept)
  })

  it('begin their day anew when they are put again, and when a write is prepared', async () => {
    await using lab = await openBlobLab()
    const first = await uploadTo(lab, bytes)
    const other = seededBytes(chunk, 5)
    await lab.blobs.put(lab.tree, other, owner.peer)
    const expiry = expiryOf(lab)
    await lab.clock.advance(limits.chunkUnnamedMs - hour)
    await lab.blobs.put(lab.tree, other, owner.peer)
    const write = {
      writes: [
        { store: 's', key: 'k', action: { put: { value: new Uint8Array(0), type: '', blob: first } } },
      ],
    }
    await lab.writer.prepare(lab.tree, write, owner.peer)
    await lab.clock.advance(2 * hour)
    await expiry.sweep()
    assert.equal(lab.chunks.ofTree(lab.tree).chunks, 5)
    await lab.clock.advance(limits.chunkUnnamedMs)
    await expiry.sweep()
    assert.equal(lab.chunks.ofTree(lab.tree).chunks, 0)
  })

  it('stay if an entry that names them comes while the search is under way', async () => {
    await using lab = await openBlobLab()
    const blob = await uploadTo(lab, bytes)
    await lab.clock.advance(limits.chunkUnnamedMs + 1)
    const expiry = expiryOf(lab)
    // The entry comes after the names were read, and before the tree's turn in which chunks are dropped.
    const { store } = lab.views
    const { settled } = store
    let came = false
    store.settled = async (tree, task) => {
      if (!came) {
        came = true
        const { encodePut, changeKinds } = await import('../../../src/state/payload.ts')
        const payload = encodePut({ key: 'k', value: new Uint8Array(0), type: '', blob, replaces: [] })
        await lab.author.commit(lab.tree, [{ store: 'files', kind: changeKinds.put, payload }])
      }
      return settled.call(store, tree, task) as never
    }
    await expiry.sweep()
    store.settled = settled
    assert.ok(came)
    await lab.views.count(lab.tree)
    assert.ok((await collect(lab.blobs.read(lab.tree, blob, { signal: never }))).equals(bytes))
  })

  it('are dropped in turns of a bound', async () => {
    using _ = limited({ chunkDropsAtOnce: 2, chunkSweepTurns: 2 })
    await using lab = await openBlobLab()
    for (let seed = 0; seed < 7; seed++) await lab.blobs.put(lab.tree, seededBytes(9, seed + 1), owner.peer)
    await lab.clock.advance(limits.chunkUnnamedMs + 1)
    await expiryOf(lab).sweep()
    assert.equal(lab.chunks.ofTree(lab.tree).chunks, 3)
    await expiryOf(lab).sweep()
    assert.equal(lab.chunks.ofTree(lab.tree).chunks, 0)
  })

  it('are looked for by the clock, and no more after the end', async () => {
    await using lab = await openBlobLab()
    await lab.blobs.put(lab.tree, bytes.subarray(0, 5), owner.peer)
    const expiry = expiryOf(lab)
    expiry.start()
    await lab.clock.advance(limits.chunkUnnamedMs + 2 * hour)
    assert.equal(lab.chunks.ofTree(lab.tree).chunks, 0)
    await expiry.close()
    await lab.blobs.put(lab.tree, bytes.subarray(0, 5), owner.peer)
    await lab.clock.advance(2 * limits.chunkUnnamedMs)
    assert.equal(lab.chunks.ofTree(lab.tree).chunks, 1)
  })

  it('of a blob whose entry is void stay, since the entry is stored', async () => {
    await using lab = await openBlobLab()
    const { testIdentity } = await import('../../kit/entries.ts')
    const { Author } = await import('../../../src/store/author/author.ts')
    const ben = testIdentity(4)
    await lab.author.changePolicy(lab.tree, { keys: [{ peer: ben.peer, permission: 2, name: '' }] })
    const blob = await uploadTo(lab, bytes)
    const { encodePut, changeKinds } = await import('../../../src/state/payload.ts')
    const payload = encodePut({ key: 'k', value: new Uint8Array(0), type: '', blob, replaces: [] })
    const bens = new Author(lab.store, ben, lab.clock)
    const { tips } = { tips: await lab.store.tips(lab.tree) }
    await bens.commit(lab.tree, [{ store: 'files', kind: changeKinds.put, payload }], { parents: tips })
    await lab.author.changePolicy(lab.tree, {
      keys: [{ peer: ben.peer, permission: 0, revoked: true, name: '', lastAccepted: [] } as never],
    })
    await lab.clock.advance(limits.chunkUnnamedMs + 1)
    await expiryOf(lab).sweep()
    assert.equal(lab.chunks.ofTree(lab.tree).chunks, 4)
    assert.ok((await namesIn(lab)).includes(chunkName(bytes.subarray(0, chunk))))
  })
})
