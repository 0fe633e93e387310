/** Level `addresses`: what a server tells of where it and the members of a tree are, and what it takes. */
import { fromBinary } from '@bufbuild/protobuf'
import { Permission, PublicAccess } from '../../../../../gen/causeway/v1/entry_pb.ts'
import {
  AddressRecordSchema,
  AddressScope,
  type ExchangeAddressesResponse,
} from '../../../../../gen/causeway/v1/sync_pb.ts'
import type { CausewayError } from '../../../../base/errors.ts'
import type { VerifiedEntry } from '../../../../dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../../../dag/hex.ts'
import { idToBytes } from '../../../../dag/id.ts'
import { type Calling, call, failure } from '../../calls.ts'
import { type Case, expectSame } from '../../case.ts'
import { readRecord, type SignedRecord, signRecord } from '../../records.ts'
import { type Serving, serve } from '../../serving.ts'
import { callAs, stranger } from '../../tokens.ts'
import { Grown, granting, kitKey } from '../../trees/trees.ts'

const [one, two, three] = [1, 2, 3] as const

/** A closed tree with three members. */
function tree(): readonly VerifiedEntry[] {
  const grown = new Grown('members', PublicAccess.NONE)
  grown.add([grown.root], { changes: granting(Permission.READ, one, two, three) })
  return grown.entries
}

/** A tree that everybody reads, and that names nobody but its author. */
const open = () => new Grown('open', PublicAccess.READ).entries

interface Fields {
  readonly sequence?: number
  readonly ttlSeconds?: number
  readonly near?: boolean
  readonly addresses?: readonly string[]
}

/** Returns the record of a key, by default one of now that holds for a day. */
function recordOf(key: number, fields: Fields = {}): SignedRecord {
  const usual = {
    sequence: Date.now(),
    ttlSeconds: 86_400,
    near: true,
    addresses: [`http://127.0.0.1:${4000 + key}`],
  }
  return signRecord(kitKey(key), { ...usual, ...fields })
}

interface Ask {
  readonly own?: SignedRecord | undefined
  readonly of?: readonly VerifiedEntry[]
  readonly known?: readonly { peerPrefix: Uint8Array; sequence: bigint; scope: AddressScope }[]
  readonly news?: readonly SignedRecord[]
  readonly limit?: number
}

const exchange = ({ sync }: Calling, { own, of, known = [], news = [], limit = 64 }: Ask = {}) =>
  sync.exchangeAddresses({
    ...(own && { own: { ...own } }),
    ...(of && {
      tree: idToBytes(of[0]!.id),
      known: [...known],
      news: news.map((each) => ({ ...each })),
      limit,
    }),
  })

/** The keys of the records in an answer, by number. */
function tellers({ records }: ExchangeAddressesResponse): string[] {
  const numbers = [one, two, three, stranger].map(
    (key) => [kitKey(key).peer as string, `key ${key}`] as const,
  )
  const names = new Map(numbers)
  return records
    .map(({ record }) => bytesToHex(fromBinary(AddressRecordSchema, record).peer))
    .map((peer) => names.get(peer) ?? peer)
    .sort()
}

function served(name: string, rules: readonly string[], play: (serving: Serving) => Promise<void>): Case {
  return {
    ...{ name: `addresses: ${name}`, level: 'addresses', rules },
    async run(stage) {
      await using serving = await serve(stage, [...tree(), ...open()])
      await play(serving)
    },
  }
}

/** Makes one call as a key, on a connection of its own. */
async function as(serving: Serving, key: number, ask: Ask = {}): Promise<ExchangeAddressesResponse> {
  await using calling = await callAs(serving, key)
  return await exchange(calling, ask)
}

async function refusal(serving: Serving, key: number, ask: Ask): Promise<CausewayError | undefined> {
  await using calling = await callAs(serving, key)
  return await failure(() => exchange(calling, ask))
}

export function addressCases(): Case[] {
  return [...ownCases(), ...badRecordCases(), ...memberCases(), ...boundCases(), ...newsCases()]
}

/** What the server tells of itself. */
function ownCases(): Case[] {
  return [
    served('what a member is told', ['D1', 'D2', 'D3', 'D4'], async (serving) => {
      const { own, observed } = await as(serving, one, { own: recordOf(one) })
      expectSame('D1', 'whether the caller is seen at 127.0.0.1', true, /^127\.0\.0\.1:\d+$/.test(observed))
      expectSame('D1', "whether the server's record is there", true, own !== undefined)
      const record = await readRecord(own!).catch((error: Error) => error.message)
      if (typeof record === 'string') return expectSame('D2', 'the record', 'one that is valid', record)
      expectSame('D2', 'whose record it is', serving.peer, record.peer)
      const offMs = Math.abs(record.sequence - Date.now())
      expectSame('D3', 'whether the sequence is the time of now', true, offMs < 600_000)
      expectSame('D4', 'whether the scope is NEAR', true, record.near)
      expectSame(
        'D4',
        'whether the address that was dialled is there',
        true,
        record.addresses.includes(serving.http),
      )
    }),
    served('what a caller without a proof is told', ['D1'], async (serving) => {
      await using calling = await call(serving)
      const { own, observed, records } = await exchange(calling, { own: recordOf(one), of: tree() })
      expectSame(
        'D1',
        'whether it is told where it is seen, and nothing else',
        [true, false, 0],
        [observed !== '', own !== undefined, records.length],
      )
    }),
    served('what a caller whom nobody knows is told', ['D1', 'D10'], async (serving) => {
      await as(serving, one, { own: recordOf(one) })
      const { own, observed, records } = await as(serving, stranger, { own: recordOf(stranger), of: tree() })
      expectSame(
        'D1',
        'whether it is told where it is seen, and nothing else',
        [true, false, 0],
        [observed !== '', own !== undefined, records.length],
      )
    }),
    served('what a caller is told that reads a public tree', ['D10'], async (serving) => {
      const { own, records } = await as(serving, stranger, { of: open() })
      expectSame(
        'D10',
        "whether the server's record is there, and how many others",
        [true, 0],
        [own !== undefined, records.length],
      )
    }),
  ]
}

/** Returns a record of these bytes, which a key signed. */
function signedBytes(key: number, record: Uint8Array, domain = 'causeway.addresses.v1\0'): SignedRecord {
  return { record, signature: kitKey(key).sign(domain, record) }
}

function badRecordCases(): Case[] {
  const refuses = (name: string, rule: string, make: () => SignedRecord): Case[] => [
    served(`refuses: ${name}`, [rule], async (serving) => {
      const error = await refusal(serving, one, { own: make() })
      expectSame(rule, `the code for ${bytesToHex(make().record)}`, 'PROTOCOL', error?.code ?? 'none')
    }),
  ]
  const { record } = recordOf(one, { sequence: 1_800_000_000_000 })
  const joined = (...parts: readonly (Uint8Array | string)[]) =>
    new Uint8Array(Buffer.concat(parts.map((part) => (typeof part === 'string' ? hexToBytes(part) : part))))
  const dayMs = 86_400_000
  return [
    ...refuses('a record of another peer', 'D5', () => recordOf(two)),
    ...refuses('a record that another key signed', 'D2', () => signedBytes(two, recordOf(one).record)),
    ...refuses('a record that was signed under another domain', 'D2', () =>
      signedBytes(one, recordOf(one).record, 'causeway.entry.v1\0'),
    ),
    ...refuses('a record with an unknown field', 'D2', () => signedBytes(one, joined(record, '3001'))),
    ...refuses('a record with a field twice', 'D2', () =>
      signedBytes(one, joined(record.slice(0, 34), record)),
    ),
    ...refuses('a record with a varint that is longer than it need be', 'D2', () =>
      signedBytes(one, joined(record.slice(0, 34), '108080808000')),
    ),
    ...refuses('bytes that are no record', 'D2', () => signedBytes(one, hexToBytes('ff'))),
    ...refuses('a record issued in two days', 'D5', () =>
      recordOf(one, { sequence: Date.now() + 2 * dayMs }),
    ),
    ...refuses('a record that holds for eight days', 'D5', () => recordOf(one, { ttlSeconds: 8 * 86_400 })),
    ...refuses('a record that does not hold', 'D5', () => recordOf(one, { ttlSeconds: 0 })),
    ...refuses('a record of 17 addresses', 'D5', () =>
      recordOf(one, { addresses: Array.from({ length: 17 }, (_, n) => `http://127.0.0.1:${n + 1}`) }),
    ),
  ]
}

/** What members are told of each other. */
function memberCases(): Case[] {
  const knows = (key: number, sequence: number) => ({
    peerPrefix: hexToBytes(kitKey(key).peer).slice(0, 8),
    sequence: BigInt(sequence),
    scope: AddressScope.NEAR,
  })
  return [
    served('a member is told of another', ['D7', 'D9', 'D11', 'D10'], async (serving) => {
      const told = recordOf(one)
      await as(serving, one, { own: told })
      const answer = await as(serving, two, { of: tree() })
      expectSame('D9', 'whose records come', ['key 1'], tellers(answer))
      expectSame('D7', 'the record', told.record, answer.records[0]!.record)
      expectSame('D7', 'its signature', told.signature, answer.records[0]!.signature)
    }),
    served('what the caller has is left out', ['D9', 'D8'], async (serving) => {
      const sequence = Date.now()
      await as(serving, one, { own: recordOf(one, { sequence }) })
      const same = await as(serving, two, { of: tree(), known: [knows(one, sequence)] })
      expectSame('D9', 'whose records come, if it is known', [], tellers(same))
      const later = await as(serving, two, { of: tree(), known: [knows(one, sequence - 1)] })
      expectSame('D9', 'whose records come, if an older one is known', ['key 1'], tellers(later))
    }),
    served('a record that is not later is ignored', ['D5'], async (serving) => {
      const sequence = Date.now()
      const latest = recordOf(one, { sequence })
      await as(serving, one, { own: latest })
      await as(serving, one, {
        own: recordOf(one, { sequence: sequence - 1, addresses: ['http://127.0.0.1:9'] }),
      })
      const { records } = await as(serving, two, { of: tree() })
      expectSame('D5', 'the record that is passed on', latest.record, records[0]?.record)
    }),
    served('more than the limit', ['D9'], async (serving) => {
      await as(serving, one, { own: recordOf(one) })
      await as(serving, three, { own: recordOf(three) })
      const part = await as(serving, two, { of: tree(), limit: 1 })
      expectSame(
        'D9',
        'how many records come, and whether there are more',
        [1, true],
        [part.records.length, part.more],
      )
      const all = await as(serving, two, { of: tree(), limit: 2 })
      expectSame(
        'D9',
        'how many records come, and whether there are more',
        [2, false],
        [all.records.length, all.more],
      )
    }),
    served('a record that holds for half an hour', ['D12'], async (serving) => {
      await as(serving, one, { own: recordOf(one, { ttlSeconds: 1_800 }) })
      expectSame('D12', 'whose records are passed on', [], tellers(await as(serving, two, { of: tree() })))
    }),
    served('a later record of the caller itself', ['D15'], async (serving) => {
      const sequence = Date.now()
      const later = recordOf(one, { sequence: sequence + 5_000 })
      await as(serving, one, { own: later })
      const { records } = await as(serving, one, { own: recordOf(one, { sequence }) })
      expectSame('D15', 'the record of its own key', later.record, records[0]?.record)
    }),
    served('a watch says that addresses have changed', ['W7'], async (serving) => {
      await using calling = await callAs(serving, two)
      const messages = calling.sync
        .watch({ trees: [{ tree: idToBytes(tree()[0]!.id) }] })
        [Symbol.asyncIterator]()
      await messages.next()
      await messages.next()
      await as(serving, one, { own: recordOf(one) })
      const { value } = await messages.next()
      expectSame('W7', 'the tree of the message', '', bytesToHex(value!.tree))
      expectSame(
        'W7',
        'the trees whose addresses have changed',
        [bytesToHex(idToBytes(tree()[0]!.id))],
        value!.addressesChanged,
      )
      await messages.return?.()
    }),
  ]
}

function boundCases(): Case[] {
  const past = (name: string, ask: () => Ask): Case =>
    served(`refuses: ${name}`, ['D8'], async (serving) => {
      const error = await refusal(serving, one, { of: tree(), ...ask() })
      expectSame('D8', 'the code of the error', 'LIMIT_EXCEEDED', error?.code ?? 'none')
    })
  const known = { peerPrefix: new Uint8Array(8), sequence: 1n, scope: AddressScope.NEAR }
  return [
    past('257 known records', () => ({ known: Array(257).fill(known) })),
    past('33 news', () => ({ news: Array(33).fill(recordOf(two)) })),
    past('a limit of 65', () => ({ limit: 65 })),
  ]
}

/** What members tell of others. */
function newsCases(): Case[] {
  return [
    served('news of a member are passed on', ['D13', 'D8', 'D14'], async (serving) => {
      const sequence = Date.now()
      const news = recordOf(three, { sequence })
      await as(serving, one, { of: tree(), news: [news] })
      expectSame('D13', 'whose records come', ['key 3'], tellers(await as(serving, two, { of: tree() })))
      await as(serving, one, {
        of: tree(),
        news: [recordOf(three, { sequence, addresses: ['http://127.0.0.1:9'] })],
      })
      const { records } = await as(serving, two, { of: tree() })
      expectSame('D14', 'the record, after another one that is not later', news.record, records[0]?.record)
    }),
    served('news of somebody whom the policy does not name', ['D13', 'D10'], async (serving) => {
      await as(serving, one, { of: tree(), news: [recordOf(stranger)] })
      expectSame('D13', 'whose records come', [], tellers(await as(serving, two, { of: tree() })))
    }),
    served('news by somebody whom the policy does not name', ['D13', 'D10'], async (serving) => {
      await failure(() => as(serving, stranger, { of: tree(), news: [recordOf(three)] }))
      expectSame('D13', 'whose records come', [], tellers(await as(serving, two, { of: tree() })))
    }),
    served('refuses: news that have expired', ['D14'], async (serving) => {
      const news = [recordOf(three, { sequence: Date.now() - 90_000_000 })]
      const error = await refusal(serving, one, { of: tree(), news })
      expectSame('D14', 'the code of the error', 'PROTOCOL', error?.code ?? 'none')
    }),
    served('refuses: news that another key signed', ['D14'], async (serving) => {
      const news = [signedBytes(two, recordOf(three).record)]
      const error = await refusal(serving, one, { of: tree(), news })
      expectSame('D14', 'the code of the error', 'PROTOCOL', error?.code ?? 'none')
    }),
  ]
}
