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
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { limits } from '../../src/base/limits.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import type { Identity } from '../../src/dag/identity.ts'
import { bindingOf } from '../../src/rpc/auth/binding.ts'
import { makeProof } from '../../src/rpc/auth/proof.ts'
import { testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { failureOf } from '../kit/rpc-errors.ts'
import {
  type Caller as Connected,
  type NamedTransport,
  ServingNode,
  transports,
} from '../kit/serving-node.ts'

const badProofs = ['forged', 'expired', 'replayed', 'other audience'] as const
const provenCallers = ['stranger', 'reader', 'writer', 'admin', 'revoked', 'operator'] as const
const callers = ['no proof', ...badProofs, ...provenCallers] as const
type CallerName = (typeof callers)[number]
const trees = ['private', 'public', 'unknown'] as const
type TreeName = (typeof trees)[number]

/** An error code, with its reason if it has one; or `ok`; or the text of `says`. */
type Outcome = string

interface Row {
  readonly service: DescService
  /** The request for a tree. */
  request(tree: Uint8Array): object
  /** The outcome for callers with a valid proof or none. */
  outcome(caller: Exclude<CallerName, (typeof badProofs)[number]>, tree: TreeName): Outcome
  /** The outcome that an answer shows, if that is more than `ok`. */
  says?(answer: never): string
}

const somebody = hexToBytes(testIdentity(40).peer)
const nobody = hexToBytes(testIdentity(41).peer)
/** A public tree beside those of the table. */
let beacon: Uint8Array

const mayRead = (caller: CallerName, tree: TreeName) =>
  tree === 'public' || (tree === 'private' && ['reader', 'writer', 'admin', 'operator'].includes(caller))

/** The row of a call for operators only. */
function operators(
  service: DescService,
  request: Row['request'],
  outcome: Outcome | Record<TreeName, Outcome> = 'ok',
): Row {
  return {
    service,
    request,
    outcome(caller, tree) {
      if (caller === 'no proof') return 'UNAUTHENTICATED missing'
      if (caller !== 'operator') return 'FORBIDDEN'
      return typeof outcome === 'string' ? outcome : outcome[tree]
    },
  }
}

const here = { private: 'ok', public: 'ok', unknown: 'UNKNOWN_TREE' }
const read: Row['outcome'] = (caller, tree) => (mayRead(caller, tree) ? 'ok' : 'UNKNOWN_TREE')

const rows: Record<string, Row> = {
  Handshake: {
    service: SyncService,
    request: () => ({ version: 2, nonce: new Uint8Array(32) }),
    outcome: () => 'ok',
  },
  SyncTree: {
    service: SyncService,
    request: (tree) => ({ tree }),
    outcome: (caller, tree) =>
      caller === 'operator' && tree === 'unknown' ? 'UNKNOWN_TREE' : read(caller, tree),
  },
  SendEntries: { service: SyncService, request: (tree) => ({ tree }), outcome: read },
  Watch: {
    service: SyncService,
    // An event for the tree only if the caller may read it; an event for the beacon always follows.
    request: (tree) => ({ trees: [{ tree }, { tree: beacon }] }),
    outcome: (caller, tree) => (mayRead(caller, tree) ? 'event' : 'silence'),
    says: ({ tree }: { tree: Uint8Array }) => (Buffer.compare(tree, beacon) === 0 ? 'silence' : 'event'),
  },
  RequestAccess: {
    service: SyncService,
    request: (tree) => ({ tree, permission: Permission.READ }),
    // The answer does not reveal to a caller without access whether the tree exists.
    outcome(caller, tree) {
      if (caller === 'no proof') return 'UNAUTHENTICATED missing'
      const granted = tree === 'public' || (mayRead(caller, tree) && caller !== 'operator')
      return granted ? 'GRANTED' : 'PENDING'
    },
    says: ({ status }: { status: number }) => ['', 'GRANTED', 'PENDING', 'REJECTED'][status]!,
  },

  CreateTree: operators(TreeService, () => ({ name: 'new' })),
  ListTrees: {
    service: TreeService,
    request: () => ({ pageSize: limits.listedEntries }),
    outcome: (caller) => (mayRead(caller, 'private') ? 'private and public' : 'public'),
    // The trees of the table, of which the private one comes first or last by chance.
    says: ({ trees }: { trees: { name: string; publicAccess: PublicAccess }[] }) =>
      trees
        .flatMap(({ name, publicAccess }) => (name === 't' ? [publicAccess] : []))
        .sort()
        .map((access) => (access === PublicAccess.NONE ? 'private' : 'public'))
        .join(' and '),
  },
  GetTree: { service: TreeService, request: (tree) => ({ tree }), outcome: read },
  // Not a tree of the table, which the other rows need.
  RemoveTree: operators(TreeService, () => ({ tree: new Uint8Array(32).fill(8) }), 'UNKNOWN_TREE'),
  Commit: operators(TreeService, (tree) => ({ tree, changes: [{ store: 'log' }] }), here),
  PrepareCommit: {
    service: TreeService,
    request: (tree) => ({ tree, changes: [{ store: 'log' }] }),
    outcome(caller, tree) {
      if (caller === 'no proof') return 'UNAUTHENTICATED missing'
      if (tree === 'unknown' || !mayRead(caller, tree)) return 'UNKNOWN_TREE'
      return caller === 'writer' || caller === 'admin' ? 'ok' : 'FORBIDDEN'
    },
  },
  SubmitEntries: {
    service: TreeService,
    request: (tree) => ({ tree }),
    // An operator may create the tree.
    outcome: (caller, tree) => (caller === 'operator' ? 'ok' : read(caller, tree)),
  },
  GetEntries: {
    service: TreeService,
    request: (tree) => ({ ids: [tree] }),
    outcome: (caller, tree) => (mayRead(caller, tree) ? 'found' : 'missing'),
    says: ({ missing }: { missing: Uint8Array[] }) => (missing.length === 0 ? 'found' : 'missing'),
  },
  ListEntries: { service: TreeService, request: (tree) => ({ tree }), outcome: read },
  WatchTree: { service: TreeService, request: (tree) => ({ tree }), outcome: read },

  GetNode: operators(NodeService, () => ({})),
  CreateTicket: operators(NodeService, (tree) => ({ tree }), here),
  SyncNow: operators(NodeService, (tree) => ({ tree, remote: 'ftp://nowhere' }), 'NO_TRANSPORT'),
  VerifyTree: operators(NodeService, (tree) => ({ tree }), here),
  Repair: operators(NodeService, (tree) => ({ tree }), here),
  AddPeer: operators(NodeService, () => ({ peer: somebody, name: 'somebody' })),
  RemovePeer: operators(NodeService, () => ({ peer: nobody }), 'UNKNOWN_PEER'),
  BlockPeer: operators(NodeService, () => ({ peer: nobody }), 'UNKNOWN_PEER'),
  ListPeers: operators(NodeService, () => ({})),
  LinkTree: operators(NodeService, (tree) => ({ tree, peer: nobody }), 'UNKNOWN_PEER'),
  UnlinkTree: operators(NodeService, (tree) => ({ tree, peer: nobody }), 'UNKNOWN_PEER'),
  WatchStatus: operators(NodeService, () => ({})),
  Flush: operators(NodeService, () => ({})),
  JoinTree: operators(NodeService, () => ({ ticket: 'causeway:?' }), 'INVALID_ARGUMENT'),
  ListAccessRequests: operators(NodeService, () => ({})),
  DecideAccess: operators(
    NodeService,
    () => ({ id: new Uint8Array(16), permission: Permission.READ }),
    'UNKNOWN_REQUEST',
  ),
  GetPolicy: operators(NodeService, (tree) => ({ tree }), here),
  // A key that is none, so that the table changes no policy.
  ChangePolicy: operators(
    NodeService,
    (tree) => ({ tree, grants: [{ peer: new Uint8Array(3) }] }),
    'INVALID_ARGUMENT',
  ),
  RevokeKey: operators(NodeService, (tree) => ({ tree, peer: new Uint8Array(3) }), 'INVALID_ARGUMENT'),
}

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
  makeProof(identity, node.peer, clock, { binding: node.binding })

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
    make: () => makeProof(identities.operator, testIdentity(42).peer, systemClock),
  },
}

function clientOf(connected: Connected, service: DescService) {
  const { sync, trees, node } = connected
  return { [SyncService.typeName]: sync, [TreeService.typeName]: trees, [NodeService.typeName]: node }[
    service.typeName
  ] as never as Record<string, (request: object, options: CallOptions) => never>
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
      if (!first || method.name !== 'Watch') break
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

const methods = [SyncService, TreeService, NodeService].flatMap((service) => service.methods)

it('has a row for every call of the contract, and no other row', () => {
  assert.deepEqual(
    Object.entries(rows)
      .map(([name, { service }]) => `${service.name}.${name}`)
      .sort(),
    methods.map(({ parent, name }) => `${parent.name}.${name}`).sort(),
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
      beacon = hexToBytes(await node.createTree('beacon', PublicAccess.READ))
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
      it(`${method.parent.name}.${method.name}`, async () => {
        const row = rows[method.name]!
        for (const caller of callers)
          for (const tree of trees) {
            const flaw = badProofs.find((name) => name === caller)
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
