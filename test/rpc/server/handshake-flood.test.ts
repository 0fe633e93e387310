/**
 * Handshakes that are begun and not finished: they are bounded in all, and whoever has most of them makes room, so that
 * others can still shake hands.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import { connect } from 'node:net'
import { it } from 'node:test'
import { limited } from '../../kit/limited.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { until } from '../../kit/until.ts'

const path = '/causeway.v1.SyncService/Handshake'

/** Begins handshakes from an address, and never ends one. */
class Flood implements Disposable {
  readonly statuses: (number | undefined)[] = []
  private readonly session: http2.ClientHttp2Session

  private constructor(session: http2.ClientHttp2Session) {
    this.session = session
  }

  static async start({ address, hostPort }: ServingNode, localAddress: string): Promise<Flood> {
    const createConnection = () => connect({ ...hostPort, localAddress })
    const session = http2.connect(address, { createConnection })
    session.on('error', () => {})
    await once(session, 'connect')
    return new Flood(session)
  }

  /** Begins a handshake, and waits until the node has read what comes after it. */
  async begin(): Promise<void> {
    const index = this.statuses.push(undefined) - 1
    const stream = this.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/proto',
    })
    stream.on('error', () => {})
    stream.on('response', (headers) => (this.statuses[index] = headers[':status']))
    stream.write(Buffer.alloc(100))
    await new Promise((resolve, reject) =>
      this.session.ping((error) => (error ? reject(error) : resolve(undefined))),
    )
  }

  get open(): number {
    return this.statuses.filter((status) => status === undefined).length
  }

  [Symbol.dispose](): void {
    this.session.destroy()
  }
}

it('handshakes that are never finished make room for others, where most of them come from', async () => {
  using _ = limited({ briefCalls: 12 })
  await using serving = await ServingNode.start()
  using large = await Flood.start(serving, '127.0.0.2')
  using small = await Flood.start(serving, '127.0.0.3')
  for (let count = 0; count < 2; count++) await small.begin()
  for (let count = 0; count < 40; count++) await large.begin()
  await until('all but the latest have ended', () => large.open === 10)
  assert.deepEqual(large.statuses, [...Array(30).fill(429), ...Array(10).fill(undefined)])
  assert.equal(small.open, 2)
  // Somebody else who shakes hands takes the place of one of them.
  const { sync } = await serving.dialAs(undefined)
  await sync.handshake({ version: 2, nonce: new Uint8Array(32), binding: '' })
  await until('one more has made room', () => large.open === 9)
  assert.equal(small.open, 2)
  assert.deepEqual(serving.problems, [])
})
