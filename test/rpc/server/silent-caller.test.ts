/**
 * A caller on the control socket may be silent for as long as it likes: its terminal may not take its output. The same
 * silence of any other caller ends its connection. And a caller that was busy itself reads what has arrived before it
 * calls its node silent.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { callerKey } from '../../../src/rpc/caller.ts'
import { RpcConnection } from '../../../src/rpc/client/connection.ts'
import { RpcServer } from '../../../src/rpc/server/server.ts'
import { HastyClock } from '../../kit/hasty-clock.ts'

/** A server for which connections on one port come from operators, and on another from anybody. */
async function serverWithBoth() {
  /** Whether each watch that has ended was an operator's. */
  const ended: boolean[] = []
  const rpc = new RpcServer({
    clock: new HastyClock(100),
    idleTimeoutMs: 100,
    routes: (router) =>
      router.service(TreeService, {
        async *watchTree(_, { values }) {
          const entry = { signature: new Uint8Array(10_000) }
          try {
            for (;;) yield { entries: [{ signed: entry }] }
          } finally {
            ended.push(values.get(callerKey)!.operator)
          }
        },
      }),
  })
  const listen = async (operator: boolean) => {
    const accept = (stream: Socket) =>
      rpc.accept({ stream, remoteAddress: 'test' }, operator ? 'local' : 'http', operator)
    const server = createServer({ allowHalfOpen: true }, accept).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  const [operators, others] = await Promise.all([listen(true), listen(false)])
  return {
    ended,
    operators: { host: '127.0.0.1', port: (operators.address() as AddressInfo).port },
    others: { host: '127.0.0.1', port: (others.address() as AddressInfo).port },
    callers: () => rpc.connections().map(({ caller }) => caller.operator),
    async [Symbol.asyncDispose]() {
      operators.close()
      others.close()
      await rpc.drain(0)
    },
  }
}

describe('A silent caller', () => {
  it('on the control socket stays, where another is cut before its first byte', async () => {
    await using server = await serverWithBoth()
    const sockets = [connect(server.operators), connect(server.others)]
    for (const socket of sockets) socket.on('error', () => {})
    while (server.callers().length < 2) await nextTurn()
    while (server.callers().length > 1) await nextTurn()
    assert.deepEqual(server.callers(), [true])
    sockets[0]!.destroy()
  })

  it('on the control socket keeps its watch, where another loses it', async () => {
    await using server = await serverWithBoth()
    const connections = [server.operators, server.others].map((target) => {
      const stream = connect(target)
      return new RpcConnection({ stream, remoteAddress: 'test' }, { clock: systemClock })
    })
    const watches = connections.map((connection) =>
      connection.client(TreeService).watchTree({})[Symbol.asyncIterator](),
    )
    await Promise.all(watches.map((watch) => watch.next()))
    // From now on nobody reads.
    while (server.ended.length === 0) await nextTurn()
    assert.deepEqual(server.ended, [false])
    for (const connection of connections) connection.close()
  })
})

describe('A caller that was busy', () => {
  it('reads what has arrived before it calls its node silent', async () => {
    // Slots: the port, and how many pings have come.
    const shared = new Int32Array(new SharedArrayBuffer(8))
    const source = `
      const { workerData: shared } = require('node:worker_threads')
      const server = require('node:http2').createServer().listen(0, '127.0.0.1', () => {
        Atomics.store(shared, 0, server.address().port)
        Atomics.notify(shared, 0)
      })
      server.on('session', (session) => session.on('ping', () => {
        // In the next turn the answer has been written.
        setImmediate(() => { Atomics.add(shared, 1, 1); Atomics.notify(shared, 1) })
      }))
      server.on('stream', () => {})`
    const worker = new Worker(source, { eval: true, workerData: shared, execArgv: [] })
    Atomics.wait(shared, 0, 0)
    const timers: { delayMs: number; run: () => void }[] = []
    const clock = {
      ...systemClock,
      monotonic: () => 1e9,
      setTimer: (delayMs: number, run: () => void) => {
        const timer = { delayMs, run }
        timers.push(timer)
        return () => {
          timer.run = () => {}
        }
      },
    }
    const stream = connect(shared[0]!, '127.0.0.1')
    const connection = new RpcConnection(
      { stream, remoteAddress: 'test' },
      { clock, pingIntervalMs: 1, pingTimeoutMs: 2 },
    )
    const call = connection.client(NodeService).getNode({})
    call.catch(() => {})
    const timer = async (delayMs: number) => {
      for (;;) {
        const at = timers.findIndex((each) => each.delayMs === delayMs)
        if (at >= 0) return timers.splice(at, 1)[0]!
        await nextTurn()
      }
    }
    const interval = await timer(1)
    // The first pings measure the path.
    while (Atomics.load(shared, 1) === 0) await nextTurn()
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    const before = Atomics.load(shared, 1)
    Object.assign(clock, { monotonic: () => 2e9 })
    interval.run()
    const timeout = await timer(2)
    // The ping is written at the end of this turn.
    await nextTurn()
    // As busy as it gets: nothing is read until the answer has been there for a while.
    while (Atomics.load(shared, 1) === before) Atomics.wait(shared, 1, before)
    timeout.run()
    await timer(1)
    assert.equal(connection.open, true)
    connection.close()
    await worker.terminate()
  })
})
