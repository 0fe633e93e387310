/**
 * The bytes before any call: the first ones of a connection, HTTP/1.1 as text, frames of HTTP/2. Whatever they are, the
 * connection ends once its other side does, and the node goes on serving others. Also proofs, which a call carries.
 */
import { AssertionError } from 'node:assert'
import { once } from 'node:events'
import fc from 'fast-check'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { Bindings } from '../../src/rpc/auth/binding.ts'
import { Proofs } from '../../src/rpc/auth/proof.ts'
import { makeToken } from '../../src/rpc/auth/token.ts'
import type { Caller } from '../../src/rpc/caller.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { mutations } from '../kit/arbitrary.ts'
import { testIdentity } from '../kit/entries.ts'
import { callers, type Lab, type Labs } from './lab.ts'
import { asyncTarget, mustBeTyped, type Target } from './target.ts'

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** A frame of HTTP/2: any type, any flags, any stream, and a length that may lie. */
const anyFrame = fc
  .record({
    type: fc.oneof(fc.nat({ max: 10 }), fc.nat({ max: 255 })),
    flags: fc.oneof(fc.constantFrom(0, 1, 4, 5, 8), fc.nat({ max: 255 })),
    stream: fc.oneof(fc.constantFrom(0, 1, 3), fc.nat({ max: 2 ** 31 - 1 })),
    payload: fc.uint8Array({ maxLength: 60, size: 'max' }),
    lie: fc.oneof(
      { weight: 5, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -9, max: 9 }) },
    ),
  })
  .map(({ type, flags, stream, payload, lie }) => {
    const head = Buffer.alloc(9)
    head.writeUIntBE(Math.max(0, payload.length + lie), 0, 3)
    head[3] = type
    head[4] = flags
    head.writeUInt32BE(stream, 5)
    return Buffer.concat([head, payload])
  })

const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])

const http1 = [
  'POST /causeway.v1.TreeService/ListTrees HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}',
  'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'POST /causeway.v1.SyncService/SyncTree HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n\0\0\0\0\x02{}\r\n0\r\n\r\n',
].map((text) => Buffer.from(text))

/** Sends the bytes, ends, and waits until the node has ended too. */
async function knock(lab: Lab, bytes: Uint8Array): Promise<void> {
  const { stream } = await lab.dial()
  stream.on('error', () => {})
  stream.resume()
  stream.end(bytes)
  if (!stream.closed) await once(stream, 'close').catch(() => {})
}

/** The bytes of an honest connection. */
async function record(lab: Lab): Promise<Uint8Array> {
  const connection = await lab.connection(callers[2], 'connect')
  const { stream } = connection.channel
  const said: Buffer[] = []
  const write = stream.write.bind(stream) as (chunk: Buffer, ...rest: never[]) => boolean
  stream.write = ((chunk: Buffer, ...rest: never[]) => {
    said.push(Buffer.from(chunk))
    return write(chunk, ...rest)
  }) as never
  await connection.client(TreeService).listTrees({})
  return Buffer.concat([preface, settings, ...said])
}

export async function wireTargets(labs: Labs, sample: Lab): Promise<Target[]> {
  const session = await record(sample)
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100, size: 'max' }),
    fc.constantFrom(...http1).chain((text) => mutations(text)),
    fc.array(anyFrame, { maxLength: 5 }).map((frames) => Buffer.concat([preface, ...frames])),
    fc.array(anyFrame, { maxLength: 5 }).map((frames) => Buffer.concat([preface, settings, ...frames])),
    mutations(session),
    fc.array(anyFrame, { maxLength: 2 }).map((frames) => Buffer.concat([session, ...frames])),
  )
  let count = 0
  const proofs = await Proofs.open({
    audience: testIdentity(0).peer,
    clock: systemClock,
    db: await openMemory(),
    bindings: new Bindings(),
    shareOf: () => 'stranger',
  })
  const caller: Caller = {
    remoteAddress: '127.0.0.1:1',
    transport: 'fuzz',
    operator: false,
    protection: { kind: 'local' },
  }
  const good = await makeToken(testIdentity(2), testIdentity(0).peer, systemClock)
  const [head, claims, signature] = good.split('.') as [string, string, string]
  const part = (text: string) =>
    mutations(Buffer.from(text, 'base64url')).map((mutated) => Buffer.from(mutated).toString('base64url'))
  const proof = fc.oneof(
    fc.string({ maxLength: 60 }),
    mutations(Buffer.from(good)).map((mutated) => Buffer.from(mutated).toString('latin1')),
    fc.tuple(part(head), fc.constant(claims), fc.constant(signature)).map((parts) => parts.join('.')),
    fc.tuple(fc.constant(head), part(claims), fc.constant(signature)).map((parts) => parts.join('.')),
    fc.json().map((text) => `${head}.${Buffer.from(text).toString('base64url')}.${signature}`),
  )
  return [
    asyncTarget(
      'connections',
      90,
      bytes,
      async (said) => {
        const lab = await labs.use()
        await knock(lab, said)
        lab.assertNoProblem()
        // From time to time another caller makes a request.
        if (count++ % 100 > 0) return
        const connection = await lab.connection(callers[2], 'connect')
        await connection.client(TreeService).getTree({ tree: lab.known.ids[0]! })
      },
      8,
    ),
    asyncTarget(
      'proofs',
      10,
      proof.filter((text) => text !== good),
      async (text) => {
        try {
          const { peer } = await proofs.spend(text, caller)
          // Another text of the same proof.
          if (peer !== testIdentity(2).peer) throw new AssertionError({ message: `It proves ${peer}.` })
          hexToBytes(peer)
        } catch (error) {
          if (error instanceof AssertionError) throw error
          mustBeTyped(error)
        }
      },
      8,
    ),
  ]
}
