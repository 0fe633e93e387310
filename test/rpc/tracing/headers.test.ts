/** Trace contexts as texts: what is written can be read, what is malformed or too long is ignored. */
import { strict as assert } from 'node:assert'
import { after, before, it } from 'node:test'
import { createTraceState } from '@opentelemetry/api'
import { limits } from '../../../src/base/limits.ts'
import { type Tracing, tracing } from '../../../src/base/tracing/tracing.ts'
import { readTrace, readTraceHeaders, readTraces, writeTrace } from '../../../src/rpc/tracing/headers.ts'
import { type Recorded, recordSpans } from '../../kit/spans.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const spanId = '00f067aa0ba902b7'
const parent = `00-${traceId}-${spanId}-01`

let recorded: Recorded
let traces: Tracing
before(async () => {
  recorded = await recordSpans()
  traces = tracing!
})
after(() => recorded[Symbol.asyncDispose]())

it('writes what it reads', () => {
  for (const state of ['', 'ot=th:8,vendor=1'])
    for (const flags of ['00', '01']) {
      const texts = { parent: `00-${traceId}-${spanId}-${flags}`, state }
      const context = readTrace(traces, texts)!
      assert.deepEqual([context.traceId, context.spanId, context.isRemote], [traceId, spanId, true])
      assert.deepEqual(writeTrace(context), texts)
    }
})

it('ignores what it cannot read', () => {
  const wrong = [
    ...['', 'no', parent.toUpperCase(), `${parent}-more`, `ff${parent.slice(2)}`, parent.slice(0, -1)],
    ...[`00-${'0'.repeat(32)}-${spanId}-01`, `00-${traceId}-${'0'.repeat(16)}-01`, `${parent}, ${parent}`],
    `01-${traceId}-${spanId}-01more`,
  ]
  for (const each of wrong) assert.equal(readTrace(traces, { parent: each, state: '' }), undefined, each)
})

it('reads later versions, up to a bound', () => {
  const later = `01${parent.slice(2)}-`
  const longest = later + 'x'.repeat(limits.traceParentBytes - later.length)
  assert.equal(readTrace(traces, { parent: longest, state: '' })?.traceId, traceId)
  assert.equal(readTrace(traces, { parent: `${longest}x`, state: '' }), undefined)
})

it('leaves a state out that is too long, or that cannot be read', () => {
  const longest = `a=${'x'.repeat(250)},b=${'y'.repeat(200)},c=${'z'.repeat(limits.traceStateBytes - 458)}`
  assert.equal(longest.length, limits.traceStateBytes)
  const read = readTrace(traces, { parent, state: longest })!
  assert.equal(writeTrace(read).state, longest)
  for (const state of [`${longest}y`, '=', '\u0000']) {
    const context = readTrace(traces, { parent, state })!
    assert.deepEqual(writeTrace(context), { parent, state: '' })
  }
  const many = Array.from({ length: 32 }, (_, n) => `key${n}=${'v'.repeat(30)}`).join(',')
  assert.equal(
    writeTrace({ ...read, traceState: createTraceState(many) }).state.length <= limits.traceStateBytes,
    true,
  )
})

it('reads the headers of a call', () => {
  assert.equal(readTraceHeaders(traces, new Headers()), undefined)
  const header = new Headers({ traceparent: parent, tracestate: 'a=1' })
  assert.equal(readTraceHeaders(traces, header)?.traceState?.get('a'), '1')
  header.append('traceparent', parent)
  assert.equal(readTraceHeaders(traces, header), undefined)
})

it('reads at most so many contexts of an event', () => {
  const texts = Array.from({ length: limits.traceLinks + 1 }, () => ({ parent, state: '' }))
  assert.equal(readTraces(traces, texts).length, limits.traceLinks)
  assert.equal(readTraces(traces, [{ parent: 'no', state: '' }, texts[0]!]).length, 1)
})
