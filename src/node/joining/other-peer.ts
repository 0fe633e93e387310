/** Keeps a node out of its own peer book. */
import { CausewayError } from '../../base/errors.ts'
import type { PeerId } from '../../dag/identity.ts'

/** Throws INVALID_ARGUMENT if a peer is the node itself. */
export function expectOther(peer: PeerId, self: PeerId): void {
  if (peer === self)
    throw new CausewayError('INVALID_ARGUMENT', `The peer ${peer} is this node itself: name another peer.`, {
      data: { peer },
    })
}
