/** Follows a text of a remote node by WatchText, and checks that what comes can be the answer. */
import type { WatchTextResponse } from '../../../../gen/causeway/v1/store_pb.ts'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'
import type { TextMessage } from '../../../state/text/feed.ts'

/**
 * Puts the pieces of updates together. Throws PROTOCOL for a feed that does not begin with all of the text, and for an
 * update that is larger than a node composes.
 */
export async function* readTextFeed(
  messages: AsyncIterable<Pick<WatchTextResponse, 'update' | 'complete' | 'whole'>>,
): AsyncGenerator<TextMessage> {
  let pieces: Uint8Array[] = []
  let bytes = 0
  let hasBegun = false
  for await (const { update, complete, whole } of messages) {
    if (update.length === 0) {
      yield { update: undefined, isWhole: false }
      continue
    }
    if (!hasBegun && !whole) refuse('a change of a text before the text itself')
    bytes += update.length
    // What is composed of updates says less than they do, but may take some more bytes to say it.
    if (bytes > 2 * limits.textFollowedBytes) refuse('an update of a text that is too large')
    pieces.push(update)
    if (!complete) continue
    hasBegun = true
    yield { update: pieces.length === 1 ? update : joined(pieces, bytes), isWhole: whole }
    pieces = []
    bytes = 0
  }
}

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const all = new Uint8Array(bytes)
  let at = 0
  for (const piece of pieces) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

function refuse(what: string): never {
  throw new CausewayError('PROTOCOL', `The remote sent ${what}.`)
}
