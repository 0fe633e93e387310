/**
 * A node that prepares other entries than it was asked for, to see whether a client signs them. A client picks its lie:
 * the value that it puts names one. The value `nothing` picks none.
 */
import { once } from 'node:events'
import { createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { connectNodeAdapter } from '@connectrpc/connect-node'
import { ChangeSchema, type EntryBody, EntryBodySchema } from '../../gen/causeway/v1/entry_pb.ts'
import { type MapPut, MapPutSchema } from '../../gen/causeway/v1/state_pb.ts'
import { type PrepareWriteRequest, StoreService } from '../../gen/causeway/v1/store_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'

const other = Buffer.alloc(32, 7)
const dayMs = 86_400_000

/** Changes an honest body. */
const bodies: Record<string, (body: EntryBody) => void> = {
  nothing() {},
  version: (body) => (body.version = 2),
  tree: (body) => (body.tree = other),
  author: (body) => (body.author = other),
  nonce: (body) => (body.nonce = other),
  'no changes': (body) => (body.changes = []),
  'another change': (body) => body.changes.push(create(ChangeSchema, { store: 'notes', kind: 'other' })),
  'a policy': (body) => body.changes.push(create(ChangeSchema, { store: '_policy', payload: other })),
  'the same change twice': (body) => body.changes.push(body.changes[0]!),
  store: (body) => (body.changes[0]!.store = 'other'),
  kind: (body) => (body.changes[0]!.kind = 'cw.delete'),
  key: changePut((put) => (put.key = 'other')),
  value: changePut((put) => (put.value = other)),
  type: changePut((put) => (put.type = 'text/html')),
  replaces: changePut((put) => put.replaces.push(other)),
  'too early': (body) => (body.createdAtMs -= BigInt(2 * dayMs)),
  'too late': (body) => (body.createdAtMs += BigInt(2 * dayMs)),
}

/** Changes the bytes of an honest body. */
const encodings: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  'a field that nobody knows': (bytes) => Buffer.concat([bytes, Buffer.from('7a0101', 'hex')]),
  'a field that says nothing': (bytes) => Buffer.concat([bytes, Buffer.from('4a00', 'hex')]),
  'a number in too many bytes': (bytes) => Buffer.concat([Buffer.from('088100', 'hex'), bytes.subarray(2)]),
  'a byte too few': (bytes) => bytes.subarray(0, -1),
}

/** The names of all lies. */
export const lies: readonly string[] = [...Object.keys(bodies).slice(1), ...Object.keys(encodings)]

function changePut(change: (put: MapPut) => void) {
  return (body: EntryBody) => {
    const put = fromBinary(MapPutSchema, body.changes[0]!.payload)
    change(put)
    body.changes[0]!.payload = toBinary(MapPutSchema, put)
  }
}

function prepare({ tree, changes }: PrepareWriteRequest, author: Uint8Array): Uint8Array {
  const [{ key, what }] = changes as [PrepareWriteRequest['changes'][number]]
  if (what.case !== 'put') throw new ConnectError('This node prepares puts alone.', Code.Unimplemented)
  const payload = toBinary(
    MapPutSchema,
    create(MapPutSchema, { key: key!.key, value: what.value.value, type: what.value.type }),
  )
  const body = create(EntryBodySchema, {
    ...{ version: 1, tree, parents: [tree], height: 1n, author, createdAtMs: BigInt(Date.now()) },
    changes: [{ store: key!.store, kind: 'cw.put', payload }],
  })
  const lie = Buffer.from(what.value.value).toString()
  bodies[lie]?.(body)
  const bytes = toBinary(EntryBodySchema, body)
  return encodings[lie]?.(bytes) ?? bytes
}

export class LyingNode implements AsyncDisposable {
  /** The bodies that clients have signed. */
  readonly signed: Uint8Array[] = []
  private readonly server: Http2Server

  /** `author` is the key of the clients. It believes them without a proof. */
  constructor(author: Uint8Array) {
    this.server = createServer(
      connectNodeAdapter({
        routes: (router) => {
          router.service(StoreService, {
            async *watchStore() {
              yield { synced: true }
            },
            prepareWrite: (request) => ({ body: prepare(request, author) }),
          })
          router.service(TreeService, {
            submitEntries: ({ entries }) => {
              this.signed.push(...entries.map(({ body }) => body))
              throw new ConnectError('This node keeps nothing.', Code.Unimplemented)
            },
          })
        },
      }),
    )
  }

  /** Starts it. Returns its HOST:PORT. */
  async listen(): Promise<string> {
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close()
    await once(this.server, 'close')
  }
}
