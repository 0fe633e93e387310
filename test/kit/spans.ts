/** An SDK of OpenTelemetry for tests, which keeps what was recorded in memory. Only one in a process at a time. */
import { context, propagation, trace } from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node'
import { findTracing } from '../../src/base/tracing/tracing.ts'

export interface Recorded extends AsyncDisposable {
  /** The spans that have ended. */
  all(): ReadableSpan[]
  named(name: string): ReadableSpan[]
}

/** Starts an SDK. Nodes that are opened before the result is disposed have spans. */
export async function recordSpans(sampler?: Sampler): Promise<Recorded> {
  const exporter = new InMemorySpanExporter()
  const provider = new NodeTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(exporter)],
    ...(sampler && { sampler }),
  })
  provider.register()
  await findTracing()
  return {
    all: () => exporter.getFinishedSpans(),
    named: (name) => exporter.getFinishedSpans().filter((span) => span.name === name),
    async [Symbol.asyncDispose]() {
      await provider.shutdown()
      for (const api of [trace, context, propagation]) api.disable()
      await findTracing()
    },
  }
}
