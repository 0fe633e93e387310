/**
 * A remote may end its half of a byte stream at any time, also while this side has frames to write. HTTP/2 ends then,
 * and with it the connection, but not the process.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import { Duplex } from 'node:stream'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import { fromConnectError } from '../../src/rpc/errors.ts'
import { RpcServer } from '../../src/rpc/server/server.ts'
import { ServingNode, transports } from '../kit/serving-node.ts'
import { until } from '../kit/until.ts'

const callHeaders = {
  ':method': 'POST',
  ':path': '/causeway.v1.NodeService/GetNode',
  'content-type': 'application/json',
}

/** One end of a stream in memory. Its own end takes until `finish`, as over QUIC, where another thread sends it. */
class End extends Duplex {
  remote: End | undefined
  finish: (() => void) | undefined

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.remote?.push(chunk)
    done()
  }

  override _final(done: () => void): void {
    this.finish = done
  }

  /** Ends this half. What its own HTTP/2 session still writes goes nowhere. */
  endHalf(): void {
    this.remote?.push(null)
    this.remote = undefined
  }
}

function pair(): [near: End, far: End] {
  const [near, far] = [new End(), new End()]
  near.remote = far
  far.remote = near
  return [near, far]
}

describe('A remote that ends its half', () => {
  it('before it is answered costs the server that connection', async () => {
    let answer: (() => void) | undefined
    const server = new RpcServer({
      clock: systemClock,
      routes: (router) =>
        router.service(NodeService, {
          getNode: () =>
            new Promise((resolve) => {
              answer = () => resolve({})
            }),
        }),
    })
    const [near, far] = pair()
    server.accept({ stream: far, remoteAddress: 'test' }, 'test')
    const session = http2.connect('http://test', { createConnection: () => near })
    session.on('error', () => {})
    const call = session.request(callHeaders)
    call.on('error', () => {})
    call.end('{}')
    await until('the call has arrived', () => answer !== undefined)
    near.endHalf()
    await until('the server ends its half too', () => far.finish !== undefined)
    answer?.()
    await until('the stream has closed', () => far.closed)
    assert.equal(server.connections().length, 0)
    session.destroy()
    near.destroy()
    await server.drain(0)
  })

  it('before it has answered costs the client its calls', async () => {
    const [near, far] = pair()
    const server = http2.createServer()
    let calls = 0
    server.on('stream', (stream) => {
      calls++
      stream.on('error', () => {})
    })
    server.emit('connection', far)
    const connection = new RpcConnection({ stream: near, remoteAddress: 'test' }, { clock: systemClock })
    const call = connection.client(NodeService).getNode({})
    call.catch(() => {})
    await until('the call has arrived', () => calls > 0)
    far.endHalf()
    await assert.rejects(call, (error) => fromConnectError(error).code === 'DISCONNECTED')
    await until('the stream has closed', () => near.closed)
    far.destroy()
  })

  it('while it is answered over QUIC leaves the node serving', async () => {
    await using serving = await ServingNode.start(transports.find(({ name }) => name === 'QUIC'))
    const bytes = await bytesOfCall()
    const calls = Array.from({ length: 96 }, async (_, turns) => {
      const { stream } = await serving.dialStream()
      const closed = once(stream, 'close')
      stream.on('error', () => {}).resume()
      stream.write(bytes)
      // Each in another state of the call.
      for (let turn = 0; turn < turns; turn++) await nextTurn()
      stream.end()
      await closed
    })
    await Promise.all(calls)
    await serving.assertServing()
    assert.deepEqual(serving.problems, [])
  })
})

/** Returns what an HTTP/2 client sends for one call. */
async function bytesOfCall(): Promise<Buffer> {
  const sent: Buffer[] = []
  const stream = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      sent.push(chunk)
      done()
    },
  })
  const session = http2.connect('http://test', { createConnection: () => stream })
  session.on('error', () => {})
  const call = session.request(callHeaders)
  call.on('error', () => {})
  call.end('{}')
  await until('the call is sent', () => call.writableFinished)
  const bytes = Buffer.concat(sent)
  session.destroy()
  return bytes
}
