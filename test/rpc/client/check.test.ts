/** A connection that is checked, since the network may have changed, ends as soon as its ping is not answered. */
import assert from 'node:assert/strict'
import { Duplex } from 'node:stream'
import { it } from 'node:test'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { RpcConnection } from '../../../src/rpc/client/connection.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

/** A connection to a remote that takes all bytes and answers none, with a call under way. */
function silent() {
  const clock = new VirtualClock()
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const connection = new RpcConnection(
    { stream, remoteAddress: 'nowhere', protection: { kind: 'local' } },
    { clock },
  )
  const call = connection
    .client(SyncService)
    .handshake({})
    .catch((error) => error)
  return { clock, connection, call }
}

it('is given up after one timeout, and not after the interval of pings too', async () => {
  const { clock, connection, call } = silent()
  await clock.settle()
  connection.check()
  // To check it again changes nothing: a network that comes and goes must not keep it alive.
  await clock.advance(limits.pingTimeoutMs - 1_000)
  connection.check()
  assert.equal(connection.ended, undefined)
  await clock.advance(1_000)
  await call
  assert.equal(connection.ended!.code, 'TIMEOUT')
})

it('is left alone without calls', async () => {
  const { clock, connection, call } = silent()
  connection.close()
  await call
  connection.check()
  assert.equal(clock.pendingTimers, 0)
})
