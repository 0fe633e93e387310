/**
 * Mutations of what only nodes do: admins' decisions, offers, addresses, blobs, beacons. The calls reach the node as their
 * callers', since who calls decides what it answers.
 */
import { create } from '@bufbuild/protobuf'
import {
  AccessStatus,
  type ExchangeAddressesResponse,
  ExchangeAddressesResponseSchema,
  GetChunksRequestSchema,
  type GetChunksResponse,
  OfferStatus,
  type OfferTreeResponse,
  OfferTreeResponseSchema,
  type SignedAddressRecord,
  SignedAddressRecordSchema,
} from '../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../src/base/limits.ts'
import { serverKey } from '../../src/cli/conformance/serving.ts'
import type { Tricks } from '../../src/cli/conformance/stand/stand.ts'
import { kitKey } from '../../src/cli/conformance/trees/trees.ts'
import { signRecord } from '../../src/find/record.ts'
import type { Mutation } from './mutation.ts'

const asCaller = (rule: string, finds: string, serving: Tricks): Mutation => ({
  ...{ rule, finds, serving, asCaller: true },
})

/** Changes each answer to ExchangeAddresses. */
const told = (rule: string, finds: string, change: (answer: ExchangeAddressesResponse) => void): Mutation =>
  asCaller(rule, `addresses: ${finds}`, {
    async exchangeAddresses(request, honest) {
      const answer = await honest(request)
      change(answer)
      return answer
    },
  })

/** Answers as if nothing were wrong. */
const takesAny = (rule: string, finds: string): Mutation =>
  asCaller(rule, `addresses: refuses: ${finds}`, {
    exchangeAddresses: (request, honest) =>
      honest(request).catch(() => create(ExchangeAddressesResponseSchema, {})),
  })

/** Passes on whatever callers told, to everybody else. */
function gossiping(rule: string, finds: string): Mutation {
  const heard: { from: string; record: SignedAddressRecord }[] = []
  return asCaller(rule, `addresses: ${finds}`, {
    async exchangeAddresses(request, honest) {
      const answer = await honest(request).catch(() => create(ExchangeAddressesResponseSchema, {}))
      for (const record of [...(request.own ? [request.own] : []), ...request.news])
        heard.push({ from: '', record })
      if (request.own === undefined && request.news.length === 0)
        answer.records = heard.splice(0).map(({ record }) => record)
      return answer
    },
  })
}

const ownRecord = (fields: { sequence?: number; near?: boolean }) =>
  create(SignedAddressRecordSchema, {
    ...signRecord(kitKey(serverKey), {
      ...{ sequence: Date.now(), ttlSeconds: 3_600, near: true, addresses: [] },
      ...fields,
    }),
  })

const addresses: Readonly<Record<string, Mutation>> = {
  'tells strangers where it is': told('D1', 'what a caller whom nobody knows is told', (answer) => {
    answer.own ??= ownRecord({})
  }),
  'signs its record under another domain': told('D2', 'what a member is told', (answer) => {
    if (answer.own) answer.own.signature[3]! ^= 1
  }),
  'issues records of the year before': told('D3', 'what a member is told', (answer) => {
    answer.own = ownRecord({ sequence: Date.now() - 31_536_000_000 })
  }),
  'issues records for all to those that are near': told('D4', 'what a member is told', (answer) => {
    answer.own = ownRecord({ near: false })
  }),
  'takes records of others': takesAny('D5', 'a record of another peer'),
  'takes records of the future': takesAny('D5', 'a record issued in two days'),
  'takes unknown fields of records': takesAny('D2', 'a record with an unknown field'),
  'signs what it passes on': told('D7', 'a member is told of another', (answer) => {
    for (const record of answer.records) record.signature[3]! ^= 1
  }),
  'takes any number of known records': asCaller('D8', 'addresses: refuses: 257 known records', {
    exchangeAddresses: (request, honest) => honest({ ...request, known: request.known.slice(0, 256) }),
  }),
  'sends what is known': asCaller('D9', 'addresses: what the caller has is left out', {
    exchangeAddresses: (request, honest) => honest({ ...request, known: [] }),
  }),
  'knows no limit': asCaller('D9', 'addresses: more than the limit', {
    exchangeAddresses: (request, honest) => honest({ ...request, limit: request.limit && 64 }),
  }),
  'hides from readers of a public tree': told(
    'D10',
    'what a caller is told that reads a public tree',
    (answer) => {
      delete answer.own
    },
  ),
  'passes on what is about to end': gossiping('D12', 'a record that holds for half an hour'),
  'passes on news of anybody': gossiping('D13', 'news of somebody whom the policy does not name'),
  'passes on news by anybody': gossiping('D13', 'news by somebody whom the policy does not name'),
  'takes news that have expired': takesAny('D14', 'news that have expired'),
  'hides a later record of the caller': told('D15', 'a later record of the caller itself', (answer) => {
    answer.records = []
  }),
  'does not say that addresses have changed': asCaller(
    'W7',
    'addresses: a watch says that addresses have changed',
    {
      watch(message) {
        message.addressesChanged = []
        return true
      },
    },
  ),
}

const offered = (rule: string, finds: string, change: (answer: OfferTreeResponse) => void): Mutation =>
  asCaller(rule, `offers: ${finds}`, {
    async offerTree(request, honest) {
      const answer = await honest(request)
      change(answer)
      return answer
    },
  })

const offers: Readonly<Record<string, Mutation>> = {
  'asks a person about its own trees': offered('O1', 'a tree that the server itself began', (answer) => {
    answer.status = OfferStatus.WAITING
  }),
  'takes any offer': asCaller('O2', 'offers: refuses: a grant that names another key', {
    offerTree: (request, honest) =>
      honest(request).catch(() => create(OfferTreeResponseSchema, { status: OfferStatus.WAITING })),
  }),
  'shows that it has the tree': offered('O2', 'of a tree that is there', (answer) => {
    answer.status = OfferStatus.DECLINED
  }),
  'accepts offers by itself': offered('O3', 'nobody has decided', (answer) => {
    answer.status = OfferStatus.WANTED
  }),
  'forgets that it accepted': offered('O4', 'somebody accepted it', (answer) => {
    answer.status = OfferStatus.WAITING
  }),
  'forgets that it declined': offered('O5', 'somebody declined it', (answer) => {
    answer.status = OfferStatus.WAITING
  }),
  'states a count of what it does not have': asCaller('O6', 'offers: a wanted tree is asked of the caller', {
    async *syncTree(request, honest) {
      for await (const message of honest(request)) {
        if (message.part.case === 'header') message.part.value.count = 1n
        yield message
      }
    },
  }),
  'tells what it took to who may not read': asCaller('O6', 'offers: a wanted tree is asked of the caller', {
    async sendEntries(request, honest) {
      const answer = await honest(request)
      return { ...answer, count: answer.count || 2n }
    },
  }),
}

const decisions: Readonly<Record<string, Mutation>> = {
  'forgets rejections': asCaller('A4', 'access: a request that an admin rejected', {
    async requestAccess(request, honest) {
      const answer = await honest(request)
      const isRejected = answer.status === AccessStatus.REJECTED
      return { ...answer, ...(isRejected && { status: AccessStatus.PENDING }) }
    },
  }),
  'gives no reason': asCaller('A4', 'access: a request that an admin rejected', {
    requestAccess: async (request, honest) => ({ ...(await honest(request)), reason: '' }),
  }),
  'takes no invitation': asCaller('A7', 'access: an invitation, whatever is asked for', {
    requestAccess: (request, honest) => honest({ ...request, invitation: new Uint8Array(0) }),
  }),
  'takes an invitation twice': asCaller('A7', 'access: an invitation that somebody has used', {
    async requestAccess(request, honest) {
      const answer = await honest(request)
      return { ...answer, ...(request.invitation.length > 0 && { status: AccessStatus.GRANTED }) }
    },
  }),
}

const parts = (change: (parts: GetChunksResponse[]) => GetChunksResponse[]): Tricks => ({
  async *getChunks(request, honest) {
    const all: GetChunksResponse[] = []
    for await (const part of honest(request)) all.push(part)
    yield* change(all)
  },
})

const blobs: Readonly<Record<string, Mutation>> = {
  'sends no list': asCaller(
    'B1',
    'blobs: the list',
    parts((all) => all.filter(({ part }) => part.case !== 'list')),
  ),
  'sends chunks from the last one': asCaller(
    'B2',
    'blobs: list and chunks, in this order',
    parts((all) => all.reverse()),
  ),
  'takes any number of chunks': asCaller('B1', 'blobs: 257 chunks', {
    getChunks: (request, honest) => honest({ ...request, chunks: request.chunks.slice(0, 3) }),
  }),
  'believes any size': asCaller('B3', 'blobs: a blob that is named with a wrong size', {
    getChunks: (request, honest) =>
      honest(
        create(GetChunksRequestSchema, {
          ...{ ...request, chunks: request.chunks.slice(0, 1) },
          blob: { ...request.blob!, size: BigInt(2 * limits.blobChunkBytes + 9) },
        }),
      ),
  }),
  'says nothing of blobs that no entry names': asCaller('B4', 'blobs: a blob that no entry names', {
    async *getChunks(request, honest) {
      try {
        yield* honest(request)
      } catch {
        // Nothing comes.
      }
    },
  }),
}

/** By their names, which say what the node does wrong. */
export const nodes: Readonly<Record<string, Mutation>> = { ...addresses, ...offers, ...decisions, ...blobs }

/** Mutations of the levels `finder` and `blob-asker`. */
export const findingMutations: Readonly<Record<string, Mutation>> = {
  'believes any chunk': {
    ...{ rule: 'B5', finds: 'blob-asker: a chunk with a bit flipped' },
    answer: (answer) => Object.assign(answer, { code: '', sha256: 'ab'.repeat(32) }),
  },
  'gives up at the first lie': {
    ...{ rule: 'B7', finds: 'blob-asker: a liar, and a peer that is none' },
    answer: (answer) => Object.assign(answer, { code: 'PROTOCOL', sha256: '' }),
  },
  'sends beacons of another version': {
    ...{ rule: 'N1', finds: 'finder: beacon: the one in the document' },
    answer(answer) {
      answer.beacon = answer.beacon?.replace(/^43574231/, '43574232')
    },
  },
  'recognises the beacons of this hour alone': {
    ...{ rule: 'N3', finds: 'finder: datagram: of the hour before' },
    answer(answer) {
      answer.peer = null
    },
  },
  'recognises beacons of any hour': {
    ...{ rule: 'N3', finds: 'finder: datagram: of two hours before' },
    answer(answer, { peers }) {
      answer.peer = peers.at(-1)
    },
  },
  'takes ports that the tag does not cover': {
    ...{ rule: 'N1', finds: 'finder: datagram: with another port than the one that the tag covers' },
    answer(answer, { peers }) {
      answer.peer = peers.at(-1)
    },
  },
  'signs records under the domain of entries': {
    ...{ rule: 'D2', finds: 'finder: record: near, with addresses' },
    answer(answer) {
      answer.signature = answer.signature?.replace(/^../, '00')
    },
  },
}
