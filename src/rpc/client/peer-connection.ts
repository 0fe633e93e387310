/** A connection as the dispatcher uses it: a remote for sessions, a watch, and a notice of its end. */
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import type { AccessAnswer, AccessAsk } from '../../access/desk.ts'
import type { Clock } from '../../base/clock.ts'
import type { CausewayError } from '../../base/errors.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { WatchedTree, WatchMessage } from '../../sync/answer/watch.ts'
import type { Remote } from '../../sync/remote.ts'
import { readWatchMessage, writeWatchRequest } from '../convert-sync.ts'
import type { RpcConnection } from './connection.ts'
import { callError } from './remote.ts'
import { requestAccess } from './request-access.ts'

export interface PeerConnectionParts {
  readonly connection: RpcConnection
  readonly peer: PeerId
  readonly address: string
  /** The remote for sessions over the connection. */
  readonly remote: Remote
}

export class RpcPeerConnection {
  readonly peer: PeerId
  readonly address: string
  readonly remote: Remote
  private readonly connection: RpcConnection

  constructor({ connection, peer, address, remote }: PeerConnectionParts) {
    this.connection = connection
    this.peer = peer
    this.address = address
    this.remote = remote
  }

  /** Why the connection ended; undefined while it lives. */
  get endReason(): CausewayError | undefined {
    return this.connection.ended
  }

  /** Calls `listener` once when the connection has ended. */
  onEnd(listener: () => void): void {
    const { stream } = this.connection.channel
    if (stream.closed) queueMicrotask(listener)
    else stream.once('close', listener)
  }

  /** Watches these trees: yields the remote's messages until the signal fires. */
  async *watch(trees: readonly WatchedTree[], signal: AbortSignal): AsyncGenerator<WatchMessage> {
    try {
      const answers = this.connection.client(SyncService).watch(writeWatchRequest(trees), { signal })
      for await (const answer of answers) yield readWatchMessage(answer)
    } catch (error) {
      throw callError(this.connection, error, signal)
    }
  }

  /** Asks the peer for access to a tree. */
  requestAccess(ask: Omit<AccessAsk, 'peer'>, clock: Clock, signal: AbortSignal): Promise<AccessAnswer> {
    return requestAccess(this.connection, ask, clock, signal)
  }

  close(): void {
    this.connection.close()
  }
}
