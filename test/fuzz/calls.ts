/**
 * Every call of every service, with messages generated from the contract's descriptors and with the mutated bytes of
 * real calls, in every protocol and encoding. Each must end with an answer or a typed error, for every class of caller.
 */
import { AssertionError, strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import {
  create,
  type DescMethod,
  type DescService,
  fromBinary,
  type Message,
  toBinary,
  toJsonString,
} from '@bufbuild/protobuf'
import { findTrailerError } from '@connectrpc/connect/protocol-grpc'
import fc from 'fast-check'
import { ErrorDetailSchema } from '../../gen/causeway/v1/error_pb.ts'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { StoreService } from '../../gen/causeway/v1/store_pb.ts'
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { Health } from '../../gen/grpc/health/v1/health_pb.ts'
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.ts'
import { errorCodes } from '../../src/base/errors.ts'
import type { Identity } from '../../src/dag/identity.ts'
import { mutations } from '../kit/arbitrary.ts'
import { callers, type Lab, type Labs, mustBeTypedOnTheWire } from './lab.ts'
import { anyMessage } from './messages.ts'
import { asyncTarget, type Target } from './target.ts'

const services: readonly DescService[] = [SyncService, TreeService, StoreService, NodeService, Health]
const methods = services.flatMap((service) => service.methods.map((method) => ({ service, method })))
const protocols = ['connect', 'grpc'] as const

/** A call that would never end, or waits for a peer, is abandoned after this. */
const patienceMs = 20

/** Concurrent calls: most of the time of a call is spent on moving its bytes. */
const batch = 8

/** Each call of the contract with arbitrary messages. */
export function structuredTargets(labs: Labs, sample: Lab): Target[] {
  return methods.map(({ service, method }) => {
    const inputs = fc.record({
      message: anyMessage(method.input, sample.known),
      caller: fc.nat({ max: callers.length - 1 }),
      protocol: fc.constantFrom(...protocols),
    })
    return asyncTarget(
      `call ${service.name}.${method.name}`,
      4,
      inputs,
      async ({ message, caller, protocol }) => {
        const lab = await labs.use()
        const connection = await lab.connection(callers[caller], protocol)
        await call(connection.client(service) as never, method, message)
        lab.assertNoProblem()
      },
      batch,
    )
  })
}

type AnyClient = Record<string, (message: Message, options: { signal: AbortSignal }) => unknown>

async function call(client: AnyClient, method: DescMethod, message: Message): Promise<void> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), patienceMs)
  try {
    const answer = client[method.localName]!(message, { signal: controller.signal })
    if (method.methodKind === 'unary') await answer
    else for await (const _ of answer as AsyncIterable<unknown>);
  } catch (error) {
    mustBeTypedOnTheWire(error, controller.signal.aborted)
  } finally {
    clearTimeout(timer)
  }
}

/** The bytes of a call on the wire, in one protocol and encoding. */
interface Said {
  readonly path: string
  readonly type: string
  readonly body: Uint8Array
}

/** The calls of an honest session, in every encoding. */
function realTraffic(lab: Lab): Said[] {
  const [tree] = lab.known.ids
  const messages: [DescService, string, object][] = [
    [SyncService, 'Handshake', { version: 1, nonce: new Uint8Array(32) }],
    [
      SyncService,
      'SyncTree',
      { tree, tips: lab.known.ids.slice(0, 3), count: 9n, haves: new Uint8Array(64) },
    ],
    [
      SyncService,
      'SyncTree',
      { tree, range: { chunks: [{ lastHeight: 3n, lastId: lab.known.ids[1], count: 3 }], complete: true } },
    ],
    [SyncService, 'SendEntries', lab.fresh],
    [SyncService, 'Watch', { trees: [{ tree, cursor: 1n }] }],
    [SyncService, 'RequestAccess', { tree, permission: 1, message: 'please' }],
    [TreeService, 'Commit', { tree, changes: [{ store: 'log', payload: new Uint8Array(9) }] }],
    [TreeService, 'SubmitEntries', lab.fresh],
    [TreeService, 'ListEntries', { tree, pageSize: 5 }],
    [TreeService, 'GetEntries', { tree, ids: lab.known.ids }],
    [
      ServerReflection,
      'ServerReflectionInfo',
      { messageRequest: { case: 'fileContainingSymbol', value: 'causeway.v1.TreeService' } },
    ],
    [NodeService, 'AddPeer', { peer: lab.known.ids.at(-1), name: 'me', addresses: ['memory:nowhere'] }],
  ]
  return messages.flatMap(([service, name, init]) => {
    const method = service.methods.find((each) => each.name === name)!
    const message = create(method.input, init as never)
    const path = `/${service.typeName}/${name}`
    const [proto, json] = [toBinary(method.input, message), Buffer.from(toJsonString(method.input, message))]
    const unary = method.methodKind === 'unary'
    const connect = unary
      ? [
          { path, type: 'application/proto', body: proto },
          { path, type: 'application/json', body: json },
        ]
      : [
          { path, type: 'application/connect+proto', body: framed(proto) },
          { path, type: 'application/connect+json', body: framed(json) },
        ]
    return [...connect, { path, type: 'application/grpc', body: framed(proto) }]
  })
}

function framed(message: Uint8Array): Uint8Array {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** The bytes of honest calls, mutated up to three times. */
export function trafficTargets(labs: Labs, sample: Lab): Target[] {
  const traffic = realTraffic(sample)
  const again = (bytes: Uint8Array, times: number): fc.Arbitrary<Uint8Array> =>
    times === 0 ? fc.constant(bytes) : mutations(bytes).chain((mutated) => again(mutated, times - 1))
  const inputs = fc
    .record({
      said: fc.constantFrom(...traffic),
      times: fc.integer({ min: 1, max: 3 }),
      caller: fc.nat({ max: callers.length - 1 }),
    })
    .chain(({ said, times, caller }) => again(said.body, times).map((body) => ({ ...said, body, caller })))
  const sessions = new WeakMap<Lab, Map<number, http2.ClientHttp2Session>>()
  const session = async (lab: Lab, caller: number) => {
    const open = sessions.get(lab) ?? new Map<number, http2.ClientHttp2Session>()
    sessions.set(lab, open)
    const before = open.get(caller)
    if (before !== undefined && !before.closed && !before.destroyed) return before
    const opened = await openSession(lab, callers[caller])
    open.set(caller, opened)
    return opened
  }
  return [
    asyncTarget(
      'mutated calls',
      90,
      inputs,
      async ({ path, type, body, caller }) => {
        const lab = await labs.use()
        await say(await session(lab, caller), path, type, body)
        lab.assertNoProblem()
      },
      batch,
    ),
  ]
}

export async function openSession(lab: Lab, caller: Identity | undefined): Promise<http2.ClientHttp2Session> {
  const { stream } = await lab.dial(caller)
  const session = http2.connect('http://node', { createConnection: () => stream })
  session.on('error', () => {})
  return session
}

/** Sends one request and asserts that the answer is typed. */
async function say(
  session: http2.ClientHttp2Session,
  path: string,
  type: string,
  body: Uint8Array,
): Promise<void> {
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': type, te: 'trailers' })
  const timer = setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), patienceMs)
  let status = 0
  let trailers: http2.IncomingHttpHeaders = {}
  const chunks: Buffer[] = []
  stream.on('error', () => {})
  stream.on('response', (headers) => (status = headers[':status'] ?? 0))
  stream.on('trailers', (headers) => (trailers = headers))
  stream.on('data', (chunk) => chunks.push(chunk))
  stream.end(body)
  if (!stream.closed) await once(stream, 'close').catch(() => {})
  clearTimeout(timer)
  const ended = stream.rstCode === http2.constants.NGHTTP2_CANCEL
  if (ended) return
  const answer = Buffer.concat(chunks)
  if (type === 'application/grpc') {
    const error = findTrailerError(
      new Headers(Object.entries(trailers).map(([name, value]) => [name, String(value)] as [string, string])),
    )
    if (error !== undefined) mustBeTypedOnTheWire(error, false)
  } else if (type.startsWith('application/connect+')) mustHaveTypedEnd(answer)
  else if (status !== 200) mustHaveTyped(JSON.parse(String(answer)), status)
}

interface ErrorJson {
  readonly code: string
  readonly details?: readonly { readonly value: string }[]
}

function mustHaveTyped({ code, details = [] }: ErrorJson, status: number): void {
  const codes = details.map(({ value }) => fromBinary(ErrorDetailSchema, Buffer.from(value, 'base64')).code)
  const typed = codes.some((each) => (errorCodes as readonly string[]).includes(each) && each !== 'INTERNAL')
  if (!typed) throw new AssertionError({ message: `No typed error: ${status} ${code} ${codes}` })
}

/** The last message of a Connect stream, which says how it ended. */
function mustHaveTypedEnd(answer: Buffer): void {
  let at = 0
  while (at < answer.length) {
    const length = answer.readUInt32BE(at + 1)
    if (answer[at] === 2) {
      const { error } = JSON.parse(String(answer.subarray(at + 5, at + 5 + length))) as { error?: ErrorJson }
      if (error !== undefined) mustHaveTyped(error, 200)
      return
    }
    at += 5 + length
  }
  assert.fail('A stream ended without saying how.')
}
