/** The requests that need no connection, answered by this package: what a set of entries is, and what a key signs. */

import { create } from '@bufbuild/protobuf'
import { HandshakeResponseSchema } from '../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { toBase64Url, utf8 } from '../../src/dag/bytes.ts'
import {
  type Entry,
  idOf,
  readEntry,
  signEntry,
  type VerifiedEntry,
  verifyEntry,
} from '../../src/dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import { type EntryId, formatId, parseId, type TreeId } from '../../src/dag/id.ts'
import { createIdentity, type PeerId, parsePeerId } from '../../src/dag/identity.ts'
import { encodeBeacon, type ListenerPort, readBeacon } from '../../src/find/beacon.ts'
import { Recognition } from '../../src/find/recognition.ts'
import { signRecord } from '../../src/find/record.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { formatTicket, parseTicket, type TicketPeer } from '../../src/peer/ticket.ts'
import { verifyHandshake } from '../../src/rpc/auth/handshake.ts'
import { placeFor } from '../../src/store/author/place.ts'
import { certificateHash } from '../../src/transport/certificate.ts'
import { idsOf } from '../../test/kit/peers.ts'

export interface WireEntry {
  readonly body: string
  readonly signature: string
}

const signedOf = ({ body, signature }: WireEntry) => ({
  body: hexToBytes(body),
  signature: hexToBytes(signature),
})

/** Verifies entries some hundred at a time, on the threads of Node. Returns what gives the entry with an index. */
function verifiedAhead(entries: readonly WireEntry[]): (index: number) => Promise<VerifiedEntry> {
  const started: Promise<VerifiedEntry>[] = []
  const verify = async (wire: WireEntry) => verifyEntry(readEntry(signedOf(wire)))
  return (index) => {
    while (started.length < Math.min(entries.length, index + 256)) {
      const next = verify(entries[started.length]!)
      // Whoever comes to its index sees why it fails.
      next.catch(() => {})
      started.push(next)
    }
    return started[index]!
  }
}

/** Stores entries of any trees in this order. Returns the id and the code of each. */
export async function store(node: Node, entries: readonly WireEntry[]) {
  const results: { id: string; code: string }[] = []
  let page: { entry: VerifiedEntry; index: number }[] = []
  const flush = async () => {
    if (page.length === 0) return
    const { refused } = await node.store.append(
      page[0]!.entry.tree,
      page.map(({ entry }) => entry),
    )
    for (const { index, error } of refused) results[page[index]!.index]!.code = error.code
    page = []
  }
  const verified = verifiedAhead(entries)
  for (const [index, wire] of entries.entries()) {
    results.push({ id: idOf(signedOf(wire)), code: '' })
    try {
      const entry = await verified(index)
      if (page.length > 0 && page[0]!.entry.tree !== entry.tree) await flush()
      page.push({ entry, index })
    } catch (error) {
      results[index]!.code = CausewayError.from(error).code
    }
  }
  await flush()
  return results
}

/** What a node has of a tree. */
async function summary(node: Node, tree: TreeId) {
  const ids = await idsOf(node.store, tree)
  const stored = []
  for await (const page of node.store.scan(tree)) stored.push(...page)
  const parents = new Set(stored.flatMap(({ signed }) => readEntry(signed).body.parents))
  const { tipsDigest, count } = await node.store.summary(tree)
  return {
    ...{ tree, count, digest: tipsDigest },
    tips: ids.filter((id) => !parents.has(id)),
    void: [...(await node.store.voidAmong(tree, stored))],
  }
}

async function take({ entries }: { entries: WireEntry[] }) {
  await using node = await createNode({ background: false })
  const results = await store(node, entries)
  const trees = []
  for (const { tree } of node.store.trees()) trees.push(await summary(node, tree))
  return { results, trees }
}

interface Fields {
  readonly tree: string | null
  readonly parents: EntryId[]
  readonly height: number
  readonly createdAtMs: number
  readonly policy: EntryId[]
  readonly changes: { store: string; kind: string; payload: string }[]
  readonly nonce: string
}

const shown = ({ id, signed }: Entry) => ({
  id,
  body: bytesToHex(signed.body),
  signature: bytesToHex(signed.signature),
})

const changesOf = (changes: Fields['changes']) =>
  changes.map((change) => ({ ...change, payload: hexToBytes(change.payload) }))

function sign({ seed, fields }: { seed: string; fields: Fields }) {
  const { tree, changes, nonce, ...rest } = fields
  const draft = { ...rest, ...(tree !== null && { tree: tree as TreeId }) }
  return shown(
    signEntry(createIdentity(hexToBytes(seed)), {
      ...{
        parents: draft.parents,
        height: draft.height,
        createdAtMs: draft.createdAtMs,
        policy: draft.policy,
      },
      ...(tree !== null && { tree: tree as TreeId }),
      ...{ changes: changesOf(changes), nonce: hexToBytes(nonce) },
    }),
  )
}

interface PlaceRequest extends Pick<Fields, 'changes' | 'createdAtMs' | 'parents'> {
  readonly seed: string
  readonly entries: WireEntry[]
}

async function place({ seed, entries, changes, createdAtMs, parents }: PlaceRequest) {
  await using node = await createNode({ background: false })
  await store(node, entries)
  const [tree] = [...node.store.trees()].map((info) => info.tree)
  const where = await placeFor(node.store, tree!, parents)
  const { height, policy } = where
  return shown(
    signEntry(createIdentity(hexToBytes(seed)), {
      ...{ tree: tree!, parents: where.parents, height, policy, createdAtMs },
      changes: changesOf(changes),
    }),
  )
}

interface Handshake {
  readonly peer: string
  readonly callerNonce: string
  readonly serverNonce: string
  readonly binding: string
  readonly signature: string
}

async function handshake({ peer, callerNonce, serverNonce, binding, signature }: Handshake) {
  const answer = create(HandshakeResponseSchema, {
    version: 2,
    ...{ peer: hexToBytes(peer), nonce: hexToBytes(serverNonce), signature: hexToBytes(signature) },
  })
  try {
    return { holds: (await verifyHandshake(hexToBytes(callerNonce), binding, answer)) === peer }
  } catch (error) {
    if (CausewayError.from(error).code !== 'WRONG_PEER') throw error
    return { holds: false }
  }
}

function token({ seed, claims }: { seed: string; claims: object }) {
  const encoded = (part: object) => toBase64Url(utf8(JSON.stringify(part)))
  const text = `${encoded({ alg: 'EdDSA', typ: 'JWT' })}.${encoded(claims)}`
  const signature = createIdentity(hexToBytes(seed)).sign('', utf8(text))
  return { token: `${text}.${toBase64Url(signature)}` }
}

interface WireTicket {
  readonly tree: TreeId
  readonly peers: readonly { readonly peer: PeerId | null; readonly addresses: readonly string[] }[]
  readonly invitation: string | null
}

function ticket({ text }: { text: string }): WireTicket {
  const { tree, peer = null, addresses, invitation = null, others = [] } = parseTicket(text)
  return { tree, peers: [{ peer, addresses }, ...others], invitation }
}

function printTicket({ ticket: { tree, peers, invitation } }: { ticket: WireTicket }) {
  const [issuer, ...others] = peers
  const { peer, addresses } = issuer!
  return {
    text: formatTicket({
      ...{ tree, addresses },
      ...(peer !== null && { peer }),
      ...(invitation !== null && { invitation }),
      ...(others.length > 0 && { others: others as TicketPeer[] }),
    }),
  }
}

interface BeaconRequest {
  readonly peer: PeerId
  readonly salt: string
  readonly nowMs: number
  readonly ports: readonly ListenerPort[]
}

function beacon({ peer, salt, nowMs, ports }: BeaconRequest) {
  return { beacon: bytesToHex(encodeBeacon(peer, { salt: hexToBytes(salt), nowMs, ports })) }
}

async function recognise({ datagram, nowMs, peers }: { datagram: string; nowMs: number; peers: PeerId[] }) {
  const read = readBeacon(hexToBytes(datagram))
  if (read === undefined) return { peer: null }
  const clock = { ...systemClock, now: () => nowMs }
  const recognition = new Recognition({ clock, known: () => peers })
  const peer = await recognition.senderOf(read, new AbortController().signal)
  return peer === undefined ? { peer: null } : { peer, ports: read.ports }
}

interface RecordRequest {
  readonly seed: string
  readonly fields: {
    readonly sequence: number
    readonly ttlSeconds: number
    readonly scope: 'NEAR' | 'WIDE'
    readonly addresses: readonly string[]
  }
}

function record({ seed, fields: { scope, ...rest } }: RecordRequest) {
  const signed = signRecord(createIdentity(hexToBytes(seed)), { ...rest, near: scope === 'NEAR' })
  return { record: bytesToHex(signed.record), signature: bytesToHex(signed.signature) }
}

/** The answers by the name of the request. */
export const pureActions = {
  take,
  sign,
  place,
  handshake,
  token,
  ticket,
  beacon,
  recognise,
  record,
  'print-ticket': printTicket,
  text: ({ id }: { id: EntryId }) => ({ text: formatId(id) }),
  id: ({ text }: { text: string }) => ({ id: parseId(text) }),
  peer: ({ text }: { text: string }) => ({ peer: parsePeerId(text) }),
  binding: ({ der }: { der: string }) => ({ binding: `tls:${certificateHash(hexToBytes(der))}` }),
} as const
