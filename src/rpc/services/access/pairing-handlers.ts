/** SyncService's and NodeService's calls for pairing. The node's part is passed as `PairingOperations`. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import { Permission } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import { PairingStatus, type SyncService } from '../../../../gen/causeway/v1/sync_pb.ts'
import type { PairingEvent, PairingStanding, PairingWish, SharedTree } from '../../../access/pairing.ts'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'
import { hexToBytes } from '../../../dag/hex.ts'
import type { PeerId } from '../../../dag/identity.ts'
import { callerKey, stoppingKey } from '../../caller.ts'
import { readId, readPeer } from '../../convert.ts'
import { readPairingTree, writePairingTree } from '../../pairing/convert-pairing.ts'

export interface PairingOperations {
  start(wish: PairingWish, signal: AbortSignal): AsyncGenerator<PairingEvent>
  answer(peer: PeerId, accept: boolean): void
  begin(peer: PeerId, name: string): { commitment: string; name: string }
  reveal(peer: PeerId, nonce: Uint8Array): Uint8Array
  decided(peer: PeerId, accept: boolean, tree: SharedTree | undefined): Promise<PairingStanding>
}

interface PairingParts {
  readonly pairing: PairingOperations
}

const statuses = {
  waiting: PairingStatus.WAITING,
  accepted: PairingStatus.ACCEPTED,
  refused: PairingStatus.REFUSED,
} as const

/** Returns SyncService's calls. Digits are made of two keys: throws UNAUTHENTICATED if the caller has proven none. */
export function createPairingHandlers({ pairing }: PairingParts): Partial<ServiceImpl<typeof SyncService>> {
  return {
    beginPairing({ name }, context) {
      const answer = pairing.begin(proven(context), readName(name))
      return { commitment: hexToBytes(answer.commitment), name: answer.name }
    },

    revealPairing({ nonce }, context) {
      const peer = proven(context)
      if (nonce.length !== limits.pairingNonceBytes)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `\`nonce\` must have ${limits.pairingNonceBytes} bytes, got ${nonce.length}.`,
        )
      return { nonce: pairing.reveal(peer, nonce) }
    },

    async decidePairing({ accept, tree }, context) {
      const peer = proven(context)
      const standing = await pairing.decided(peer, accept, tree && readPairingTree(tree))
      const given = standing.status === 'accepted' ? standing.tree : undefined
      return { status: statuses[standing.status], ...(given && { tree: writePairingTree(given) }) }
    },
  }
}

function proven({ values }: HandlerContext): PeerId {
  const { peer } = values.get(callerKey)
  if (peer !== undefined) return peer
  throw new CausewayError(
    'UNAUTHENTICATED',
    'Pairing needs proof of your key: send the header "Authorization: Bearer TOKEN", or call over QUIC.',
    { data: { reason: 'missing' } },
  )
}

export function createPairingOperators({ pairing }: PairingParts): Partial<ServiceImpl<typeof NodeService>> {
  return {
    async *startPairing({ name, tree, permission }, context) {
      const signal = AbortSignal.any([context.signal, context.values.get(stoppingKey)])
      if (tree.length > 0 && permission !== Permission.READ && permission !== Permission.WRITE)
        throw new CausewayError('INVALID_ARGUMENT', '`permission` must be READ or WRITE with a tree.')
      const wish = {
        name: readName(name),
        ...(tree.length > 0 && { tree: { tree: readId(tree, 'tree'), permission } }),
      }
      for await (const event of pairing.start(wish, signal)) yield { part: writeEvent(event) }
    },

    answerPairing({ peer, accept }) {
      pairing.answer(readPeer(peer, 'peer'), accept)
      return {}
    },
  }
}

function readName(name: string): string {
  if (Buffer.byteLength(name) <= limits.nameBytes) return name
  throw new CausewayError(
    'LIMIT_EXCEEDED',
    `\`name\` can have at most ${limits.nameBytes} bytes, got ${Buffer.byteLength(name)}.`,
    { data: { max: limits.nameBytes } },
  )
}

function writeEvent(event: PairingEvent) {
  if (event.kind === 'waiting') {
    const { untilMs, dialable } = event
    return { case: 'waiting' as const, value: { untilMs: BigInt(untilMs), dialable } }
  }
  const peer = hexToBytes(event.peer)
  if (event.kind === 'found') {
    const { name, digits } = event
    return { case: 'found' as const, value: { peer, name, digits } }
  }
  const { name, addresses, given, taken } = event
  return {
    case: 'paired' as const,
    value: {
      ...{ peer, name, addresses: [...addresses] },
      ...(given && { given: writePairingTree(given) }),
      ...(taken && { taken: writePairingTree(taken) }),
    },
  }
}
