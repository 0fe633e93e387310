/**
 * A claim is worth nothing until it is proven: strangers who say in an unsigned or badly signed token that they are the
 * node, its operator or a peer that it knows have the bounds of strangers, and the real peer is served beside them.
 */
import { strict as assert } from 'node:assert'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { limits } from '../../../src/base/limits.ts'
import { makeToken } from '../../../src/rpc/auth/token.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { memoryHeld } from '../../kit/memory.ts'
import { fails, failureOf } from '../../kit/rpc-errors.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { until } from '../../kit/until.ts'

const friend = testIdentity(1)
const origins = Array.from({ length: 20 }, (_, index) => `127.0.0.${index + 2}`)
const megabyte = 1_048_576
/** What strangers may hold, and what is read from each socket of the test at once. */
const promised = limits.strangerRequestBytesInAll + 12 * origins.length * 65_536

/** Returns a token that is well formed and claims to be of this peer, but is signed by nobody, or by somebody else. */
async function forge(serving: ServingNode, claimed: string, signed: boolean): Promise<string> {
  const good = await makeToken(testIdentity(9), serving.node.peer, systemClock, { binding: '' })
  const [header, claims, signature] = good.split('.') as [string, string, string]
  const { iss: _, ...others } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss: string }
  const forged = Buffer.from(JSON.stringify({ ...others, iss: claimed })).toString('base64url')
  return [header, forged, signed ? signature : 'AA'].join('.')
}

/** A call that is begun and never ended: its headers, and a part of its body. */
class HeldCall {
  readonly socket: Socket
  answer = ''

  constructor(serving: ServingNode, localAddress: string, authorization: string | undefined, body: Buffer) {
    this.socket = connect({ ...serving.hostPort, localAddress })
    this.socket.on('error', () => {})
    this.socket.on('data', (chunk) => (this.answer += chunk.toString('latin1')))
    this.socket.write(
      [
        'POST /causeway.v1.SyncService/SendEntries HTTP/1.1',
        'Host: 127.0.0.1',
        'Content-Type: application/proto',
        'Connect-Protocol-Version: 1',
        `Content-Length: ${body.length + 1}`,
        ...(authorization === undefined ? [] : [`Authorization: Bearer ${authorization}`]),
        '\r\n',
      ].join('\r\n'),
    )
    this.socket.write(body)
  }

  get status(): string | undefined {
    return /^HTTP\/1\.1 (\d+)/.exec(this.answer)?.[1]
  }
}

class HeldCalls extends Array<HeldCall> implements Disposable {
  [Symbol.dispose](): void {
    for (const { socket } of this) socket.destroy()
  }
}

describe('Twenty origins that claim to be a peer that the node knows', () => {
  for (const [name, claimed] of [
    ['the node itself', ({ node }: ServingNode) => node.peer],
    ['its operator', ({ operator }: ServingNode) => operator.peer],
    ['a peer that it knows', () => friend.peer],
  ] as const)
    it(`hold no more of their bodies than strangers may, as ${name}`, async () => {
      await using serving = await ServingNode.start()
      await serving.node.addPeer(friend.peer, {})
      const tree = Buffer.from(await serving.node.createTree('open', PublicAccess.READ), 'hex')
      const body = Buffer.alloc(megabyte)
      const before = memoryHeld().buffers
      using claiming = new HeldCalls()
      using nameless = new HeldCalls()
      for (const [index, origin] of origins.entries()) {
        for (let count = 0; count < 8; count++) {
          const token = await forge(serving, claimed(serving), (index + count) % 2 === 0)
          claiming.push(new HeldCall(serving, origin, token, body))
        }
        for (let count = 0; count < 4; count++) nameless.push(new HeldCall(serving, origin, undefined, body))
      }
      // Not proven, so not one waits for the rest of its body.
      await until('each that claims is answered', () => claiming.every(({ status }) => status !== undefined))
      assert.ok(claiming.every(({ status }) => status === '401'))
      await until('no more is held than was promised', () => memoryHeld().buffers - before <= promised)
      assert.ok(nameless.some(({ status }) => status === '429'))
      assert.ok(nameless.some(({ status }) => status === undefined))
      const { sync } = await serving.dialAs(friend)
      for await (const _ of sync.syncTree({ tree }));
      assert.deepEqual(serving.problems, [])
    })
})

it('an origin that presents bad proofs without end must wait, and a known peer there still comes in', async () => {
  using _ = limited({ proofBurst: 5, proofsPerSecond: 0.001 })
  await using serving = await ServingNode.start()
  await serving.node.addPeer(friend.peer, {})
  const tree = Buffer.from(await serving.node.createTree('open', PublicAccess.READ), 'hex')
  const { sync } = await serving.dialAs(undefined)
  const call = async (authorization: string) =>
    failureOf(sync.sendEntries({ tree }, { headers: { authorization } }))
  const seen = new Set<string | undefined>()
  for (let count = 0; count < 5; count++) {
    const token = await forge(serving, testIdentity(8).peer, count % 2 === 0)
    seen.add((await call(count === 0 ? 'Basic YTpi' : `Bearer ${token}`)).code)
  }
  assert.deepEqual([...seen], ['UNAUTHENTICATED'])
  const { code, retryAfterMs } = await call('Bearer a.b.c')
  assert.equal(code, 'RESOURCE_EXHAUSTED')
  assert.ok(retryAfterMs > 0)
  // A proof costs a check, whether it holds or not; what needs no proof is served.
  const stranger = await serving.dialAs(testIdentity(7))
  await fails(stranger.sync.sendEntries({ tree }), 'RESOURCE_EXHAUSTED', 'ResourceExhausted')
  for await (const _ of sync.syncTree({ tree }));
  const known = await serving.dialAs(friend)
  for await (const _ of known.sync.syncTree({ tree }));
})
