/** Implements a `BlobPeer` over one connection, by SyncService.GetChunks. What comes is verified by whoever asks. */
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { Patience } from '../../base/backoff.ts'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { idToBytes, type TreeId } from '../../dag/id.ts'
import type { FetchedChunk } from '../../state/blobs/blobs.ts'
import type { BlobPeer } from '../../state/blobs/fetch.ts'
import type { Blob } from '../../state/payload.ts'
import { writeBlob } from '../convert-state.ts'
import { Calls } from './calls.ts'
import type { RpcConnection } from './connection.ts'

type Request = { readonly list: boolean; readonly chunks: number[] }

export class RpcBlobPeer implements BlobPeer {
  private readonly connection: RpcConnection
  private readonly calls: Calls

  constructor(connection: RpcConnection, clock: Clock) {
    this.connection = connection
    this.calls = new Calls({ connection: async () => connection, clock })
  }

  list(tree: TreeId, blob: Blob, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return new Patience(this.calls.clock).retry(signal, async () => {
      let list: Uint8Array | undefined
      // To its end: calls that are cut count against this node, as resets of streams.
      for await (const part of this.parts(tree, blob, { list: true, chunks: [] }, signal)) {
        if (part.case !== 'list' || list !== undefined)
          throw new CausewayError('PROTOCOL', 'The peer was asked for a list, and sent something else.')
        list = part.value
      }
      return list
    })
  }

  /** A peer that has to slow this node down refuses calls for a while: then the rest is asked for again. */
  async *chunks(
    tree: TreeId,
    blob: Blob,
    numbers: readonly number[],
    signal: AbortSignal,
  ): AsyncGenerator<FetchedChunk> {
    const patience = new Patience(this.calls.clock)
    let rest = numbers
    // Ends since the waits without a chunk in between are bounded.
    for (;;)
      try {
        for await (const part of this.parts(tree, blob, { list: false, chunks: [...rest] }, signal)) {
          if (part.case !== 'chunk')
            throw new CausewayError('PROTOCOL', 'The peer was asked for chunks, and sent something else.')
          const { number } = part.value
          rest = rest.filter((each) => each > number)
          patience.progress()
          yield part.value
        }
        return
      } catch (error) {
        await patience.wait(error, signal)
      }
  }

  private async *parts(tree: TreeId, blob: Blob, request: Request, signal: AbortSignal) {
    const message = { tree: idToBytes(tree), ...writeBlob(blob), ...request }
    const answers = this.calls.stream(
      SyncService,
      (client, signal) => client.getChunks(message, { signal }),
      { silenceMs: limits.peerChunkMs, signal },
    )
    for await (const { part } of answers) yield part
  }

  close(): void {
    this.connection.close()
  }
}
