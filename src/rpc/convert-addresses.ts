/** Converts between the messages of ExchangeAddresses and the types of `peer/`. Checks lengths and counts when reading. */
import {
  AddressScope,
  type ExchangeAddressesRequest,
  type ExchangeAddressesResponse,
} from '../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { bytesToHex, hexToBytes } from '../dag/hex.ts'
import { idToBytes } from '../dag/id.ts'
import type { AddressAnswer, MemberAsk } from '../peer/address-records.ts'
import { readCount, readId } from './convert.ts'

const prefixBytes = 8

/** Reads the question about a tree's members; undefined if there is none. Throws INVALID_ARGUMENT and LIMIT_EXCEEDED. */
export function readMemberAsk(request: ExchangeAddressesRequest): MemberAsk | undefined {
  const { tree, known, news, limit } = request
  atMost(known.length, limits.knownRecords, 'known')
  atMost(news.length, limits.newsRecords, 'news')
  atMost(limit, limits.answerRecords, 'limit')
  if (tree.length === 0) return undefined
  return {
    tree: readId(tree, 'tree'),
    known: known.map(({ peerPrefix, sequence, scope }) => {
      if (peerPrefix.length !== prefixBytes)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `\`known.peer_prefix\` must have ${prefixBytes} bytes, got ${peerPrefix.length}.`,
          { data: { field: 'known.peer_prefix' } },
        )
      const near = scope === AddressScope.NEAR
      return { prefix: bytesToHex(peerPrefix), near, sequence: readCount(sequence, 'known.sequence') }
    }),
    news,
    limit,
  }
}

export function writeMemberAsk({ tree, known, news, limit }: MemberAsk) {
  return {
    tree: idToBytes(tree),
    known: known.map(({ prefix, near, sequence }) => ({
      peerPrefix: hexToBytes(prefix),
      sequence: BigInt(sequence),
      scope: near ? AddressScope.NEAR : AddressScope.WIDE,
    })),
    news: [...news],
    limit,
  }
}

export function writeAddressAnswer({ own, observed, records = [], more = false }: AddressAnswer) {
  return { ...(own && { own }), observed, records: [...records], more }
}

/** Reads the answer. Throws LIMIT_EXCEEDED past a bound. */
export function readAddressAnswer({
  own,
  observed,
  records,
  more,
}: ExchangeAddressesResponse): AddressAnswer {
  // One more: the record of the asker's own key.
  atMost(records.length, limits.answerRecords + 1, 'records')
  return { own, observed, records, more }
}

function atMost(count: number, max: number, field: string): void {
  if (count > max)
    throw new CausewayError('LIMIT_EXCEEDED', `\`${field}\` may be at most ${max}, got ${count}.`, {
      data: { field, max },
    })
}
