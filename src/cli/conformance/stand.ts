/**
 * A server of the kit, for programs that ask: our own node behind a handler that notes each request, and that a case may
 * let lie, cut calls off, or be slow. Handshakes are signed for the node's key.
 */

import { create } from '@bufbuild/protobuf'
import type { Client, ConnectRouter } from '@connectrpc/connect'
import {
  type HandshakeResponse,
  HandshakeResponseSchema,
  type SendEntriesRequest,
  type SendEntriesResponse,
  SyncService,
  type SyncTreeRequest,
  type SyncTreeResponse,
  type WatchResponse,
} from '../../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../base/clock.ts'
import type { VerifiedEntry } from '../../dag/entry.ts'
import { hexToBytes } from '../../dag/hex.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import { handshakeFeatures, handshakeVersion, signHandshake } from '../../rpc/auth/handshake.ts'
import { RpcServer } from '../../rpc/server/server.ts'
import { createHttpTransport } from '../../transport/http.ts'
import type { Transport } from '../../transport/transport.ts'
import { reference, serverKey } from './serving.ts'
import { kitKey } from './trees.ts'

type Answers = AsyncIterable<SyncTreeResponse>

/** What a server does other than our node would. Absent: nothing. */
export interface Tricks {
  /** Changes an honest handshake. */
  readonly handshake?: (answer: HandshakeResponse) => void
  /** Answers the n-th request, from 0, in place of the honest answer. */
  readonly syncTree?: (
    request: SyncTreeRequest,
    honest: (request: SyncTreeRequest) => Answers,
    n: number,
  ) => Answers
  readonly sendEntries?: (
    request: SendEntriesRequest,
    honest: (request: SendEntriesRequest) => Promise<SendEntriesResponse>,
  ) => Promise<SendEntriesResponse>
  /** Changes a message of a watch, and returns whether it is sent. */
  readonly watch?: (message: WatchResponse) => boolean
}

export class Stand implements AsyncDisposable {
  readonly peer: PeerId
  /** What the program has asked so far. */
  readonly requests: SyncTreeRequest[] = []
  /** What it has sent so far. */
  readonly sent: SendEntriesRequest[] = []
  private readonly server: RpcServer
  private readonly transport: Transport

  private constructor(sync: Client<typeof SyncService>, identity: Identity, tricks: Tricks) {
    this.peer = identity.peer
    this.transport = createHttpTransport({ listen: { host: '127.0.0.1', port: 0 } })
    this.server = new RpcServer({
      clock: systemClock,
      routes: (router) => this.route(router, sync, identity, tricks),
    })
  }

  /** Starts one in front of a node's calls. */
  static async before(
    sync: Client<typeof SyncService>,
    identity: Identity,
    tricks: Tricks = {},
  ): Promise<Stand> {
    const stand = new Stand(sync, identity, tricks)
    await stand.transport.listen((channel) => stand.server.accept(channel, 'http'))
    return stand
  }

  get address(): string {
    return this.transport.addresses()[0]!
  }

  private route(
    router: ConnectRouter,
    sync: Client<typeof SyncService>,
    identity: Identity,
    { handshake, syncTree, sendEntries, watch }: Tricks,
  ): void {
    router.service(SyncService, {
      handshake(request) {
        const nonce = systemClock.randomBytes(32)
        const answer = create(HandshakeResponseSchema, {
          ...{
            version: handshakeVersion,
            peer: hexToBytes(identity.peer),
            nonce,
            features: handshakeFeatures,
          },
          signature: signHandshake(identity, request, nonce),
        })
        handshake?.(answer)
        return answer
      },
      syncTree: (request) => {
        this.requests.push(request)
        const honest = (asked: SyncTreeRequest) => sync.syncTree(asked)
        return syncTree?.(request, honest, this.requests.length - 1) ?? honest(request)
      },
      sendEntries: (request) => {
        this.sent.push(request)
        const honest = (page: SendEntriesRequest) => sync.sendEntries(page)
        return sendEntries?.(request, honest) ?? honest(request)
      },
      async *watch(request, { signal }) {
        for await (const message of sync.watch(request, { signal }))
          if (watch?.(message) ?? true) yield message
      },
      exchangeAddresses: (request) => sync.exchangeAddresses(request),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.drain(0)
    await this.transport.close()
  }
}

/** A stand with our node behind it. */
export interface OurStand extends AsyncDisposable {
  readonly stand: Stand
  /** Returns what our node has of the tree. */
  state(): Promise<{ count: number; digest: string }>
}

/** Starts a stand before our own node, which has these entries. */
export async function standWith(entries: readonly VerifiedEntry[], tricks: Tricks = {}): Promise<OurStand> {
  const ours = await reference(entries)
  const stand = await Stand.before(ours.sync, kitKey(serverKey), tricks)
  return {
    stand,
    async state() {
      const { tipsDigest, count } = await ours.node.store.summary(entries[0]!.tree)
      return { count, digest: tipsDigest }
    },
    async [Symbol.asyncDispose]() {
      await stand[Symbol.asyncDispose]()
      await ours[Symbol.asyncDispose]()
    },
  }
}
