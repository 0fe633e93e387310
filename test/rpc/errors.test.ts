/**
 * Errors across the wire: every code and its data arrive unchanged, over both protocols; the text of an unexpected
 * error is not sent; and the Connect code shows clients in other languages the kind of failure.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { Code, ConnectError } from '@connectrpc/connect'
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { CausewayError, errorCodes } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import { fromConnectError, toConnectError } from '../../src/rpc/errors.ts'
import { createHttpTransport } from '../../src/transport/http.ts'
import { FakePeer } from '../kit/fake-peer.ts'
import { protocols } from '../kit/serving-node.ts'

for (const protocol of protocols)
  describe(`Errors with ${protocol}`, () => {
    it('keep code, data and message, of unary calls and of streams', async () => {
      let error = new CausewayError('INTERNAL', '')
      const fail = (): never => {
        throw error
      }
      await using fake = await FakePeer.start({
        sendEntries: async () => fail(),
        // biome-ignore lint/correctness/useYield: it fails before it has anything to say.
        syncTree: async function* () {
          fail()
        },
      })
      const dialer = createHttpTransport()
      const channel = await dialer.dial(fake.address)
      await using connection = new RpcConnection(channel, { clock: systemClock, protocol })
      const client = connection.client(SyncService)
      for (const code of errorCodes) {
        error = new CausewayError(code, `The ${code} – “quoted”.`, {
          data: { field: 'ä', retryAfterMs: 250 },
        })
        const calls = [
          () => client.sendEntries({}),
          async () => {
            for await (const _ of client.syncTree({}));
          },
        ]
        for (const call of calls) {
          const failure = await call().then(
            () => assert.fail('It succeeded.'),
            (thrown) => fromConnectError(thrown),
          )
          assert.equal(failure.code, code)
          if (code === 'INTERNAL') assert.doesNotMatch(failure.message, /quoted/)
          else assert.equal(failure.message, error.message)
          assert.equal(failure.data.field, 'ä')
          assert.equal(failure.data.retryAfterMs, 250)
        }
      }
      // However long what they say is, and in whatever letters.
      const long = '€'.repeat(20_000)
      const data = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`fact${index}`, long]))
      error = new CausewayError('BAD_ADDRESS', long, { data })
      const failure = await client.sendEntries({}).then(
        () => assert.fail('It succeeded.'),
        (thrown) => fromConnectError(thrown),
      )
      assert.equal(failure.code, 'BAD_ADDRESS')
      assert.match(failure.message, /^€{300,} …$/)
      assert.match(String(failure.data.fact0), /^€{30,} …$/)
      await dialer.close()
    })
  })

describe('Errors', () => {
  it('of no known kind are INTERNAL, and their text is not sent', () => {
    const failure = toConnectError(new TypeError('a secret'))
    assert.equal(failure.code, Code.Internal)
    assert.doesNotMatch(failure.rawMessage, /secret/)
    assert.equal(fromConnectError(failure).code, 'INTERNAL')
  })

  it('of Connect itself get the nearest code', () => {
    const cases: [Code, string][] = [
      [Code.DeadlineExceeded, 'TIMEOUT'],
      [Code.Canceled, 'CANCELLED'],
      [Code.ResourceExhausted, 'LIMIT_EXCEEDED'],
      [Code.Unavailable, 'DISCONNECTED'],
      [Code.Unimplemented, 'UNIMPLEMENTED'],
      [Code.Internal, 'PROTOCOL'],
      [Code.Unknown, 'PROTOCOL'],
    ]
    for (const [code, expected] of cases)
      assert.equal(fromConnectError(new ConnectError('x', code)).code, expected)
  })

  it('never make a caller wait longer than the bound', () => {
    const forEver = new CausewayError('RESOURCE_EXHAUSTED', 'Later.', { data: { retryAfterMs: 2 ** 31 } })
    assert.equal(fromConnectError(toConnectError(forEver)).data.retryAfterMs, limits.retryAfterMaxMs)
  })

  it('give the reason of an aborted signal', () => {
    const reason = new CausewayError('TIMEOUT', 'It took too long.')
    const aborted = AbortSignal.abort(reason)
    assert.equal(fromConnectError(new ConnectError('x', Code.Canceled), aborted), reason)
    const plain = fromConnectError(new ConnectError('x', Code.Canceled), AbortSignal.abort())
    assert.equal(plain.code, 'CANCELLED')
  })

  it('ignore details that no node would send', () => {
    const forged = new ConnectError('x', Code.Internal)
    forged.details.push({ type: 'causeway.v1.ErrorDetail', value: new Uint8Array([255, 255]) })
    assert.equal(fromConnectError(forged).code, 'PROTOCOL')
  })
})
