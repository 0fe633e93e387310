/** The vectors of texts, tickets and void entries: each file is what its script writes, and our own code agrees with it. */
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import {
  expandText,
  makeTextVectors,
  makeTicketVectors,
  type RefusedText,
  type TicketVector,
  textsFile,
  ticketsFile,
} from '../../conformance/vectors/make-texts.ts'
import { makeVoidVectors, type VoidTree, voidFile } from '../../conformance/vectors/make-void.ts'
import { ordersOf } from '../../src/cli/conformance/trees/orders.ts'
import { readEntry, verifyEntry } from '../../src/dag/entry.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { type EntryId, formatId, parseId, type TreeId } from '../../src/dag/id.ts'
import { parsePeerId } from '../../src/dag/identity.ts'
import { formatTicket, parseTicket, type TicketPeer } from '../../src/peer/ticket.ts'
import { LoosePolicy } from '../kit/policy.ts'

const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'))

it('each file is what its script writes, byte for byte', () => {
  for (const [file, made, script] of [
    [textsFile, makeTextVectors(), 'make-texts'],
    [ticketsFile, makeTicketVectors(), 'make-texts'],
    [voidFile, makeVoidVectors(), 'make-void'],
  ] as const)
    assert.ok(
      readFileSync(file, 'utf8') === made,
      `If it is intended, run npx tsx conformance/vectors/${script}.ts.`,
    )
})

const refuses = (parse: (text: string) => unknown, { name, text }: RefusedText) =>
  assert.throws(() => parse(expandText(text)), { code: 'INVALID_ARGUMENT' }, name)

describe('text vectors', () => {
  const { ids, refusedIds, refusedPeers } = read(textsFile) as {
    readonly ids: { readonly id: EntryId; readonly text: string }[]
    readonly refusedIds: RefusedText[]
    readonly refusedPeers: RefusedText[]
  }

  it('ids are read and printed', () => {
    for (const { id, text } of ids) assert.deepEqual([parseId(text), formatId(id)], [id, text])
    assert.ok(ids.length >= 5)
  })

  it('other texts are refused', () => {
    for (const each of refusedIds) refuses(parseId, each)
    for (const each of refusedPeers) refuses(parsePeerId, each)
    assert.ok(refusedIds.length >= 20 && refusedPeers.length >= 8)
  })
})

describe('ticket vectors', () => {
  const { tickets, refused } = read(ticketsFile) as { tickets: TicketVector[]; refused: RefusedText[] }

  for (const { name, text, printed, ticket } of tickets)
    it(`${name}: is read and printed`, () => {
      const [issuer, ...others] = ticket.peers.map(({ peer, addresses }) => ({
        ...(peer !== null && { peer: parsePeerId(peer) }),
        addresses: addresses.map(expandText),
      }))
      const expected = {
        ...{ tree: ticket.tree as TreeId, ...issuer! },
        ...(ticket.invitation !== null && { invitation: ticket.invitation }),
        ...(others.length > 0 && { others: others as TicketPeer[] }),
      }
      assert.deepEqual(parseTicket(expandText(text)), expected)
      assert.equal(formatTicket(expected), expandText(printed))
    })

  for (const each of refused) it(`${each.name}: is refused`, () => refuses(parseTicket, each))
})

describe('void vectors', () => {
  const { trees } = read(voidFile) as { trees: VoidTree[] }

  for (const { name, entries, void: voids, orders } of trees)
    it(`${name}: the same in each of ${orders} orders`, async () => {
      const read = await Promise.all(
        entries.map(({ body, signature }) =>
          verifyEntry(readEntry({ body: hexToBytes(body), signature: hexToBytes(signature) })),
        ),
      )
      const all = ordersOf(read)
      assert.equal(all.length, orders)
      for (const order of all) {
        const policy = new LoosePolicy()
        for (const entry of order) policy.take(entry)
        assert.deepEqual(policy.voids(), voids)
      }
    })

  it('have void entries, and trees without any', () => {
    assert.ok(
      trees.some(({ void: voids }) => voids.length > 2) &&
        trees.some(({ void: voids }) => voids.length === 0),
    )
  })
})
