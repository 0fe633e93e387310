/** Calls of the kit to a program that serves: by each transport that it has, with tokens and headers as a case says. */

import { type Client, ConnectError, createClient, type Interceptor } from '@connectrpc/connect'
import {
  compressionBrotli,
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from '@connectrpc/connect-node'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../base/clock.ts'
import type { CausewayError } from '../../base/errors.ts'
import { RpcConnection } from '../../rpc/client/connection.ts'
import { fromConnectError } from '../../rpc/errors.ts'
import { createIrohTransport } from '../../transport/iroh/iroh.ts'
import type { TransportName } from './case.ts'
import type { Serving } from './serving.ts'
import { kitKey } from './trees/trees.ts'

export interface CallOptions {
  readonly transport?: TransportName
  /** Sent with every call. */
  readonly headers?: Readonly<Record<string, string>>
  readonly compression?: 'gzip' | 'br'
  /** The number of the key with which QUIC is dialled. */
  readonly key?: number
}

/** A client of the program's SyncService on a connection of its own. */
export interface Calling extends AsyncDisposable {
  readonly sync: Client<typeof SyncService>
}

export async function call(serving: Serving, options: CallOptions = {}): Promise<Calling> {
  return options.transport === 'quic' ? dialQuic(serving, options.key ?? 9) : overHttp(serving, options)
}

function overHttp(
  { http }: Serving,
  { transport = 'connect', headers = {}, compression }: CallOptions,
): Calling {
  const sessionManager = new Http2SessionManager(http)
  const named: Interceptor = (next) => (request) => {
    for (const [name, value] of Object.entries(headers)) request.header.set(name, value)
    return next(request)
  }
  const sendCompression = { gzip: compressionGzip, br: compressionBrotli, none: undefined }[
    compression ?? 'none'
  ]
  const options = {
    ...{ baseUrl: http, httpVersion: '2' as const, sessionManager, interceptors: [named] },
    ...(sendCompression !== undefined && { sendCompression, compressMinBytes: 0 }),
  }
  const made = {
    connect: () => createConnectTransport({ ...options, useBinaryFormat: true }),
    'connect-json': () => createConnectTransport({ ...options, useBinaryFormat: false }),
    grpc: () => createGrpcTransport(options),
    'grpc-web': () => createGrpcWebTransport(options),
  }[transport as Exclude<TransportName, 'quic'>]()
  return {
    sync: createClient(SyncService, made),
    async [Symbol.asyncDispose]() {
      sessionManager.abort()
    },
  }
}

async function dialQuic({ quic }: Serving, key: number): Promise<Calling> {
  const transport = createIrohTransport({ identity: kitKey(key), bind: '127.0.0.1:0', relay: 'off' })
  const connection = new RpcConnection(await transport.dial(quic), { clock: systemClock })
  return {
    sync: connection.client(SyncService),
    async [Symbol.asyncDispose]() {
      connection.close()
      await transport.close()
    },
  }
}

/** Returns the error of a call that must fail; undefined if it does not. */
export async function failure(calling: () => Promise<unknown>): Promise<CausewayError | undefined> {
  try {
    await calling()
    return undefined
  } catch (error) {
    return fromConnectError(ConnectError.from(error))
  }
}
