/** SyncService's GetChunks: what this node has of a blob, for peers that may read a tree which names it. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import type { GetChunksRequest, SyncService } from '../../../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'
import type { TreeId } from '../../../dag/id.ts'
import { type Blobs, notHere } from '../../../state/blobs/blobs.ts'
import { encodeList, isLength } from '../../../state/blobs/format.ts'
import { StateReader } from '../../../state/reads.ts'
import { callerKey } from '../../caller.ts'
import { readBlob } from '../../convert-state.ts'
import { loadKey } from '../../server/load.ts'
import { expectTree, type ReadableTrees } from '../expect-tree.ts'

export interface ChunkHandlerParts extends ReadableTrees {
  readonly blobs: Blobs
}

export function createChunkHandler(
  parts: ChunkHandlerParts,
): Pick<ServiceImpl<typeof SyncService>, 'getChunks'> {
  return { getChunks: (request, context) => getChunks(parts, request, context) }
}

async function* getChunks(
  parts: ChunkHandlerParts,
  request: GetChunksRequest,
  { values, signal }: HandlerContext,
) {
  const { blobs, access } = parts
  const caller = values.get(callerKey)
  const tree: TreeId = await expectTree(parts, request.tree, caller)
  const blob = readBlob(request.blob)
  checkNumbers(request.chunks)
  await new StateReader(blobs.views).ready(tree, { signal })
  const load = values.get(loadKey)
  const names = await load.work(signal, async () => {
    await blobs.named(tree, blob)
    // A blob that is named with a wrong size has no list.
    return blobs.listHere(tree, blob).catch((error) => {
      if (CausewayError.from(error).code === 'PROTOCOL') return undefined
      throw error
    })
  })
  // Without the list it is not known what the chunks are.
  if (names === undefined) return
  if (request.list) yield { part: { case: 'list' as const, value: encodeList(names) } }
  for (const number of request.chunks) {
    const name = names[number]
    if (name === undefined) throw notHere(blob, 'all')
    const data = await load.work(signal, () => blobs.chunks.get(tree, name))
    await access.read(tree, caller)
    if (data !== undefined && isLength(data, blob, number))
      yield { part: { case: 'chunk' as const, value: { number, data } } }
  }
}

function checkNumbers(numbers: readonly number[]): void {
  if (numbers.length > limits.chunksPerCall)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `\`chunks\` can have at most ${limits.chunksPerCall} numbers, got ${numbers.length}.`,
      { data: { max: limits.chunksPerCall } },
    )
  if (numbers.some((number, index) => index > 0 && number <= numbers[index - 1]!))
    throw new CausewayError('INVALID_ARGUMENT', '`chunks` must ascend.', { data: { field: 'chunks' } })
}
