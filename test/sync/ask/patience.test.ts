/** A call that a remote refuses with a wait is repeated after that wait, if it is short. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { withPatience } from '../../../src/sync/ask/patience.ts'
import type { Remote, SendOutcome } from '../../../src/sync/remote.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const outcome: SendOutcome = { added: 1, known: 0, refused: [], tipsDigest: '', count: 1 }

/** Refuses so often, with so many milliseconds; undefined: with no word of when. */
function refusing(times: number, retryAfterMs: number | undefined) {
  let calls = 0
  const clock = new VirtualClock()
  const call = async () => {
    if (calls++ < times)
      throw new CausewayError('RESOURCE_EXHAUSTED', 'Later.', {
        ...(retryAfterMs !== undefined && { data: { retryAfterMs } }),
      })
    return outcome
  }
  const remote = withPatience({ syncTree: call, sendEntries: call } as unknown as Remote, clock)
  return {
    clock,
    calls: () => calls,
    send: (signal?: AbortSignal) => remote.sendEntries('' as TreeId, [], { signal }),
  }
}

it('repeats a call after the wait that the remote named, and not before', async () => {
  const { clock, calls, send } = refusing(2, 700)
  const sent = send()
  await clock.advance(699)
  assert.equal(calls(), 1)
  await clock.advance(1)
  assert.equal(calls(), 2)
  assert.equal(await clock.runUntil(sent), outcome)
  assert.equal(calls(), 3)
  assert.equal(clock.monotonic(), 1400)
})

it('gives up if a wait or all waits together are long, or if the remote names none', async () => {
  for (const [retryAfterMs, expected] of [
    [limits.patienceMs + 1, 1],
    [limits.patienceMs / 2, 3],
    [undefined, 1],
  ] as const) {
    const { clock, calls, send } = refusing(1000, retryAfterMs)
    await assert.rejects(clock.runUntil(send()), { code: 'RESOURCE_EXHAUSTED' })
    assert.equal(calls(), expected)
  }
})

it('does not repeat without end if the remote says "now"', async () => {
  const { clock, calls, send } = refusing(1e9, 0)
  await assert.rejects(clock.runUntil(send()), { code: 'RESOURCE_EXHAUSTED' })
  assert.equal(calls(), 1 + limits.patienceMs / limits.patienceLeastMs)
})

it('stops waiting when the signal fires', async () => {
  const { clock, calls, send } = refusing(9, 500)
  const call = new AbortController()
  const sent = send(call.signal)
  sent.catch(() => {})
  await clock.settle()
  call.abort(new CausewayError('CANCELLED', 'Enough.'))
  await assert.rejects(sent, { code: 'CANCELLED' })
  assert.equal(calls(), 1)
})
