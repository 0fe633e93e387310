/**
 * The example of tracing as an operator starts it: three nodes as processes of their own, each with the SDK of
 * `examples/tracing`, and a collector that takes what they send. It runs the built command, which `npm test` builds first.
 */
import { strict as assert } from 'node:assert'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { tempFolder } from '../kit/peers.ts'
import { projectFile } from '../kit/project.ts'
import { ServeProcess } from '../kit/serve-process.ts'

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string }
}

/** A span as OTLP has it in JSON, with the service that sent it. */
interface SentSpan {
  readonly service: string
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly attributes: readonly Attribute[]
}

interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly Omit<SentSpan, 'service'>[] }[]
  }[]
}

/** Takes spans over OTLP with JSON. */
async function collector(): Promise<{ url: string; spans: SentSpan[] } & AsyncDisposable> {
  const spans: SentSpan[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString()) as Export
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? ''
      for (const scope of scopeSpans) spans.push(...scope.spans.map((span) => ({ ...span, service })))
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Starts a node with the example's SDK. */
async function serve(folder: string, name: string, endpoint: string): Promise<ServeProcess> {
  const before = { ...process.env }
  Object.assign(process.env, {
    NODE_OPTIONS: `--import ${pathToFileURL(projectFile('examples/tracing/otel.mjs'))}`,
    OTEL_SERVICE_NAME: name,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  })
  try {
    return await ServeProcess.start(join(folder, name))
  } finally {
    for (const key of ['NODE_OPTIONS', 'OTEL_SERVICE_NAME', 'OTEL_EXPORTER_OTLP_ENDPOINT'])
      if (before[key] === undefined) delete process.env[key]
      else process.env[key] = before[key]
  }
}

it('shows the way of a commit over three nodes as one trace', { timeout: 90_000 }, async () => {
  await using folder = await tempFolder()
  await using sent = await collector()
  await using a = await serve(folder.path, 'a', sent.url)
  await using b = await serve(folder.path, 'b', sent.url)
  await using c = await serve(folder.path, 'c', sent.url)
  const { tree: created } = await a.trees.createTree({ name: 'notes', publicAccess: PublicAccess.WRITE })
  const tree = created!.id
  await b.node.linkTree({ ticket: await a.ticket(tree) })
  await b.has(tree, 1)
  await c.node.linkTree({ ticket: await b.ticket(tree) })
  await c.has(tree, 1)
  const payload = Buffer.from('not to be seen in a trace')
  await a.trees.commit({ tree, changes: [{ store: 'log', kind: 'add', payload }] })
  await c.has(tree, 2)
  // The spans of the last seconds are sent as the nodes end.
  for (const each of [a, b, c]) await each.end('SIGTERM')
  const commit = sent.spans.find(({ name }) => name === 'causeway.v1.TreeService/Commit')
  assert.equal(commit?.service, 'a')
  const ofTrace = sent.spans.filter(({ traceId }) => traceId === commit!.traceId)
  const pages = ofTrace.filter(({ name }) => name === 'causeway.page')
  assert.deepEqual(new Set(pages.map(({ service }) => service)), new Set(['a', 'b', 'c']))
  // Every span of it hangs from the call that the commit came by.
  const ids = new Set(ofTrace.map(({ spanId }) => spanId))
  for (const { spanId, parentSpanId = '' } of ofTrace)
    assert.ok(spanId === commit!.spanId || ids.has(parentSpanId))
  assertHarmless(sent.spans)
})

/** Attributes have names, keys that are public, counts and codes, and nothing else. */
function assertHarmless(spans: readonly SentSpan[]): void {
  const known =
    /^(rpc\.(system|service|method|connect_rpc\.error_code)|error\.type|causeway\.(tree|peer|transport|bytes|entries(\.\w+)?))$/
  const keys = new Set(spans.flatMap(({ attributes }) => attributes.map(({ key }) => key)))
  assert.deepEqual(
    [...keys].filter((key) => !known.test(key)),
    [],
  )
  assert.doesNotMatch(JSON.stringify(spans), /not to be seen|Bearer|causeway:\?/i)
}
