/**
 * Traces by OpenTelemetry, through its API alone. A program that has started an SDK before it opens a node gets spans;
 * for all others `tracing` is undefined, and nothing here runs: who begins a span asks for that first.
 */
import type { Attributes, Context, Span, SpanContext, SpanKind, Tracer } from '@opentelemetry/api'
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'
import { version } from '../version.ts'

type Api = typeof import('@opentelemetry/api')

/** What other spans, here and elsewhere, need to continue a trace. */
export type TraceContext = SpanContext

export interface SpanOptions {
  readonly kind?: keyof typeof SpanKind
  /**
   * The spans from which this one follows: it continues the trace of the first that is recorded, and has links to the
   * others. Empty: it begins a trace. Default: the span in whose course it begins.
   */
  readonly parents?: readonly TraceContext[] | undefined
  readonly attributes?: Attributes
}

/** The traces of this process; undefined unless an SDK was found. */
export let tracing: Tracing | undefined

/**
 * Looks for an SDK, for all nodes and connections that are opened from now on. The API keeps what an SDK registers under
 * this symbol; without it, the API is not even loaded.
 */
export async function findTracing(): Promise<void> {
  // What is open goes on with its traces meanwhile.
  tracing = await tracingOfSdk()
}

async function tracingOfSdk(): Promise<Tracing | undefined> {
  if (!(Symbol.for('opentelemetry.js.api.1') in globalThis)) return undefined
  const api = await import('@opentelemetry/api')
  // A stand-in for the SDK's provider, perhaps of another copy of the API. It returns a tracer once there is an SDK.
  const provider = api.trace.getTracerProvider() as Partial<InstanceType<Api['ProxyTracerProvider']>>
  const tracer = provider.getDelegateTracer?.('causeway-sync', version)
  return tracer && new Tracing(api, tracer)
}

export class Tracing {
  readonly api: Api
  private readonly tracer: Tracer

  constructor(api: Api, tracer: Tracer) {
    this.api = api
    this.tracer = tracer
  }

  /** Returns the context of the span in whose course this is called, or undefined if there is none. */
  current(): TraceContext | undefined {
    const { trace, context } = this.api
    return trace.getSpanContext(context.active())
  }

  /** Begins a span. End it with `end`. */
  begin(name: string, { kind = 'INTERNAL', parents, attributes = {} }: SpanOptions = {}): OpenSpan {
    const { trace, context, ROOT_CONTEXT, SpanKind, TraceFlags } = this.api
    let under = context.active()
    const parent = parents?.find(({ traceFlags }) => (traceFlags & TraceFlags.SAMPLED) !== 0) ?? parents?.[0]
    if (parents !== undefined) under = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
    const links = (parents ?? []).filter((each) => each !== parent).map((each) => ({ context: each }))
    const span = this.tracer.startSpan(name, { kind: SpanKind[kind], attributes, links }, under)
    return new OpenSpan(this.api, span, trace.setSpan(under, span))
  }

  /** Runs a task as a span, which ends with it. */
  async run<Result>(
    name: string,
    options: SpanOptions,
    task: (span: OpenSpan) => Promise<Result>,
  ): Promise<Result> {
    const span = this.begin(name, options)
    try {
      return await span.run(() => task(span))
    } catch (error) {
      span.fail(CausewayError.from(error).code)
      throw error
    } finally {
      span.end()
    }
  }

  /** Runs a task that is no part of the span in whose course it happens to begin. */
  outside<Result>(task: () => Result): Result {
    const { context, ROOT_CONTEXT } = this.api
    return context.with(ROOT_CONTEXT, task)
  }
}

/** Returns the spans of things that are done together: the first of them, at most as many as a span has links. */
export function contextsOf(asked: readonly { readonly trace: TraceContext | undefined }[]): TraceContext[] {
  return asked.flatMap(({ trace }) => trace ?? []).slice(0, limits.traceLinks)
}

/** A span that has begun. */
export class OpenSpan {
  private readonly api: Api
  private readonly span: Span
  private readonly inside: Context

  constructor(api: Api, span: Span, inside: Context) {
    this.api = api
    this.span = span
    this.inside = inside
  }

  get context(): TraceContext {
    return this.span.spanContext()
  }

  /** Whether somebody will see its attributes. */
  get isRecording(): boolean {
    return this.span.isRecording()
  }

  /** Runs a task in the course of this span. */
  run<Result>(task: () => Result): Result {
    return this.api.context.with(this.inside, task)
  }

  set(attributes: Attributes): void {
    this.span.setAttributes(attributes)
  }

  /**
   * Notes that it failed. Only the code is noted: the text of an error may quote what a caller sent. `blames` says whether
   * this side is to blame.
   */
  fail(code: string, blames = true): void {
    this.span.setAttribute('error.type', code)
    if (blames) this.span.setStatus({ code: this.api.SpanStatusCode.ERROR, message: code })
  }

  /** Ends it. Idempotent. */
  end(): void {
    if (this.span.isRecording()) this.span.end()
  }
}
