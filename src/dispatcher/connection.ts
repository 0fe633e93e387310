/**
 * What the dispatcher needs of a network: a connection to a peer, on which sessions and watches run together. It is
 * injected, so the dispatcher knows no transport and no RPC, and tests give it peers in the same process.
 */

import type { CausewayError } from '../base/errors.ts'
import type { PeerId } from '../dag/identity.ts'
import type { WatchedTree, WatchMessage } from '../sync/answer/watch.ts'
import type { Remote } from '../sync/remote.ts'

export interface PeerConnection {
  readonly peer: PeerId
  readonly address: string
  readonly remote: Remote
  /** Why it ended; undefined while it lives. */
  readonly ended: CausewayError | undefined
  /** Calls `listener` once when it has ended. */
  onEnd(listener: () => void): void
  /** What the peer tells of these trees, until the signal fires. UNIMPLEMENTED where it cannot be watched. */
  watch(trees: readonly WatchedTree[], signal: AbortSignal): AsyncIterable<WatchMessage>
  /** Ends it now, with whatever is under way. */
  close(): void
}

/** Opens a connection on which the peer has proven its key. */
export type Connect = (peer: PeerId, signal: AbortSignal) => Promise<PeerConnection>
