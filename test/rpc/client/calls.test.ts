/** Calls on a connection of any kind: each ends in time, by its signal, or with the connection, whatever the library does. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { type CallConnection, Calls } from '../../../src/rpc/client/calls.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const never = new Promise<never>(() => {})

/** Calls on a connection that can be ended, by clients that do nothing of themselves. */
function callsOn(ended?: CausewayError) {
  const clock = new VirtualClock()
  const connection = { client: () => ({}), ended } as unknown as CallConnection
  return { clock, calls: new Calls({ connection: async () => connection, clock }) }
}

async function* forever(signals: AbortSignal[], signal: AbortSignal): AsyncGenerator<number> {
  signals.push(signal)
  yield 1
  await never
}

describe('A unary call', () => {
  it('is told to end when its time is over: longer the more it sends, and the longer the remote may wait', async () => {
    const { clock, calls } = callsOn()
    const task = (_: unknown, signal: AbortSignal) =>
      new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    for (const [time, mostMs] of [
      [{}, limits.unaryTimeoutMs],
      [{ sentBytes: limits.slowestBytesPerSecond, patienceMs: 500 }, limits.unaryTimeoutMs + 1_500],
    ] as const) {
      const startedMs = clock.now()
      const call = calls.unary('It', TreeService, task, time)
      call.catch(() => {})
      await clock.runUntil(call.catch(() => {}))
      await assert.rejects(call, { code: 'TIMEOUT' })
      assert.equal(clock.now() - startedMs, mostMs)
    }
  })

  it('fails for the reason for which the connection ended, if it did', async () => {
    const fail = async () => {
      throw new Error('the stream is gone')
    }
    const reason = new CausewayError('DISCONNECTED', 'The remote has left.')
    await assert.rejects(callsOn(reason).calls.unary('It', TreeService, fail), reason)
    await assert.rejects(callsOn().calls.unary('It', TreeService, fail), { code: 'INTERNAL' })
  })
})

describe('A stream', () => {
  it('ends with TIMEOUT when nothing comes, and tells the library', async () => {
    const { clock, calls } = callsOn()
    const signals: AbortSignal[] = []
    const stream = calls.stream(TreeService, (_, signal) => forever(signals, signal), { silenceMs: 1_000 })
    assert.equal((await stream.next()).value, 1)
    // The time that its reader takes does not count.
    await clock.advance(5_000)
    const next = stream.next()
    next.catch(() => {})
    await clock.advance(1_000)
    await assert.rejects(next, { code: 'TIMEOUT' })
    assert.ok(signals[0]!.aborted)
  })

  it('ends by its signal, also if the library does not', async () => {
    const { calls } = callsOn()
    const over = new AbortController()
    const options = { silenceMs: 1_000, signal: over.signal }
    const stream = calls.stream(TreeService, (_, signal) => forever([], signal), options)
    await stream.next()
    const next = stream.next()
    over.abort()
    await assert.rejects(next, { code: 'CANCELLED' })
  })

  it('ends the call when its reader leaves', async () => {
    const signals: AbortSignal[] = []
    const { calls } = callsOn()
    for await (const _ of calls.stream(TreeService, (_, signal) => forever(signals, signal), {
      silenceMs: 1,
    }))
      break
    assert.ok(signals[0]!.aborted)
  })
})
