/** The calls of StoreService on blobs: PutChunk for whoever may write to the tree, GetBlob for whoever may read it. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import { Permission } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { GetBlobRequest, PutChunkRequest, StoreService } from '../../../../gen/causeway/v1/store_pb.ts'
import { CausewayError } from '../../../base/errors.ts'
import { hexToBytes } from '../../../dag/hex.ts'
import type { TreeId } from '../../../dag/id.ts'
import type { Identity, PeerId } from '../../../dag/identity.ts'
import type { BlobFetcher, Blobs } from '../../../state/blobs/blobs.ts'
import { encodeList } from '../../../state/blobs/format.ts'
import type { StateReader } from '../../../state/reads.ts'
import { type Caller, callerKey } from '../../caller.ts'
import { readCount } from '../../convert.ts'
import { readBlob, readReadOptions } from '../../convert-state.ts'
import { loadKey } from '../../server/load.ts'
import { expectTree, type ReadableTrees } from '../expect-tree.ts'

export interface BlobHandlerParts extends ReadableTrees {
  readonly blobs: Blobs
  readonly fetcher: BlobFetcher
  readonly identity: Identity
}

export function createBlobHandlers(
  parts: BlobHandlerParts,
  reader: StateReader,
): Pick<ServiceImpl<typeof StoreService>, 'putChunk' | 'getBlob'> {
  return {
    putChunk: (request, context) => putChunk(parts, request, context),
    getBlob: (request, context) => getBlob(parts, reader, request, context),
  }
}

async function putChunk(
  parts: BlobHandlerParts,
  request: PutChunkRequest,
  { values, signal }: HandlerContext,
) {
  const caller = values.get(callerKey)
  const tree = await expectTree(parts, request.tree, caller)
  const peer = await writerOf(parts, tree, caller)
  const name = await values.get(loadKey).work(signal, () => parts.blobs.put(tree, request.data, peer))
  return { hash: hexToBytes(name) }
}

/** Returns the key whose chunk it is: the caller's, or the node's own if an operator calls. */
async function writerOf(
  { store, identity }: BlobHandlerParts,
  tree: TreeId,
  { operator, peer }: Caller,
): Promise<PeerId> {
  if (operator) return identity.peer
  if (peer === undefined)
    throw new CausewayError('UNAUTHENTICATED', 'A chunk is put by a key that may write: prove yours.', {
      data: { reason: 'missing' },
    })
  const permission = (await store.policy(tree))?.permission(peer) ?? Permission.UNSPECIFIED
  if (permission >= Permission.WRITE) return peer
  throw new CausewayError(
    'FORBIDDEN',
    `The peer ${peer} may not write to this tree, so it may put no chunks: ask an admin for the permission.`,
    { data: { peer } },
  )
}

/** Returns what fetches within the bounds of a caller. Operators have none. */
function fetcherFor(fetcher: BlobFetcher, { peer, operator }: Caller): BlobFetcher {
  return operator ? fetcher : { open: (tree) => fetcher.open(tree, peer) }
}

async function* getBlob(
  parts: BlobHandlerParts,
  reader: StateReader,
  request: GetBlobRequest,
  { values, signal }: HandlerContext,
) {
  const caller = values.get(callerKey)
  const { blobs, fetcher, access } = parts
  const tree = await expectTree(parts, request.tree, caller)
  const blob = readBlob(request.blob)
  await reader.ready(tree, readReadOptions(request.read, signal))
  const load = values.get(loadKey)
  const options = {
    offset: readCount(request.offset, 'offset'),
    length: readCount(request.length, 'length') || undefined,
    whole: request.verifiable,
    // Strangers get what is here: they cannot make the node dial.
    fetcher: (await access.isNamed(tree, caller)) ? fetcherFor(fetcher, caller) : undefined,
    ...{ signal, work: <Result>(piece: () => Promise<Result>) => load.work(signal, piece) },
  }
  if (request.verifiable) {
    using fetch = options.fetcher?.open(tree)
    yield { list: encodeList(await blobs.names({ tree, blob }, fetch, signal)) }
  }
  for await (const data of blobs.read(tree, blob, options)) {
    await access.read(tree, caller)
    yield { data }
  }
}
