/**
 * Starts OpenTelemetry before a node, and sends its spans to a collector over OTLP: `node --import ./otel.mjs …/causeway.js
 * serve`. The variables of OpenTelemetry say where to (OTEL_EXPORTER_OTLP_ENDPOINT), under which name
 * (OTEL_SERVICE_NAME), and how many of the traces (OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG).
 */
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node'

const name = resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME ?? 'causeway' })
const provider = new NodeTracerProvider({
  resource: defaultResource().merge(name),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
})
// Also sets what follows a trace through asynchronous calls.
provider.register()
// The node has stopped by then: the last spans are sent.
process.once('beforeExit', () => provider.shutdown())
