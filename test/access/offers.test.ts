/** Offers show that their tree names the one to whom it is offered, and are bounded, whoever makes them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { type OfferProof, proveOffer, readOffer } from '../../src/access/offer-proof.ts'
import { type NewOffer, Offers } from '../../src/access/offers.ts'
import { limits } from '../../src/base/limits.ts'
import type { SignedEntry } from '../../src/dag/entry.ts'
import type { TreeId } from '../../src/dag/id.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import { Author } from '../../src/store/author/author.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { grant, policyChange, read } from '../kit/policy.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const [self, holder, other] = [1, 2, 3].map((seed) => testIdentity(seed))

/** A tree of `holder` that gives `self` the right to read, as a builder. */
function namingTree(seed = 0) {
  const builder = new TreeBuilder({ author: holder!, seed })
  const granting = builder.add([builder.root], { changes: policyChange([grant(self!, read)]) })
  return { builder, root: builder.root.signed, grant: granting.signed, tree: builder.root.id }
}

const refused = (proof: OfferProof, code: string, message: RegExp) =>
  assert.rejects(readOffer(proof, self!.peer), { code, message })

describe('An offer', () => {
  it('says what its root and its policy entry say', async () => {
    const { root, grant, tree } = namingTree()
    assert.deepEqual(await readOffer({ root, grant }, self!.peer), {
      ...{ tree, name: 'test', author: holder!.peer, permission: Permission.READ },
    })
    const own = new TreeBuilder({ author: self!, name: 'own' }).root
    assert.deepEqual(await readOffer({ root: own.signed }, self!.peer), {
      ...{ tree: own.id, name: 'own', author: self!.peer, permission: Permission.ADMIN },
    })
  })

  it('is refused if it does not show that the tree names this node', async () => {
    const { builder, root, grant: granting } = namingTree()
    const elsewhere = namingTree(1)
    const toOther = builder.add([builder.root], { changes: policyChange([grant(other!, read)]) }).signed
    await refused({ root }, 'INVALID_ARGUMENT', /got none/)
    await refused({ root, grant: toOther }, 'INVALID_ARGUMENT', /got one that does not/)
    await refused({ root, grant: elsewhere.grant }, 'INVALID_ARGUMENT', /of another tree/)
    await refused({ root: granting, grant: granting }, 'INVALID_ARGUMENT', /the first entry of a tree/)
    await refused({ root, grant: builder.add().signed }, 'INVALID_ARGUMENT', /got one that does not/)
  })

  it('is refused if its entries are forged, malformed or too large', async () => {
    const { root, grant: granting } = namingTree()
    const forged = (entry: SignedEntry) => ({ ...entry, signature: entry.signature.toReversed() })
    await refused({ root: forged(root), grant: granting }, 'INVALID_ARGUMENT', /another tree/)
    await refused({ root, grant: forged(granting) }, 'ENTRY_SIGNATURE', /not valid for its author/)
    const own = new TreeBuilder({ author: self! }).root.signed
    await refused({ root: forged(own) }, 'ENTRY_SIGNATURE', /not valid for its author/)
    const large = { body: new Uint8Array(limits.offerEntryBytes), signature: new Uint8Array(64) }
    await refused({ root: large }, 'LIMIT_EXCEEDED', /at most 262144 bytes/)
    await refused({ root, grant: large }, 'LIMIT_EXCEEDED', /at most 262144 bytes/)
    await assert.rejects(
      readOffer({ root: { body: new Uint8Array(9), signature: new Uint8Array(64) } }, self!.peer),
    )
  })

  it('is made by whoever has the tree, of whom its policy names, and of nobody else', async () => {
    const store = await DagStore.open(await openMemory())
    const author = new Author(store, holder!, new VirtualClock())
    const { tree } = await author.createTree('shared')
    assert.equal(await proveOffer(store, tree, self!.peer), undefined)
    await author.changePolicy(tree, { keys: [{ peer: self!.peer, permission: Permission.WRITE }] })
    const proof = await proveOffer(store, tree, self!.peer)
    assert.equal((await readOffer(proof!, self!.peer)).permission, Permission.WRITE)
    // The author of a root needs nothing else.
    assert.equal((await proveOffer(store, tree, holder!.peer))!.grant, undefined)
    await author.revoke(tree, self!.peer)
    assert.equal(await proveOffer(store, tree, self!.peer), undefined)
    assert.equal(await proveOffer(store, 'ab'.repeat(32) as TreeId, self!.peer), undefined)
    await store.close()
  })
})

describe('The offers that wait', () => {
  const id = (number: number) => number.toString(16).padStart(64, '0')
  const offer = (tree: number, peer: number, from = `10.0.0.${peer}`): NewOffer => ({
    ...{ tree: id(tree) as TreeId, peer: id(peer) as PeerId, name: 'x', author: holder!.peer },
    ...{ permission: Permission.READ, told: undefined, from },
  })
  async function opened() {
    const clock = new VirtualClock()
    const db = await openMemory()
    return { clock, db, offers: await Offers.open(db, clock) }
  }

  it('outlive a restart, and a repeated one is written once an hour, or if its peer has moved', async () => {
    const { clock, db, offers } = await opened()
    assert.notEqual(await offers.note(offer(1, 1)), undefined)
    assert.equal(await offers.note(offer(1, 1)), undefined)
    const [first] = offers.list()
    await clock.advance(1_000)
    await offers.note(offer(1, 1))
    assert.deepEqual(offers.list(), [first])
    const told = { addresses: ['http://10.0.0.1:1'], sequence: 1, expiresMs: 1 }
    await offers.note({ ...offer(1, 1), told })
    assert.deepEqual(offers.list()[0]!.told, told)
    await clock.advance(limits.offerNotedMs)
    await offers.note(offer(1, 1))
    const again = (await Offers.open(db, clock)).list()
    assert.deepEqual(
      [again.length, again[0]!.offeredAtMs, again[0]!.createdAtMs],
      [1, clock.now(), first!.createdAtMs],
    )
    await offers.removeTree(id(1) as TreeId)
    assert.deepEqual(offers.list(), [])
  })

  it('are bounded for each peer, until some are accepted or old', async () => {
    const { clock, offers } = await opened()
    for (let tree = 0; tree < limits.offersPerPeer; tree++) await offers.note(offer(tree, 1))
    await assert.rejects(offers.note(offer(limits.offersPerPeer, 1)), { code: 'RESOURCE_EXHAUSTED' })
    await offers.note(offer(0, 2))
    await offers.remove(offer(0, 1))
    await offers.note(offer(limits.offersPerPeer, 1))
    await clock.advance(limits.offerIdleMs + 1)
    await offers.note(offer(3, 3))
    assert.equal(offers.list().length, 1)
  })

  it('are bounded in all: a flood from one origin, by any number of keys, only displaces itself', async () => {
    const { offers } = await opened()
    for (let honest = 0; honest < 3; honest++) await offers.note(offer(honest, honest))
    for (let peer = 0; peer < limits.offers; peer++)
      await offers.note(offer(peer, 100 + peer, 'flood')).catch(() => {})
    assert.equal(offers.list().length, limits.offers)
    await assert.rejects(offers.note(offer(9, 9_999, 'flood')), { code: 'RESOURCE_EXHAUSTED' })
    await offers.note(offer(7, 7))
    const all = offers.list()
    assert.equal(all.length, limits.offers)
    assert.deepEqual(
      [0, 1, 2, 7].filter((peer) => !all.some((each) => each.peer === id(peer))),
      [],
    )
  })
})
