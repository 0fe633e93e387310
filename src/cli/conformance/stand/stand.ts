/**
 * A server of the kit, for programs that ask: our own node behind a handler that notes each request, and that a case may
 * let lie, cut calls off, or be slow. Handshakes are signed for the node's key.
 */

import { create } from '@bufbuild/protobuf'
import type { Client, ConnectRouter, HandlerContext } from '@connectrpc/connect'
import {
  type ExchangeAddressesRequest,
  type ExchangeAddressesResponse,
  type GetChunksRequest,
  type GetChunksResponse,
  type HandshakeResponse,
  HandshakeResponseSchema,
  type OfferTreeRequest,
  type OfferTreeResponse,
  type RequestAccessRequest,
  type RequestAccessResponse,
  type SendEntriesRequest,
  type SendEntriesResponse,
  SyncService,
  type SyncTreeRequest,
  type SyncTreeResponse,
  type WatchResponse,
} from '../../../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../../base/clock.ts'
import type { VerifiedEntry } from '../../../dag/entry.ts'
import { hexToBytes } from '../../../dag/hex.ts'
import type { Identity, PeerId } from '../../../dag/identity.ts'
import { handshakeFeatures, handshakeVersion, signHandshake } from '../../../rpc/auth/handshake.ts'
import { RpcServer } from '../../../rpc/server/server.ts'
import { createHttpTransport } from '../../../transport/http.ts'
import type { Transport } from '../../../transport/transport.ts'
import { reference, serverKey } from '../serving.ts'
import { kitKey } from '../trees/trees.ts'

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
  readonly exchangeAddresses?: Replacing<ExchangeAddressesRequest, ExchangeAddressesResponse>
  readonly offerTree?: Replacing<OfferTreeRequest, OfferTreeResponse>
  readonly requestAccess?: Replacing<RequestAccessRequest, RequestAccessResponse>
  readonly getChunks?: (
    request: GetChunksRequest,
    honest: (request: GetChunksRequest) => AsyncIterable<GetChunksResponse>,
  ) => AsyncIterable<GetChunksResponse>
}

/** Answers in place of the honest answer. */
type Replacing<Request, Response> = (
  request: Request,
  honest: (request: Request) => Promise<Response>,
) => Promise<Response>

export class Stand implements AsyncDisposable {
  readonly peer: PeerId
  /** What the program has asked so far. */
  readonly requests: SyncTreeRequest[] = []
  /** What it has sent so far. */
  readonly sent: SendEntriesRequest[] = []
  private readonly server: RpcServer
  private readonly transport: Transport

  private constructor(
    sync: Client<typeof SyncService>,
    identity: Identity,
    tricks: Tricks,
    private readonly forwards: boolean,
  ) {
    this.peer = identity.peer
    this.transport = createHttpTransport({ listen: { host: '127.0.0.1', port: 0 } })
    this.server = new RpcServer({
      clock: systemClock,
      routes: (router) => this.route(router, sync, identity, tricks),
    })
  }

  /** Starts one in front of a node's calls. `forwards`: each call has the token of its caller there too. */
  static async before(
    sync: Client<typeof SyncService>,
    identity: Identity,
    tricks: Tricks = {},
    { forwards = false } = {},
  ): Promise<Stand> {
    const stand = new Stand(sync, identity, tricks, forwards)
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
    { handshake, syncTree, sendEntries, watch, ...others }: Tricks,
  ): void {
    const as = ({ requestHeader }: HandlerContext) => {
      const token = requestHeader.get('authorization')
      return this.forwards && token !== null ? { headers: { authorization: token } } : {}
    }
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
      syncTree: (request, context) => {
        this.requests.push(request)
        // In plain pages, which the tricks change.
        const honest = (asked: SyncTreeRequest) => sync.syncTree({ ...asked, compact: false }, as(context))
        return syncTree?.(request, honest, this.requests.length - 1) ?? honest(request)
      },
      sendEntries: (request, context) => {
        this.sent.push(request)
        const honest = (page: SendEntriesRequest) => sync.sendEntries(page, as(context))
        return sendEntries?.(request, honest) ?? honest(request)
      },
      async *watch(request, context) {
        for await (const message of sync.watch(request, { signal: context.signal, ...as(context) }))
          if (watch?.(message) ?? true) yield message
      },
      exchangeAddresses(request, context) {
        const honest = (asked: ExchangeAddressesRequest) => sync.exchangeAddresses(asked, as(context))
        return others.exchangeAddresses?.(request, honest) ?? honest(request)
      },
      offerTree(request, context) {
        const honest = (asked: OfferTreeRequest) => sync.offerTree(asked, as(context))
        return others.offerTree?.(request, honest) ?? honest(request)
      },
      requestAccess(request, context) {
        const honest = (asked: RequestAccessRequest) => sync.requestAccess(asked, as(context))
        return others.requestAccess?.(request, honest) ?? honest(request)
      },
      getChunks(request, context) {
        const honest = (asked: GetChunksRequest) => sync.getChunks(asked, as(context))
        return others.getChunks?.(request, honest) ?? honest(request)
      },
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

/** Starts a stand before our own node, which has these entries, and the key with this number. */
export async function standWith(
  entries: readonly VerifiedEntry[],
  tricks: Tricks = {},
  key = serverKey,
): Promise<OurStand> {
  const ours = await reference(entries)
  const stand = await Stand.before(ours.sync, kitKey(key), tricks)
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
