/** What one node knows of members, without a network: a store with two trees, and records that others issue. */
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { NamedPeers } from '../../../src/access/named-peers.ts'
import { rightsOf } from '../../../src/access/rights.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import type { Identity, PeerId } from '../../../src/dag/identity.ts'
import { signRecord } from '../../../src/find/record.ts'
import { Members } from '../../../src/node/members/members.ts'
import { RecordKeeper } from '../../../src/node/reach/record-keeper.ts'
import { AddressRecords, type MemberAsk } from '../../../src/peer/address-records.ts'
import { PeerBook } from '../../../src/peer/book.ts'
import { Author } from '../../../src/store/author/author.ts'
import { openMemory } from '../../../src/store/database/open.ts'
import { DagStore } from '../../../src/store/store.ts'
import { createHttpTransport } from '../../../src/transport/http.ts'
import { TransportManager } from '../../../src/transport/manager.ts'
import { LabClock } from '../../dispatcher/lab.ts'
import { testIdentity } from '../../kit/entries.ts'

export const self = testIdentity(1)
/** Members of the private tree, somebody it revoked, and somebody that no tree names. */
export const [ada, bob, cyd, revoked, stranger] = [2, 3, 4, 5, 6].map(testIdentity) as [
  Identity,
  Identity,
  Identity,
  Identity,
  Identity,
]
export const [far, lan] = ['8.8.4.4:1000', '10.0.0.9:1000']

export async function openLab() {
  const clock = new LabClock()
  const db = await openMemory()
  const store = await DagStore.open(db)
  const named = await NamedPeers.open(store)
  const author = new Author(store, self, clock)
  const grant = (tree: TreeId, peer: PeerId) =>
    author.changePolicy(tree, { keys: [{ peer, permission: Permission.READ }] })
  const tree = (await author.createTree('private', PublicAccess.NONE)).tree
  const open = (await author.createTree('public', PublicAccess.READ)).tree
  for (const { peer } of [ada, bob, cyd, revoked]) await grant(tree, peer)
  await author.revoke(tree, revoked.peer)
  const rights = rightsOf(store, named)
  const book = await PeerBook.open(db, clock)
  const records = await AddressRecords.open(db, clock, (peer) => book.get(peer) !== undefined)
  const transports = new TransportManager()
  transports.register(createHttpTransport())
  const [contacts, own, news] = [[] as PeerId[], [] as number[], [] as unknown[]]
  const keeper = new RecordKeeper({
    ...{ clock, transports, book, records },
    onNew: (peer) => contacts.push(peer),
  })
  const members = new Members({
    ...{ self: self.peer, clock, rights, named, book, records, keeper },
    sawOwn: (sequence) => own.push(sequence),
  })
  members.onNews((...about) => news.push(about))

  /** Returns a record that a peer issues now, or so much later. */
  const issue = (
    identity: Identity,
    { addresses = ['http://8.8.8.8:80'], near = false, inMs = 0, ttlSeconds = 86_400 } = {},
  ) => signRecord(identity, { sequence: clock.now() + inMs, ttlSeconds, near, addresses })
  const ask = (more: Partial<MemberAsk> = {}): MemberAsk => ({
    tree,
    known: [],
    news: [],
    limit: 64,
    ...more,
  })
  const close = async () => {
    keeper.stop()
    await transports.close()
    await store.close()
  }
  return {
    ...{
      clock,
      store,
      named,
      author,
      grant,
      tree,
      open,
      book,
      records,
      keeper,
      members,
      contacts,
      own,
      news,
    },
    ...{ issue, ask, [Symbol.asyncDispose]: close },
  }
}
