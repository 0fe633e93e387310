/**
 * Every call of every service × every kind of caller × every kind of tree, with the exact outcome, over HTTP and QUIC.
 * The calls come from the contract's descriptors, so a new call without a row fails. Over QUIC the connection
 * identifies the caller, yet an invalid proof is still refused.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import type { DescMethod, DescService } from '@bufbuild/protobuf'
import { type CallOptions, Code } from '@connectrpc/connect'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { StoreService } from '../../gen/causeway/v1/store_pb.ts'
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { Health } from '../../gen/grpc/health/v1/health_pb.ts'
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.ts'
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { limits } from '../../src/base/limits.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import type { Identity } from '../../src/dag/identity.ts'
import { bindingOf } from '../../src/rpc/auth/binding.ts'
import { makeToken } from '../../src/rpc/auth/token.ts'
import { testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { failureOf } from '../kit/rpc-errors.ts'
import {
  type Caller as Connected,
  type NamedTransport,
  ServingNode,
  transports,
} from '../kit/serving-node.ts'
import {
  badProofs,
  beacon,
  type CallerName,
  callers,
  provenCallers,
  type Row,
  rows,
  type TreeName,
  trees,
} from './access-rows.ts'

const identities: Record<(typeof provenCallers)[number], Identity> = {
  stranger: testIdentity(30),
  reader: testIdentity(31),
  writer: testIdentity(32),
  admin: testIdentity(33),
  revoked: testIdentity(34),
  operator: testIdentity(35),
}

/** A proof for the channels of a node. */
const proofFor = ({ node }: ServingNode, identity: Identity, clock: Clock = systemClock) =>
  makeToken(identity, node.peer, clock, { binding: node.binding })

/** An invalid proof of a stranger, and why it is invalid. */
const flaws: Record<
  (typeof badProofs)[number],
  { reason: string; make(serving: ServingNode): Promise<string> }
> = {
  forged: {
    reason: 'signature',
    async make(serving) {
      const [head, claims] = (await proofFor(serving, identities.operator)).split('.')
      const signature = (await proofFor(serving, identities.stranger)).split('.')[2]
      return `${head}.${claims}.${signature}`
    },
  },
  expired: {
    reason: 'expired',
    make(serving) {
      const past: Clock = {
        ...systemClock,
        now: () => Date.now() - limits.proofSkewMs - limits.proofTtlMs - 2_000,
      }
      return proofFor(serving, identities.operator, past)
    },
  },
  replayed: {
    reason: 'replayed',
    async make(serving) {
      const proof = await proofFor(serving, identities.operator)
      const { connection, sync } = await serving.dialAs(undefined)
      await sync.handshake(
        { version: 2, nonce: new Uint8Array(32), binding: bindingOf(connection.channel) },
        { headers: { authorization: `Bearer ${proof}` } },
      )
      connection.close()
      return proof
    },
  },
  'other audience': {
    reason: 'audience',
    make: () => makeToken(identities.operator, testIdentity(42).peer, systemClock),
  },
}

function clientOf({ connection }: Connected, service: DescService) {
  return connection.client(service) as never as Record<
    string,
    (request: object, options: CallOptions) => never
  >
}

/** Returns the outcome of a call; of a watch, by its second message, since the first may be a sign of life. */
async function outcomeOf(
  connected: Connected,
  method: DescMethod,
  request: object,
  row: Row,
  headers: Record<string, string>,
) {
  const call = new AbortController()
  const client = clientOf(connected, method.parent)
  const says = (answer: unknown) => row.says?.(answer as never) ?? 'ok'
  const outcome = (async () => {
    const answer = client[method.localName]!(request, { signal: call.signal, headers })
    if (method.methodKind === 'unary') return says(await answer)
    let last: unknown
    for await (const message of answer as AsyncIterable<unknown>) {
      const first = last === undefined
      last = message
      if (!first || method !== SyncService.method.watch) break
    }
    return says(last)
  })()
  const failed = outcome.then(
    () => undefined,
    () => failureOf(outcome),
  )
  const failure = await failed
  call.abort()
  if (failure === undefined) return outcome
  assert.notEqual(failure.code, undefined, `${failure.rpc}: ${failure.message}`)
  assert.notEqual(failure.rpc, Code[Code.Unknown])
  return failure.data.reason === undefined ? failure.code! : `${failure.code} ${failure.data.reason}`
}

const services = [
  SyncService,
  TreeService,
  StoreService,
  NodeService,
  Health,
  ServerReflection,
  ServerReflectionAlpha,
]
const methods = services.flatMap((service): DescMethod[] => service.methods)
/** The name of a method, with that of its service where others have a method of the name. */
const nameOf = ({ name, parent }: DescMethod) =>
  parent.typeName.startsWith('causeway.') ? name : `${parent.typeName}.${name}`

it('has a row for every call of the contract, and no other row', () => {
  assert.deepEqual(
    Object.entries(rows)
      .map(([name, { service }]) => `${service.typeName} ${name}`)
      .sort(),
    methods.map((method) => `${method.parent.typeName} ${nameOf(method)}`).sort(),
  )
})

function table(transport: NamedTransport): void {
  describe(`Who may do what over ${transport.name}`, () => {
    let changed: Disposable
    let serving: ServingNode
    let ids: Record<TreeName, Uint8Array>
    const connected = new Map<CallerName, Connected>()

    before(async () => {
      changed = limited({ strangerRequestBurst: 1e6, proofBurst: 1e6 })
      serving = await ServingNode.start(transport, {
        operators: [identities.operator.peer],
        background: false,
      })
      const { node } = serving
      const named = async (publicAccess: PublicAccess) => {
        const tree = await node.createTree('t', publicAccess)
        await node.grant(tree, identities.reader.peer, Permission.READ)
        await node.grant(tree, identities.writer.peer, Permission.WRITE)
        await node.grant(tree, identities.admin.peer, Permission.ADMIN)
        await node.grant(tree, identities.revoked.peer, Permission.WRITE)
        await node.revoke(tree, identities.revoked.peer)
        return hexToBytes(tree)
      }
      ids = {
        private: await named(PublicAccess.NONE),
        public: await named(PublicAccess.READ),
        unknown: new Uint8Array(32).fill(7),
      }
      beacon.tree = hexToBytes(await node.createTree('beacon', PublicAccess.READ))
      for (const caller of provenCallers) connected.set(caller, await serving.dialAs(identities[caller]))
      // Over QUIC every caller has a key, so a call without proof is a stranger's.
      for (const caller of ['no proof', ...badProofs] as const)
        connected.set(caller, await serving.dialAs(undefined))
    })
    after(async () => {
      changed[Symbol.dispose]()
      assert.deepEqual(serving.problems, [])
      await serving[Symbol.asyncDispose]()
    })

    for (const method of methods)
      it(`${method.parent.typeName}.${method.name}`, async () => {
        const row = rows[nameOf(method)]!
        for (const caller of callers)
          for (const tree of trees) {
            const flaw = badProofs.find((name) => name === caller)
            // Such a proof is refused before the tree counts, so each call meets each flaw once, at another tree.
            const turn = methods.indexOf(method) + callers.indexOf(caller)
            if (flaw !== undefined && tree !== trees[turn % trees.length]) continue
            const headers: Record<string, string> = {}
            if (flaw !== undefined) headers.authorization = `Bearer ${await flaws[flaw].make(serving)}`
            const as = caller === 'no proof' && transport.name === 'QUIC' ? 'stranger' : caller
            const expected =
              flaw === undefined
                ? row.outcome(as as Parameters<Row['outcome']>[0], tree)
                : `UNAUTHENTICATED ${flaws[flaw].reason}`
            const outcome = await outcomeOf(
              connected.get(caller)!,
              method,
              row.request(ids[tree]),
              row,
              headers,
            )
            assert.equal(outcome, expected, `${caller}, a tree that is ${tree}`)
          }
      })
  })
}

for (const transport of transports) if (transport.name !== 'TLS') table(transport)
