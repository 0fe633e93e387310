/** The way of a commit over three nodes is one trace: pushed by the first, watched by the third. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { SpanKind, trace } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { type Recorded, recordSpans } from '../../kit/spans.ts'
import { until } from '../../kit/until.ts'

const local = { host: '127.0.0.1', port: 0 }
/** Three nodes with one tree: the first pushes to the second, which the third watches. */
async function chain(): Promise<{ nodes: Node[]; tree: TreeId } & AsyncDisposable> {
  const nodes = await Promise.all([{}, { http: local }, {}].map((options) => createNode(options)))
  const [first, second, third] = nodes as [Node, Node, Node]
  await second.listen()
  const tree = await first.createTree('shared')
  for (const { peer } of [second, third]) await first.grant(tree, peer, Permission.WRITE)
  for (const [node, push] of [
    [first, true],
    [third, false],
  ] as const) {
    await second.addPeer(node.peer, {})
    await second.link({ tree, peer: node.peer })
    await node.addPeer(second.peer, { addresses: second.addresses() })
    await node.link({ tree, peer: second.peer }, { push })
  }
  await until('all have the tree', () => nodes.every(({ store }) => store.tree(tree)?.count === 3))
  await until('both links are in sync', () =>
    [first, third].every((node) => node.status().every(({ inSync }) => inSync)),
  )
  return {
    nodes,
    tree,
    [Symbol.asyncDispose]: async () => {
      for (const node of nodes) await node.close(0)
    },
  }
}

const idOf = (span: ReadableSpan) => span.spanContext().spanId

/** Returns the names of a span's ancestors among these spans, from itself upwards. */
function ancestors(spans: readonly ReadableSpan[], from: ReadableSpan): string[] {
  const names: string[] = []
  for (let span: ReadableSpan | undefined = from; span !== undefined; ) {
    names.push(span.name)
    const parent: string | undefined = span.parentSpanContext?.spanId
    span = spans.find((each) => idOf(each) === parent)
  }
  return names
}

/** Commits once at the first node, in a span. Returns its context once every node has the commit and ended its spans. */
async function commitOnce(
  { nodes, tree }: { nodes: Node[]; tree: TreeId },
  recorded: Recorded,
  bytes: number,
) {
  const change = { store: 'notes', kind: '', payload: new Uint8Array(bytes) }
  const asked = await trace.getTracer('test').startActiveSpan('ask', async (span) => {
    await nodes[0]!.commit(tree, [change])
    span.end()
    return span.spanContext()
  })
  const ofTrace = () => recorded.all().filter((span) => span.spanContext().traceId === asked.traceId)
  const isPage = ({ name, attributes }: ReadableSpan) =>
    name === 'causeway.page' && attributes['causeway.entries.added'] === 1
  const ways = () =>
    ofTrace()
      .filter(isPage)
      .map((page) => ancestors(recorded.all(), page))
  await until('three pages and what led to them have ended', () => {
    const found = ways()
    return found.length === 3 && found.every((way) => way.at(-1) === 'ask')
  })
  return ways()
}

const sendEntries = 'causeway.v1.SyncService/SendEntries'

it('goes on with a push and an event of a watch', async () => {
  await using recorded = await recordSpans()
  await using made = await chain()
  const first = ['causeway.page', 'ask']
  const second = ['causeway.page', sendEntries, sendEntries, 'causeway.push', ...first]
  assert.deepEqual(await commitOnce(made, recorded, 10), [
    first,
    second,
    ['causeway.page', 'causeway.event', ...second],
  ])
  const kinds = recorded.named(sendEntries).map(({ kind }) => SpanKind[kind])
  assert.deepEqual([...new Set(kinds)].sort(), ['CLIENT', 'SERVER'])
})

it('goes on with sessions, if the entries are too large for that', async () => {
  await using recorded = await recordSpans()
  await using made = await chain()
  const ways = await commitOnce(made, recorded, limits.inlineBytes + 1)
  assert.deepEqual(ways[0], ['causeway.page', 'ask'])
  for (const way of ways) assert.equal(way.at(-1), 'ask')
  const third = ways[2]!
  assert.ok(third.includes('causeway.event') && third.includes('causeway.session'), third.join())
})

it('is no part of what the nodes do afterwards', async () => {
  await using recorded = await recordSpans()
  await using made = await chain()
  const { nodes, tree } = made
  // A link that is made in a span leads to dials, watches and sessions that are none of its work.
  await trace.getTracer('test').startActiveSpan('link', async (span) => {
    await nodes[2]!.link({ tree, peer: nodes[1]!.peer }, { push: true })
    await nodes[2]!.flush()
    span.end()
  })
  const under = recorded.all().filter((span) => ancestors(recorded.all(), span).includes('link'))
  assert.deepEqual(
    under.map(({ name }) => name),
    ['link'],
  )
})

it('has links to the other commits of a page', async () => {
  await using recorded = await recordSpans()
  await using node = await createNode({})
  const tree = await node.createTree('notes')
  const asked = await Promise.all(
    Array.from({ length: limits.traceLinks + 4 }, () =>
      trace.getTracer('test').startActiveSpan('ask', async (span) => {
        await node.commit(tree, [{ store: 'notes', kind: '', payload: new Uint8Array(1) }])
        span.end()
        return span.spanContext()
      }),
    ),
  )
  // The tree's root, the first commit, and the page of those that waited meanwhile.
  const pages = recorded.named('causeway.page').slice(1)
  assert.deepEqual(
    pages.map(({ attributes }) => attributes['causeway.entries']),
    [1, limits.traceLinks + 3],
  )
  const [alone, together] = pages as [ReadableSpan, ReadableSpan]
  assert.deepEqual(alone.links, [])
  assert.equal(alone.parentSpanContext?.spanId, asked[0]!.spanId)
  assert.equal(together.parentSpanContext?.spanId, asked[1]!.spanId)
  assert.deepEqual(
    together.links.map(({ context }) => context.spanId),
    asked.slice(2, limits.traceLinks + 1).map(({ spanId }) => spanId),
  )
})
