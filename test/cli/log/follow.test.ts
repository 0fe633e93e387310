/** The log of a node: what happens again and again is logged once, and a link's failure and recovery once each. */
import { strict as assert } from 'node:assert'
import { EventEmitter } from 'node:events'
import { it } from 'node:test'
import { pino } from 'pino'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { followNode } from '../../../src/cli/log/follow.ts'
import type { Node } from '../../../src/node/node.ts'
import type { NodeEvents } from '../../../src/node/options.ts'
import { TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const { root } = new TreeBuilder()
const peer = testIdentity(1).peer

type Line = Record<string, unknown>

async function logged(
  level: string,
  act: (node: EventEmitter<NodeEvents>, clock: VirtualClock) => unknown,
): Promise<Line[]> {
  const lines: Line[] = []
  const log = pino({ level, base: null }, { write: (line: string) => void lines.push(JSON.parse(line)) })
  const node = new EventEmitter<NodeEvents>()
  const clock = new VirtualClock()
  followNode(node as unknown as Node, log, clock)
  await act(node, clock)
  return lines
}

const call = { method: 'TreeService/Commit', remoteAddress: '192.0.2.1:9', ms: 1.25, peer, tree: root.tree }
const status = (change: object) =>
  ({
    tree: root.tree,
    peer,
    parked: '',
    lastError: undefined,
    inSync: false,
    ...change,
  }) as NodeEvents['status'][0]

it('has each call at debug, with who, what, how long and why', async () => {
  const act = (node: EventEmitter<NodeEvents>) => {
    node.emit('call', call)
    node.emit('call', { ...call, code: 'UNKNOWN_TREE' })
  }
  const lines = await logged('debug', act)
  assert.deepEqual(
    lines.map(({ event, method, code, ms }) => [event, method, code, ms]),
    [
      ['call', 'TreeService/Commit', undefined, 1.3],
      ['call', 'TreeService/Commit', 'UNKNOWN_TREE', 1.3],
    ],
  )
  assert.equal(lines[0]!.peer, peer)
  assert.match(String(lines[0]!.tree), /^bafkrei/)
  assert.deepEqual(await logged('info', act), [])
})

it('has refusals of one kind once a minute, with how many there were', async () => {
  const lines = await logged('info', async (node, clock) => {
    for (let count = 0; count < 1_000; count++) node.emit('call', { ...call, code: 'RESOURCE_EXHAUSTED' })
    node.emit('call', { ...call, code: 'FORBIDDEN' })
    await clock.advance(limits.refusalLogMs)
    node.emit('call', { ...call, code: 'RESOURCE_EXHAUSTED' })
  })
  assert.deepEqual(
    lines.map(({ event, code, unlogged }) => [event, code, unlogged]),
    [
      ['refused', 'RESOURCE_EXHAUSTED', 0],
      ['refused', 'FORBIDDEN', 0],
      ['refused', 'RESOURCE_EXHAUSTED', 999],
    ],
  )
})

it('has the failure of a link once, and its recovery once', async () => {
  const lastError = { code: 'UNREACHABLE' as const, message: 'Nobody answers.' }
  const lines = await logged('info', (node) => {
    node.emit('status', status({ inSync: true }))
    for (let count = 0; count < 10; count++) node.emit('status', status({ lastError }))
    node.emit('status', status({}))
    node.emit('status', status({ inSync: true }))
    node.emit('status', status({ inSync: true }))
    node.emit('status', status({ lastError, parked: 'access was refused' }))
  })
  assert.deepEqual(
    lines.map(({ event }) => event),
    ['link-failing', 'link-recovered', 'link-parked'],
  )
  assert.equal(lines[0]!.code, 'UNREACHABLE')
})

it('warns of a link that fails, and not of one that only waits', async () => {
  const levels = async (change: object) =>
    (await logged('info', (node) => node.emit('status', status(change)))).map(({ level }) => level)
  const error = (code: string) => ({ code, message: 'Why.' })
  const { info, warn } = pino.levels.values
  assert.deepEqual(await levels({ parked: 'The link waits for the peer to contact us.' }), [info])
  assert.deepEqual(await levels({ parked: 'Why.', lastError: error('ACCESS_PENDING') }), [info])
  assert.deepEqual(await levels({ parked: 'Why.', lastError: error('ACCESS_REJECTED') }), [warn])
  assert.deepEqual(await levels({ lastError: error('UNREACHABLE') }), [warn])
})

it('has the stack of what nobody expected, and no other', async () => {
  const lines = await logged('info', (node) => {
    node.emit('problem', new TypeError('x is no function'), 'TreeService/Commit')
    node.emit('problem', new CausewayError('STORE_FULL', 'The disk is full.'), 'the store')
  })
  assert.deepEqual(
    lines.map(({ event, code, where }) => [event, code, where]),
    [
      ['problem', 'INTERNAL', 'TreeService/Commit'],
      ['problem', 'STORE_FULL', 'the store'],
    ],
  )
  assert.match(String(lines[0]!.stack), /follow\.test/)
  assert.equal(lines[1]!.stack, undefined)
})
