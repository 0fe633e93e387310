/** A peer that lies: real HTTP/2 and a real key, but the test provides its answers to SyncTree and SendEntries. */

import type { MessageInitShape } from '@bufbuild/protobuf'
import { create } from '@bufbuild/protobuf'
import type { HandlerContext } from '@connectrpc/connect'
import {
  type HandshakeResponse,
  HandshakeResponseSchema,
  type SendEntriesRequest,
  type SendEntriesResponseSchema,
  SyncService,
  type SyncTreeRequest,
  type SyncTreeResponseSchema,
} from '../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { handshakeVersion, signHandshake } from '../../src/rpc/auth/handshake.ts'
import { RpcServer } from '../../src/rpc/server/server.ts'
import { createHttpTransport } from '../../src/transport/http.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { testIdentity } from './entries.ts'

export interface Lies {
  /** Changes an honest handshake. */
  readonly handshake?: (answer: HandshakeResponse) => void
  readonly syncTree?: (
    request: SyncTreeRequest,
    context: HandlerContext,
  ) => AsyncIterable<MessageInitShape<typeof SyncTreeResponseSchema>>
  readonly sendEntries?: (
    request: SendEntriesRequest,
  ) => Promise<MessageInitShape<typeof SendEntriesResponseSchema>>
}

export class FakePeer implements AsyncDisposable {
  static readonly identity = testIdentity(77)
  readonly server: RpcServer
  private readonly transport: Transport

  private constructor(lies: Lies) {
    this.transport = createHttpTransport({ listen: { host: '127.0.0.1', port: 0 } })
    const { handshake, ...calls } = lies
    this.server = new RpcServer({
      clock: systemClock,
      routes: (router) =>
        router.service(SyncService, {
          handshake(request) {
            const nonce = systemClock.randomBytes(32)
            const answer = create(HandshakeResponseSchema, {
              version: handshakeVersion,
              peer: hexToBytes(FakePeer.identity.peer),
              nonce,
              signature: signHandshake(FakePeer.identity, request, nonce),
            })
            handshake?.(answer)
            return answer
          },
          ...calls,
        }),
    })
  }

  static async start(lies: Lies): Promise<FakePeer> {
    const fake = new FakePeer(lies)
    await fake.transport.listen((channel) => fake.server.accept(channel, 'http'))
    return fake
  }

  get address(): string {
    return this.transport.addresses()[0]!
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.drain(0)
    await this.transport.close()
  }
}
