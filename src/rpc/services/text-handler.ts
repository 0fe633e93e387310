/** Answers StoreService.WatchText: what becomes of a text, as updates of Yjs, for whoever may read the tree. */
import type { HandlerContext } from '@connectrpc/connect'
import type { WatchTextRequest } from '../../../gen/causeway/v1/store_pb.ts'
import { limits } from '../../base/limits.ts'
import type { StateReader } from '../../state/reads.ts'
import type { TextTurns } from '../../state/text/judge.ts'
import type { Texts } from '../../state/text/texts.ts'
import type { Access } from '../auth/authorize.ts'
import { callerKey, stoppingKey } from '../caller.ts'
import { readId } from '../convert.ts'
import { readKey, readReadOptions } from '../convert-state.ts'
import { type Load, loadKey } from '../server/load.ts'

export interface TextHandlerParts {
  readonly texts: Texts
  readonly access: Access
}

/** Returns the turns of a caller. */
export const textTurns = (load: Load, signal: AbortSignal): TextTurns => ({
  work: (piece) => load.work(signal, piece),
  pay: (workMs) => load.pay(workMs),
})

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
  const options = {
    check: () => access.read(tree, caller),
    turns: textTurns(context.values.get(loadKey), signal),
  }
  for await (const { update, isWhole } of texts.follow(tree, key, signal, options)) {
    if (update === undefined) yield {}
    else
      for (let from = 0; from < update.length; from += limits.textPieceBytes) {
        const piece = update.subarray(from, from + limits.textPieceBytes)
        yield { update: piece, complete: from + piece.length === update.length, whole: isWhole }
      }
  }
}
