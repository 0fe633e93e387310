/**
 * A trace context as W3C writes it: the headers `traceparent` and `tracestate` of a call, and the same two texts in an
 * event of a watch. What cannot be read is ignored, as the standard wants: a call never fails for it.
 */
import { limits } from '../../base/limits.ts'
import type { TraceContext, Tracing } from '../../base/tracing/tracing.ts'

/** A context as texts. */
export interface TraceTexts {
  readonly parent: string
  /** '' if there is none. */
  readonly state: string
}

/** Version, trace, span and flags. Later versions may append more. */
const format = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

export function writeTrace({ traceId, spanId, traceFlags, traceState }: TraceContext): TraceTexts {
  const flags = (traceFlags & 0xff).toString(16).padStart(2, '0')
  const state = traceState?.serialize() ?? ''
  return {
    parent: `00-${traceId}-${spanId}-${flags}`,
    // As the standard wants, what is too long is left out and not cut.
    state: state.length > limits.traceStateBytes ? '' : state,
  }
}

/** Returns a context that came from elsewhere, or undefined if it cannot be read. */
export function readTrace({ api }: Tracing, { parent, state }: TraceTexts): TraceContext | undefined {
  if (parent.length > limits.traceParentBytes) return undefined
  const [, version, traceId = '', spanId = '', flags = '', more] = format.exec(parent) ?? []
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) return undefined
  const context = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
  if (!api.isSpanContextValid(context)) return undefined
  if (state === '' || state.length > limits.traceStateBytes) return context
  return { ...context, traceState: api.createTraceState(state) }
}

export function writeTraceHeaders(header: Headers, context: TraceContext): void {
  const { parent, state } = writeTrace(context)
  header.set('traceparent', parent)
  if (state !== '') header.set('tracestate', state)
}

export function readTraceHeaders(tracing: Tracing, header: Headers): TraceContext | undefined {
  const parent = header.get('traceparent')
  return parent === null ? undefined : readTrace(tracing, { parent, state: header.get('tracestate') ?? '' })
}

/** Returns those of the contexts that can be read, of the first `limits.traceLinks`. */
export function readTraces(tracing: Tracing, texts: readonly TraceTexts[]): TraceContext[] {
  return texts.slice(0, limits.traceLinks).flatMap((each) => readTrace(tracing, each) ?? [])
}
