/**
 * Calls in one process, with and without an SDK of OpenTelemetry: a program without a node reads a value from a node over
 * HTTP, one call after the other. The SDK records nothing, or everything, and sends it nowhere.
 */
import { createIdentity } from '../src/dag/identity.ts'
import { connectStores } from '../src/node/dialling/connect-stores.ts'
import { createNode } from '../src/node/node.ts'

/** `none`: no SDK. `silent`: one that records nothing. `recording`: one that records every call. */
export type Sdk = 'none' | 'silent' | 'recording'

export interface TracedCalls {
  readonly seconds: number
  readonly cpuSeconds: number
}

/** Calls that run cold code, and are not counted. */
const warmUp = 1_000

export async function measureTracedCalls({ count, sdk }: { count: number; sdk: Sdk }): Promise<TracedCalls> {
  if (sdk !== 'none') await startSdk(sdk)
  await using node = await createNode({ http: { host: '127.0.0.1', port: 0 } })
  await node.listen()
  const tree = await node.createTree('calls')
  const identity = createIdentity(new Uint8Array(32).fill(9))
  // WRITE.
  await node.grant(tree, identity.peer, 2)
  await using stores = connectStores(node.addresses()[0]!, identity)
  const store = stores.open(tree, 'values')
  await store.put('key', 'value')
  for (let index = 0; index < warmUp; index++) await store.get('key')
  const cpu = process.cpuUsage()
  const begun = performance.now()
  for (let index = 0; index < count; index++) await store.get('key')
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { seconds, cpuSeconds: (user + system) / 1e6 }
}

async function startSdk(sdk: 'silent' | 'recording'): Promise<void> {
  const { AlwaysOffSampler, AlwaysOnSampler, BatchSpanProcessor, NodeTracerProvider } = await import(
    '@opentelemetry/sdk-trace-node'
  )
  const exporter = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    shutdown: async () => {},
  }
  new NodeTracerProvider({
    sampler: sdk === 'recording' ? new AlwaysOnSampler() : new AlwaysOffSampler(),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  }).register()
}
