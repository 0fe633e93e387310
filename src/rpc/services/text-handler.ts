/** Answers StoreService.WatchText: what becomes of a text, as updates of Yjs, for whoever may read the tree. */
import type { HandlerContext } from '@connectrpc/connect'
import type { WatchTextRequest } from '../../../gen/causeway/v1/store_pb.ts'
import { limits } from '../../base/limits.ts'
import type { StateReader } from '../../state/reads.ts'
import type { Texts } from '../../state/text/texts.ts'
import type { Access } from '../auth/authorize.ts'
import { callerKey, stoppingKey } from '../caller.ts'
import { readId } from '../convert.ts'
import { readKey, readReadOptions } from '../convert-state.ts'

export interface TextHandlerParts {
  readonly texts: Texts
  readonly access: Access
}

export async function* watchText(
  { texts, access }: TextHandlerParts,
  reader: StateReader,
  request: WatchTextRequest,
  context: HandlerContext,
) {
  const tree = readId(request.tree, 'tree')
  const key = readKey(request.key)
  const caller = context.values.get(callerKey)
  await access.read(tree, caller)
  const signal = AbortSignal.any([context.signal, context.values.get(stoppingKey)])
  await reader.ready(tree, readReadOptions(request.read, signal))
  for await (const { update, isWhole } of texts.follow(tree, key, signal, () => access.read(tree, caller))) {
    if (update === undefined) yield {}
    else
      for (let from = 0; from < update.length; from += limits.textPieceBytes) {
        const piece = update.subarray(from, from + limits.textPieceBytes)
        yield { update: piece, complete: from + piece.length === update.length, whole: isWhole }
      }
  }
}
