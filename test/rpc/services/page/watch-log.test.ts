/** WatchLog streams the latest lines of the log and new ones, by level, and says what a slow caller missed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { LogLevel, NodeService, type WatchLogResponse } from '../../../../gen/causeway/v1/node_pb.ts'
import { limits } from '../../../../src/base/limits.ts'
import { LogRing } from '../../../../src/node/log/log-ring.ts'
import { createNode } from '../../../../src/node/node.ts'
import { limited } from '../../../kit/limited.ts'
import { fails } from '../../../kit/rpc-errors.ts'
import { VirtualClock } from '../../../kit/virtual-clock.ts'

const line = (msg: string, more: object = {}) => `${JSON.stringify({ level: 'info', ...more, msg })}\n`

async function setUp() {
  const clock = new VirtualClock()
  const log = new LogRing(clock)
  const node = await createNode({ background: false, clock, log })
  const calls = createClient(NodeService, node.rpc())
  const read = async (level?: LogLevel) => {
    const messages: string[] = []
    for await (const { lines } of calls.watchLog(level === undefined ? {} : { level }))
      messages.push(...lines.map(({ message }) => message))
    return messages
  }
  return { clock, log, node, calls, read }
}

describe('WatchLog', () => {
  it('tells the latest lines, from a level on', async () => {
    const { log, node, calls, read, clock } = await setUp()
    await using _ = node
    for (const [index, level] of [10, 20, 30, 40, 50, 60].entries()) log.add(level, line(`line ${index}`))
    assert.deepEqual(await read(), ['line 2', 'line 3', 'line 4', 'line 5'])
    assert.deepEqual(
      await read(LogLevel.TRACE),
      [0, 1, 2, 3, 4, 5].map((index) => `line ${index}`),
    )
    assert.deepEqual(await read(LogLevel.ERROR), ['line 4', 'line 5'])
    log.add(40, line('all', { event: 'refused', code: 'FORBIDDEN', unlogged: 3, time: 'now' }))
    let last: WatchLogResponse | undefined
    for await (const message of calls.watchLog({})) last = message
    const { atMs, level, message, fields } = last!.lines.at(-1)!
    assert.deepEqual([Number(atMs), level, message], [clock.now(), LogLevel.WARN, 'all'])
    assert.deepEqual(fields, { event: 'refused', code: 'FORBIDDEN', unlogged: '3' })
    const wrong = calls.watchLog({ level: 9 as LogLevel })[Symbol.asyncIterator]()
    await fails(wrong.next(), 'INVALID_ARGUMENT', 'InvalidArgument')
  })

  it('tells new lines as they come, a sign of life, and how many were missed', async () => {
    const { log, node, calls, clock } = await setUp()
    await using _ = node
    using __ = limited({ logLines: 3 })
    const over = new AbortController()
    log.add(30, line('first'))
    const watch = calls.watchLog({ follow: true }, { signal: over.signal })[Symbol.asyncIterator]()
    const next = async () => (await watch.next()).value as WatchLogResponse
    const told = ({ lines, missed }: WatchLogResponse) => [lines.map(({ message }) => message), missed]
    assert.deepEqual(told(await next()), [['first'], 0n])
    const coming = next()
    log.add(30, line('second'))
    assert.deepEqual(told(await coming), [['second'], 0n])
    const alive = next()
    await clock.advance(limits.signOfLifeMs)
    assert.deepEqual(told(await alive), [[], 0n])
    for (let index = 0; index < 5; index++) log.add(30, line(`many ${index}`))
    assert.deepEqual(told(await next()), [['many 2', 'many 3', 'many 4'], 2n])
    over.abort()
    await assert.rejects(watch.next())
  })

  it('tells lines in messages of bounded size, and cuts what is too long', async () => {
    const { log, node, calls } = await setUp()
    await using _ = node
    for (let index = 0; index <= limits.logPage; index++) log.add(30, line(`${index}`))
    const sizes: number[] = []
    for await (const { lines } of calls.watchLog({})) sizes.push(lines.length)
    assert.deepEqual(sizes, [limits.logPage, 1])
    log.add(30, line('m'.repeat(3_000), { a: 'x'.repeat(2_500), b: 'y'.repeat(2_500), c: 'z' }))
    log.add(30, line('n'.repeat(20_000)))
    let lines: WatchLogResponse['lines'] = []
    for await (const message of calls.watchLog({})) lines = message.lines
    const [long, cut] = lines.slice(-2)
    assert.equal(long!.message.length, limits.logMessageCharacters)
    const { a, b, c } = long!.fields
    assert.deepEqual(
      [a!.length, b!.length + a!.length <= limits.logFieldCharacters, c],
      [2_500, true, undefined],
    )
    assert.equal(cut!.message.length, limits.logMessageCharacters)
  })

  it('tells nothing of a program that keeps no log, and ends with the node', async () => {
    const node = await createNode({ background: false })
    const calls = createClient(NodeService, node.rpc())
    for await (const _ of calls.watchLog({})) assert.fail()
    const watch = calls.watchLog({ follow: true })[Symbol.asyncIterator]()
    assert.deepEqual((await watch.next()).value.lines, [])
    await node.close()
  })
})

describe('The ring of lines', () => {
  it('keeps the latest lines within its bounds', () => {
    using _ = limited({ logLines: 4, logCharacters: 100, logLineCharacters: 60 })
    const ring = new LogRing(new VirtualClock())
    for (let index = 1; index <= 6; index++) ring.add(30, `${index}`)
    assert.deepEqual(
      ring.after(0).map(({ number, json }) => [number, json]),
      [3, 4, 5, 6].map((index) => [index, `${index}`]),
    )
    assert.deepEqual(
      ring.after(5).map(({ number }) => number),
      [6],
    )
    assert.deepEqual(ring.after(6), [])
    ring.add(30, 'x'.repeat(1_000))
    assert.deepEqual([ring.after(0).length, ring.after(6)[0]!.json.length], [4, 60])
    ring.add(30, 'y'.repeat(1_000))
    assert.deepEqual(
      ring.after(0).map(({ number }) => number),
      [8],
    )
  })
})
