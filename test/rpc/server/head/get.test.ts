/**
 * Calls by GET: those without side effects are answered, within the same bounds and rights as by POST; a cache keeps
 * nothing that is for one caller alone; and no web page can use them to read what it could not read by POST.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http from 'node:http'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { createClient, type Interceptor } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import { NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import { StoreService } from '../../../../gen/causeway/v1/store_pb.ts'
import { SyncService } from '../../../../gen/causeway/v1/sync_pb.ts'
import {
  GetTreeRequestSchema,
  ListTreesResponseSchema,
  TreeService,
} from '../../../../gen/causeway/v1/tree_pb.ts'
import { limits } from '../../../../src/base/limits.ts'
import { limited } from '../../../kit/limited.ts'
import { ServingNode, transports } from '../../../kit/serving-node.ts'

const listTrees = '/causeway.v1.TreeService/ListTrees?connect=v1&encoding=json&message=%7B%7D'

interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: Buffer
}

async function get(
  serving: ServingNode,
  path: string,
  headers: object = {},
  method = 'GET',
): Promise<Answer> {
  const request = http.request({ ...serving.hostPort, path, method, headers: { ...headers }, agent: false })
  request.end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return { status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }
}
const codeOf = ({ body }: Answer) => (JSON.parse(String(body)) as { code: string }).code

describe('A call by GET', () => {
  let serving: ServingNode
  let tree: Buffer
  before(async () => {
    serving = await ServingNode.start()
    tree = Buffer.from(await serving.node.createTree('open', PublicAccess.READ), 'hex')
    await serving.node.createTree('hidden')
  })
  after(() => serving[Symbol.asyncDispose]())

  it('is answered for every unary call that only reads, and for no other', async () => {
    const services = [SyncService, TreeService, StoreService, NodeService]
    const answered: string[] = []
    for (const method of services.flatMap(({ methods }) => methods)) {
      const path = `/${method.parent.typeName}/${method.name}?connect=v1&encoding=json&message=%7B%7D`
      if ((await get(serving, path)).status !== 405) answered.push(`${method.parent.name}.${method.name}`)
    }
    assert.deepEqual(answered.sort(), [
      'NodeService.Diagnose',
      'NodeService.GetMetrics',
      'NodeService.GetNode',
      'NodeService.GetPolicy',
      'NodeService.GetSettings',
      'NodeService.ListAccessRequests',
      'NodeService.ListApps',
      'NodeService.ListAuthorStorage',
      'NodeService.ListInvitations',
      'NodeService.ListOffers',
      'NodeService.ListPeers',
      'StoreService.Get',
      'StoreService.History',
      'StoreService.List',
      'StoreService.ListConflicts',
      'StoreService.ListStores',
      'TreeService.GetEntries',
      'TreeService.GetTree',
      'TreeService.ListEntries',
      'TreeService.ListTrees',
    ])
    for (const method of ['HEAD', 'PUT', 'DELETE'])
      assert.equal((await get(serving, listTrees, {}, method)).status, 405)
  })

  it('serves a Connect client that makes its calls by GET, with its rights', async () => {
    const methods: string[] = []
    const proving: Interceptor = (next) => async (request) => {
      request.header.set('authorization', await serving.authorization())
      const response = await next(request)
      methods.push(request.requestMethod)
      return response
    }
    for (const useBinaryFormat of [true, false]) {
      const transport = createConnectTransport({
        ...{ baseUrl: serving.address, httpVersion: '1.1', useHttpGet: true, useBinaryFormat },
        interceptors: [proving],
      })
      const trees = createClient(TreeService, transport)
      assert.equal((await trees.getTree({ tree })).tree!.name, 'open')
      assert.equal((await trees.listTrees({})).trees.length, 2)
    }
    assert.equal(methods.length, 4)
  })

  it('reads a message in binary, in base64, and compressed', async () => {
    const binary = toBinary(GetTreeRequestSchema, create(GetTreeRequestSchema, { tree }))
    const path = '/causeway.v1.TreeService/GetTree?connect=v1&base64=1&encoding=proto&message='
    assert.equal((await get(serving, path + Buffer.from(binary).toString('base64url'))).status, 200)
    assert.equal(
      (await get(serving, path + encodeURIComponent(Buffer.from(binary).toString('base64')))).status,
      200,
    )
    const zipped = `${path.replace('&message', '&compression=gzip&message')}${gzipSync(binary).toString('base64url')}`
    assert.equal((await get(serving, zipped)).status, 200)
    const { body } = await get(serving, listTrees.replace('json', 'proto').replace('%7B%7D', ''))
    assert.equal(fromBinary(ListTreesResponseSchema, body).trees.length, 1)
  })

  it('has the bounds of a POST', async () => {
    for (const [query, code] of [
      ['encoding=json&message={', 'invalid_argument'],
      ['encoding=json&base64=1&message=!!', 'invalid_argument'],
      [`encoding=json&message=${'['.repeat(40)}`, 'invalid_argument'],
      ['encoding=json&message={"nothing":1}', 'invalid_argument'],
      [`encoding=proto&compression=gzip&base64=1&message=${bomb()}`, 'resource_exhausted'],
      ['encoding=proto&compression=lzma&base64=1&message=AA', 'unimplemented'],
    ] as const)
      assert.equal(
        codeOf(await get(serving, encodeURI(`/causeway.v1.TreeService/ListTrees?${query}`))),
        code,
        query,
      )
    assert.equal(
      (await get(serving, '/causeway.v1.TreeService/ListTrees?encoding=xml&message=1')).status,
      415,
    )
  })

  it('is refused if it says what no header can hold, or names another protocol', async () => {
    for (const [query, status] of [
      ['encoding=a%0Ab', 415],
      ['encoding=%E2%82%AC', 415],
      ['encoding=grpc', 415],
      ['encoding=json&compression=a%0Ab', 501],
      ['encoding=json&message=%7B%7D&connect=a%0Ab', 200],
    ] as const)
      assert.equal((await get(serving, `/causeway.v1.TreeService/ListTrees?${query}`)).status, status, query)
  })

  it('counts for its caller', async () => {
    using _ = limited({ strangerRequestBurst: 3, strangerRequestsPerSecond: 0.000_1 })
    await using other = await ServingNode.start()
    const statuses: number[] = []
    for (let count = 0; count < 4; count++) statuses.push((await get(other, listTrees)).status)
    assert.ok(statuses.includes(200) && statuses.at(-1) === 429, String(statuses))
  })

  it('takes no token from the URL', async () => {
    const token = encodeURIComponent(await serving.authorization())
    const path = listTrees.replace('ListTrees', 'GetNode').replace('TreeService', 'NodeService')
    for (const name of ['authorization', 'Authorization', 'access_token', 'token'])
      assert.equal((await get(serving, `${path}&${name}=${token}`)).status, 401)
    assert.equal((await get(serving, path, { authorization: await serving.authorization() })).status, 200)
  })

  it('is kept by no cache if its caller is proven or it fails, and else asks the node each time', async () => {
    const proven = await get(serving, listTrees, { authorization: await serving.authorization() })
    assert.deepEqual([proven.headers['cache-control'], proven.headers.etag], ['no-store', undefined])
    const failed = await get(serving, '/causeway.v1.TreeService/GetTree?encoding=json&message=%7B%7D')
    assert.deepEqual([failed.status, failed.headers['cache-control']], [400, 'no-store'])
    const first = await get(serving, listTrees)
    assert.equal(first.headers['cache-control'], 'no-cache')
    assert.match(first.headers.vary!, /Authorization/)
    const tag = first.headers.etag!
    const again = await get(serving, listTrees, { 'if-none-match': `"other", ${tag}` })
    assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, tag])
    // What a proven caller may read is more, and the tag of what everybody reads does not hide it.
    const authorization = await serving.authorization()
    assert.equal((await get(serving, listTrees, { authorization, 'if-none-match': tag })).status, 200)
    await serving.node.createTree('another', PublicAccess.READ)
    assert.equal((await get(serving, listTrees, { 'if-none-match': tag })).status, 200)
  })
})

describe('A web page', () => {
  const beyond = { http: { host: '127.1', port: 0, insecure: true } }

  it('reads nothing by GET under a name of its own, wherever the node listens', async () => {
    for (const options of [{}, beyond]) {
      await using serving = await ServingNode.start(transports[0], options)
      const { port } = serving.hostPort
      for (const host of ['evil.example', `evil.example:${port}`])
        assert.equal((await get(serving, listTrees, { host })).status, 403)
      assert.equal((await get(serving, listTrees, { host: `localhost:${port}` })).status, 200)
    }
    await using named = await ServingNode.start(transports[0], { ...beyond, allowedHosts: ['node.example'] })
    assert.equal((await get(named, listTrees, { host: 'node.example' })).status, 200)
  })

  it('of another origin gets no answer as a picture or a script', async () => {
    await using serving = await ServingNode.start(transports[0], { corsOrigins: ['https://app.example'] })
    for (const site of ['cross-site', 'same-site'])
      assert.equal((await get(serving, listTrees, { 'sec-fetch-site': site })).status, 403)
    const { status, headers } = await get(serving, listTrees, { 'sec-fetch-site': 'none' })
    assert.deepEqual([status, headers['cross-origin-resource-policy']], [200, 'same-origin'])
    assert.equal(headers['x-content-type-options'], 'nosniff')
    const page = { 'sec-fetch-site': 'cross-site', origin: 'https://app.example' }
    const allowed = await get(serving, listTrees, page)
    assert.equal(allowed.headers['access-control-allow-origin'], 'https://app.example')
    assert.match(allowed.headers.vary!, /Origin/)
    assert.equal((await get(serving, listTrees, { ...page, origin: 'https://evil.example' })).status, 403)
  })
})

/** A message that is longer than a node reads, once it is inflated. */
function bomb(): string {
  return gzipSync(Buffer.alloc(limits.messageBytes + 1)).toString('base64url')
}
