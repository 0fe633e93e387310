/** Finds the key for which an entry is prepared: the caller's own, unless an operator names another. */
import { CausewayError } from '../../base/errors.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Caller } from '../caller.ts'
import { readPeer } from '../convert.ts'

/** Returns the key that will sign. Only an operator may name one that is not its own. */
export function signerOf({ author }: { readonly author: Uint8Array }, { peer, operator }: Caller): PeerId {
  const named = author.length === 0 ? peer : readPeer(author, 'author')
  if (named === undefined || (peer === undefined && !operator))
    throw new CausewayError(
      'UNAUTHENTICATED',
      'An entry is prepared for a key: prove yours, or name one in `author` as an operator.',
      { data: { reason: 'missing' } },
    )
  if (named === peer || operator) return named
  throw new CausewayError('FORBIDDEN', 'Only an operator may have an entry prepared for another key.', {
    data: { peer: peer! },
  })
}
