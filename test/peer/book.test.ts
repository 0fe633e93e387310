/** The peer book and the links: durable and bounded, and the address that worked most recently is first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import type { TreeId } from '../../src/dag/id.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import { PeerBook } from '../../src/peer/book.ts'
import { defaultSettings, Links } from '../../src/peer/links.ts'
import { type Database, openMemory } from '../../src/store/database/open.ts'
import { LabClock } from '../dispatcher/lab.ts'
import { testIdentity } from '../kit/entries.ts'

const peerOf = (index: number) => index.toString(16).padStart(64, '0') as PeerId
const treeOf = (index: number) => `e${index.toString(16).padStart(63, '0')}` as TreeId
const peer = testIdentity(1).peer

async function open(db?: Database) {
  const database = db ?? (await openMemory())
  return {
    db: database,
    book: await PeerBook.open(database, new LabClock()),
    links: await Links.open(database),
  }
}

test('peers and links outlive the node', async () => {
  const { db, book, links } = await open()
  await book.add(peer, { name: 'Ada', addresses: ['http://a:1', 'http://b:2'] })
  await book.block(peer, true)
  await links.set(treeOf(1), peer, { ...defaultSettings, intervalSeconds: 7, push: false })
  await db.close()
  await db.open()
  const again = await open(db)
  assert.deepEqual(again.book.list(), book.list())
  assert.equal(again.book.get(peer)!.blocked, true)
  assert.deepEqual(again.links.list(), links.list())
  assert.deepEqual(again.links.ofPeer(peer), again.links.ofTree(treeOf(1)))
  await again.links.remove(again.links.get(treeOf(1), peer)!)
  assert.deepEqual([again.links.ofPeer(peer), again.links.ofTree(treeOf(1)), again.links.size], [[], [], 0])
})

test('a link is automatic until somebody sets it', async () => {
  const { links } = await open()
  await links.set(treeOf(1), peer, defaultSettings, { automatic: true })
  assert.equal(links.get(treeOf(1), peer)!.automatic, true)
  await links.succeeded(treeOf(1), peer, 5)
  assert.equal(links.get(treeOf(1), peer)!.automatic, true)
  await links.set(treeOf(1), peer, { ...defaultSettings, paused: true })
  assert.deepEqual(links.get(treeOf(1), peer), {
    ...{ tree: treeOf(1), peer, settings: { ...defaultSettings, paused: true }, lastSuccessMs: 5 },
  })
})

test('an address that works moves to the front, and each has its last success or failure', async () => {
  const { book } = await open()
  await book.add(peer, { addresses: ['http://a:1', 'http://b:2', 'http://c:3'] })
  await book.note(peer, 'http://c:3', true)
  await book.note(peer, 'http://a:1', false)
  await book.note(peer, 'http://unknown:9', true)
  const [first, second, third] = book.get(peer)!.addresses
  assert.deepEqual(
    [first!.address, second!.address, third!.address],
    ['http://c:3', 'http://a:1', 'http://b:2'],
  )
  assert.ok(first!.lastSuccessMs! > 0 && first!.lastFailureMs === undefined)
  assert.ok(second!.lastFailureMs! > 0 && second!.lastSuccessMs === undefined)
})

test('adding again keeps what is known', async () => {
  const { book } = await open()
  await book.add(peer, { name: 'Ada', addresses: ['http://a:1'] })
  await book.note(peer, 'http://a:1', true)
  const again = await book.add(peer, { addresses: ['http://b:2', 'http://a:1'] })
  assert.equal(again.name, 'Ada')
  assert.deepEqual(
    again.addresses.map(({ address }) => address),
    ['http://b:2', 'http://a:1'],
  )
  assert.ok(again.addresses[1]!.lastSuccessMs! > 0)
})

test('bounds of the book', async () => {
  const { book } = await open()
  for (let index = 0; index < limits.peers; index++) await book.add(peerOf(index))
  await assert.rejects(book.add(peer), { code: 'LIMIT_EXCEEDED' })
  await book.add(peerOf(0), { name: 'known ones may change' })
  await book.remove(peerOf(0))
  await book.add(peer)
  const many = Array.from({ length: limits.dialAddresses + 1 }, (_, index) => `http://host:${index + 1}`)
  await assert.rejects(book.add(peer, { addresses: many }), { code: 'LIMIT_EXCEEDED' })
  await book.add(peer, { addresses: many.slice(1) })
  await book.add(peer, { addresses: many.slice(0, 1) })
  assert.equal(book.get(peer)!.addresses.length, limits.dialAddresses)
  await assert.rejects(book.add(peer, { name: 'n'.repeat(limits.nameBytes + 1) }), { code: 'LIMIT_EXCEEDED' })
  const long = `http://${'h'.repeat(limits.addressBytes)}`
  await assert.rejects(book.add(peer, { addresses: [long] }), { code: 'LIMIT_EXCEEDED' })
  await assert.rejects(book.add(peer, { addresses: ['nowhere'] }), { code: 'BAD_ADDRESS' })
  await assert.rejects(book.remove(peerOf(0)), { code: 'UNKNOWN_PEER' })
})

test('bounds of the links', async () => {
  const { links } = await open()
  for (let index = 0; index < limits.links; index++) await links.set(treeOf(index), peer, defaultSettings)
  await assert.rejects(links.set(treeOf(limits.links), peer, defaultSettings), { code: 'LIMIT_EXCEEDED' })
  const set = (settings: object) => links.set(treeOf(0), peer, { ...defaultSettings, ...settings })
  await set({ intervalSeconds: limits.intervalSeconds })
  for (const intervalSeconds of [limits.intervalSeconds + 1, -1, 0.5])
    await assert.rejects(set({ intervalSeconds }), { code: 'INVALID_ARGUMENT' })
  await assert.rejects(set({ pull: false, push: false }), { code: 'INVALID_ARGUMENT' })
})
