/** Spans of calls: the server's is the child of the caller's, over HTTP and QUIC, unless the caller is a stranger. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { createGrpcTransport } from '@connectrpc/connect-node'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { findTracing, tracing } from '../../../src/base/tracing/tracing.ts'
import { connectStores } from '../../../src/node/dialling/connect-stores.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import type { NodeOptions } from '../../../src/node/options.ts'
import { testIdentity } from '../../kit/entries.ts'
import { type Recorded, recordSpans } from '../../kit/spans.ts'
import { until } from '../../kit/until.ts'

const local = { host: '127.0.0.1', port: 0 }
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const sampled = `00-${traceId}-00f067aa0ba902b7-01`

/** Calls a node as a stranger who says that the call is recorded. */
async function listTrees(node: Node): Promise<void> {
  const answer = await fetch(`${node.addresses()[0]}/causeway.v1.TreeService/ListTrees`, {
    ...{ method: 'POST', body: '{}' },
    headers: { 'content-type': 'application/json', traceparent: sampled, connection: 'close' },
  })
  assert.equal(answer.status, 200, await answer.text())
}

const serverSpans = (recorded: Recorded) => recorded.all().filter(({ kind }) => kind === SpanKind.SERVER)

async function serving(options: NodeOptions = {}): Promise<Node> {
  const node = await createNode({ http: local, ...options })
  await node.listen()
  return node
}

/** Records what a recorded caller asks for, and nothing else. */
const asCallersSay = () => recordSpans(new ParentBasedSampler({ root: new AlwaysOffSampler() }))

it('a stranger cannot make a node record its calls, unless the node is told so', async () => {
  await using recorded = await asCallersSay()
  {
    await using node = await serving()
    await listTrees(node)
    assert.deepEqual(recorded.all(), [])
  }
  await using node = await serving({ traceStrangers: true })
  await listTrees(node)
  await until('the span has ended', () => serverSpans(recorded).length === 1)
  const [span] = serverSpans(recorded)
  assert.equal(span!.name, 'causeway.v1.TreeService/ListTrees')
  assert.deepEqual(
    [span!.spanContext().traceId, span!.parentSpanContext?.spanId, span!.parentSpanContext?.isRemote],
    [traceId, '00f067aa0ba902b7', true],
  )
})

it('a stranger begins a trace of its own if all calls are recorded', async () => {
  await using recorded = await recordSpans(new ParentBasedSampler({ root: new AlwaysOnSampler() }))
  await using node = await serving()
  await listTrees(node)
  await until('the span has ended', () => serverSpans(recorded).length === 1)
  const [span] = serverSpans(recorded)
  assert.equal(span!.parentSpanContext, undefined)
  assert.notEqual(span!.spanContext().traceId, traceId)
})

/** Asserts that each span of a server is the child of one of a client with the same name. */
function assertPaired(spans: readonly ReadableSpan[], method: string, transport: string): void {
  const of = (kind: SpanKind) =>
    spans.filter((span) => span.name.endsWith(`/${method}`) && span.kind === kind)
  const clients = of(SpanKind.CLIENT)
  const servers = of(SpanKind.SERVER)
  assert.ok(servers.length > 0, `no ${method}`)
  for (const { parentSpanContext, attributes } of servers) {
    assert.ok(clients.some((client) => client.spanContext().spanId === parentSpanContext?.spanId))
    assert.equal(parentSpanContext?.isRemote, true)
    assert.equal(attributes['causeway.transport'], transport)
  }
}

for (const [transport, scheme] of [
  ['http', 'http:'],
  ['iroh', 'iroh:'],
] as const)
  it(`a known peer continues its trace over ${transport}`, async () => {
    await using recorded = await recordSpans()
    const quic = { bind: '127.0.0.1:0', relay: 'off' } as const
    await using node = await serving({ quic: { ...quic, listen: true } })
    await using peer = await createNode({ quic })
    await node.addPeer(peer.peer, {})
    const tree = await node.createTree('shared', PublicAccess.WRITE)
    const address = node.addresses().find((each) => each.startsWith(scheme))!
    await peer.sync(tree, address)
    await peer.commit(tree, [{ store: 'notes', kind: '', payload: new Uint8Array(9) }])
    const asked = await trace.getTracer('test').startActiveSpan('ask', async (span) => {
      await peer.sync(tree, address)
      span.end()
      return span.spanContext()
    })
    const ofTrace = () => recorded.all().filter((span) => span.spanContext().traceId === asked.traceId)
    // The server's span of a stream ends after the client has read it.
    await until(
      'the spans have ended',
      () => ofTrace().filter(({ kind }) => kind === SpanKind.SERVER).length >= 2,
    )
    assertPaired(ofTrace(), 'SyncTree', transport)
    assertPaired(ofTrace(), 'SendEntries', transport)
    const [sync] = recorded.named('causeway.sync').slice(-1)
    assert.equal(sync!.attributes['causeway.entries.sent'], 1)
    assert.equal(sync!.attributes['causeway.peer'], node.peer)
  })

it('gRPC is called by its name, and an error by its code alone', async () => {
  await using recorded = await recordSpans()
  await using node = await serving()
  const client = createClient(
    TreeService,
    createGrpcTransport({ baseUrl: node.addresses()[0]!, interceptors: [] }),
  )
  await assert.rejects(client.getTree({ tree: new Uint8Array(32).fill(7) }), /UNKNOWN|not/i)
  await until('the span has ended', () => serverSpans(recorded).length === 1)
  const [span] = serverSpans(recorded)
  const { 'causeway.tree': tree, ...attributes } = span!.attributes
  assert.match(String(tree), /^bafkrei/)
  assert.deepEqual(attributes, {
    ...{ 'rpc.system': 'grpc', 'rpc.service': 'causeway.v1.TreeService', 'rpc.method': 'GetTree' },
    ...{ 'rpc.grpc.status_code': 5, 'error.type': 'UNKNOWN_TREE', 'causeway.transport': 'http' },
  })
  // The node did what it should.
  assert.equal(span!.status.code, SpanStatusCode.UNSET)
})

it('a program without a node traces its calls, and sees failures as such', async () => {
  await using recorded = await recordSpans()
  await using node = await serving()
  const tree = await node.createTree('shared', PublicAccess.READ)
  await using stores = connectStores(node.addresses()[0]!, testIdentity(9))
  await assert.rejects(stores.open(tree, 'notes').put('key', 1))
  const clients = recorded.all().filter(({ kind }) => kind === SpanKind.CLIENT)
  const failed = clients.find(({ status }) => status.code === SpanStatusCode.ERROR)!
  assert.equal(failed.attributes['error.type'], 'FORBIDDEN')
  assert.equal(failed.attributes['causeway.peer'], node.peer)
  assert.equal(failed.status.message, 'FORBIDDEN')
})

it('what is open keeps its traces while a further node or program looks for an SDK', async () => {
  await using _ = await recordSpans()
  const looking = findTracing()
  assert.notEqual(tracing, undefined)
  await looking
  assert.notEqual(tracing, undefined)
})

it('there are no traces without an SDK', async () => {
  {
    await using _ = await recordSpans()
    assert.notEqual(tracing, undefined)
  }
  await findTracing()
  assert.equal(tracing, undefined)
})
