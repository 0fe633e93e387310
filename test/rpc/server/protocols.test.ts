/**
 * One port for all protocols: HTTP/1.1 and HTTP/2, Connect, gRPC and gRPC-web, in Protobuf and in JSON, and requests
 * that are not RPC.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { createClient, type Interceptor, type Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { shapes } from '../../kit/entries.ts'
import { fails } from '../../kit/rpc-errors.ts'
import { ServingNode, testCertificate, transports } from '../../kit/serving-node.ts'
import { Sessions } from '../../kit/sessions.ts'

type Options = {
  baseUrl: string
  httpVersion: '1.1' | '2'
  useBinaryFormat: boolean
  nodeOptions: object
  sessionManager?: Sessions
  interceptors: Interceptor[]
}
const kinds: Record<string, (options: Options) => Transport> = {
  Connect: (options) => createConnectTransport(options as never),
  'gRPC-web': (options) => createGrpcWebTransport(options as never),
  gRPC: (options) => createGrpcTransport(options as never),
}

for (const transport of transports.filter(({ name }) => name === 'HTTP' || name === 'TLS'))
  describe(`One port over ${transport.name}`, () => {
    let serving: ServingNode
    before(async () => {
      serving = await ServingNode.start(transport)
    })
    after(() => serving[Symbol.asyncDispose]())
    const proving: Interceptor = (next) => async (request) => {
      request.header.set('authorization', await serving.authorization())
      return next(request)
    }

    for (const [name, make] of Object.entries(kinds))
      for (const httpVersion of ['1.1', '2'] as const)
        for (const useBinaryFormat of [true, false]) {
          const format = useBinaryFormat ? 'Protobuf' : 'JSON'
          // gRPC needs trailers, which Node's HTTP/1.1 client does not offer to it.
          if (name === 'gRPC' && httpVersion === '1.1') continue
          it(`serves ${name} on HTTP/${httpVersion} in ${format}`, async () => {
            const nodeOptions = { ca: testCertificate.cert }
            const rpc = make({
              ...{ baseUrl: serving.address, httpVersion, useBinaryFormat, nodeOptions },
              ...(httpVersion === '2' && { sessionManager: new Sessions(serving.address, {}, nodeOptions) }),
              interceptors: [proving],
            })
            const trees = createClient(TreeService, rpc)
            const all = shapes.diamond({ seed: `${name} ${httpVersion} ${useBinaryFormat}` })
            const tree = idToBytes(all[0]!.id)
            await trees.submitEntries({ tree, entries: all.map(({ signed }) => signed) })
            const listed = await trees.listEntries({ tree })
            assert.deepEqual(
              listed.entries.map(({ signed }) => Buffer.from(signed!.signature).toString('hex')).sort(),
              all.map(({ signed }) => Buffer.from(signed.signature).toString('hex')).sort(),
            )
            let entries = 0
            for await (const { part } of createClient(SyncService, rpc).syncTree({ tree }))
              if (part.case === 'page') entries += part.value.entries.length
            assert.equal(entries, all.length)
            await fails(trees.getTree({ tree: new Uint8Array(32) }), 'UNKNOWN_TREE', 'NotFound')
            await fails(trees.watchTree({ tree: new Uint8Array(32) }), 'UNKNOWN_TREE', 'NotFound')
          })
        }
  })

describe('Plain HTTP', () => {
  it('gets a 404 that shows what RPC paths look like', async () => {
    await using serving = await ServingNode.start()
    for (const path of ['/', '/metricz', '/causeway.v1.TreeService/Nothing', '//x', '/%00']) {
      const response = await fetch(serving.address + path)
      assert.equal(response.status, 404)
      assert.match(await response.text(), /RPC paths look like/)
    }
  })

  it('gets errors in JSON, with the HTTP status and the typed detail', async () => {
    await using serving = await ServingNode.start()
    const response = await fetch(`${serving.address}/causeway.v1.TreeService/GetTree`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: await serving.authorization() },
      body: JSON.stringify({ tree: Buffer.alloc(32).toString('base64') }),
    })
    assert.equal(response.status, 404)
    const error = (await response.json()) as { code: string; details: { type: string; debug: object }[] }
    assert.equal(error.code, 'not_found')
    assert.equal(error.details[0]!.type, 'causeway.v1.ErrorDetail')
  })

  it('is told which field of its JSON the message does not have, also of a message in it', async () => {
    await using serving = await ServingNode.start()
    for (const [body, type, field] of [
      ['{"pageSize":1,"page_sise":2}', 'ListTreesRequest', 'page_sise'],
      ['{"read":{"waitMs":1,"at\\n\\"":[]}}', 'GetRequest', 'at\n"'],
    ] as const) {
      const service = type === 'GetRequest' ? 'StoreService/Get' : 'TreeService/ListTrees'
      const response = await fetch(`${serving.address}/causeway.v1.${service}`, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body },
      })
      const { code, message, details } = (await response.json()) as {
        code: string
        message: string
        details: { debug: { code: string; data: Record<string, string> } }[]
      }
      assert.deepEqual([response.status, code], [400, 'invalid_argument'])
      assert.match(message, /^The message causeway\.v1\.\w+ has no field "/)
      assert.deepEqual([details[0]!.debug.code, details[0]!.debug.data.field], ['INVALID_ARGUMENT', field])
    }
  })
})
