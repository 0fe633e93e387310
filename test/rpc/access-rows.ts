/** What each call of each service answers to each kind of caller, for each kind of tree: the rows of access-table.test.ts. */
import type { DescService } from '@bufbuild/protobuf'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { StoreService } from '../../gen/causeway/v1/store_pb.ts'
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { Health } from '../../gen/grpc/health/v1/health_pb.ts'
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.ts'
import { ServerReflection as ServerReflectionAlpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.ts'
import { limits } from '../../src/base/limits.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { testIdentity } from '../kit/entries.ts'

export const badProofs = ['forged', 'expired', 'replayed', 'other audience'] as const
export const provenCallers = ['stranger', 'reader', 'writer', 'admin', 'revoked', 'operator'] as const
export const callers = ['no proof', ...badProofs, ...provenCallers] as const
export type CallerName = (typeof callers)[number]
export const trees = ['private', 'public', 'unknown'] as const
export type TreeName = (typeof trees)[number]

/** An error code, with its reason if it has one; or `ok`; or the text of `says`. */
type Outcome = string

export interface Row {
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
export const beacon: { tree: Uint8Array } = { tree: new Uint8Array() }

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

/** The row of a call that tells everybody the same. */
const everybody = (service: DescService, request: Row['request']): Row => ({
  service,
  request,
  outcome: () => 'ok',
})

async function* questions() {
  yield { messageRequest: { case: 'listServices', value: '' } }
}

const here = { private: 'ok', public: 'ok', unknown: 'UNKNOWN_TREE' }
const read: Row['outcome'] = (caller, tree) => (mayRead(caller, tree) ? 'ok' : 'UNKNOWN_TREE')

/** The outcome of preparing an entry for the caller's key. */
const prepare: Row['outcome'] = (caller, tree) => {
  if (caller === 'no proof') return 'UNAUTHENTICATED missing'
  if (tree === 'unknown' || !mayRead(caller, tree)) return 'UNKNOWN_TREE'
  return caller === 'writer' || caller === 'admin' ? 'ok' : 'FORBIDDEN'
}
const pairs: Row['outcome'] = (caller) => (caller === 'no proof' ? 'UNAUTHENTICATED missing' : 'NOT_STARTED')
const key = { store: 'notes', key: 'a' }
const put = { key, what: { case: 'put', value: { value: new Uint8Array(1) } } }

export const rows: Record<string, Row> = {
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
  ExchangeAddresses: {
    service: SyncService,
    request: (tree) => ({ tree, limit: 64 }),
    // Whom the node or one of its trees knows is told where it is, and so is who reads a public tree; others only where
    // they are seen.
    outcome: (caller, tree) => {
      const isKnown = caller !== 'no proof' && caller !== 'stranger' && caller !== 'revoked'
      return isKnown || tree === 'public' ? 'told' : 'seen'
    },
    says: ({ own }: { own?: object }) => (own === undefined ? 'seen' : 'told'),
  },
  Watch: {
    service: SyncService,
    // An event for the tree only if the caller may read it; an event for the beacon always follows.
    request: (tree) => ({ trees: [{ tree }, beacon] }),
    outcome: (caller, tree) => (mayRead(caller, tree) ? 'event' : 'silence'),
    says: ({ tree }: { tree: Uint8Array }) => (Buffer.compare(tree, beacon.tree) === 0 ? 'silence' : 'event'),
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

  OfferTree: {
    service: SyncService,
    request: () => ({}),
    outcome: (caller) => (caller === 'no proof' ? 'UNAUTHENTICATED missing' : 'INVALID_ARGUMENT'),
  },
  // Nobody pairs at this node.
  BeginPairing: { service: SyncService, request: () => ({}), outcome: pairs },
  RevealPairing: { service: SyncService, request: () => ({ nonce: new Uint8Array(32) }), outcome: pairs },
  DecidePairing: { service: SyncService, request: () => ({}), outcome: pairs },
  GetChunks: {
    service: SyncService,
    request: (tree) => ({ tree, blob: { id: new Uint8Array(32), size: 1n } }),
    outcome: (caller, tree) =>
      tree !== 'unknown' && mayRead(caller, tree) ? 'UNKNOWN_BLOB' : 'UNKNOWN_TREE',
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
    outcome: prepare,
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

  ListStores: { service: StoreService, request: (tree) => ({ tree }), outcome: read },
  Get: { service: StoreService, request: (tree) => ({ tree, keys: [key] }), outcome: read },
  List: { service: StoreService, request: (tree) => ({ tree, store: 'notes' }), outcome: read },
  Write: operators(StoreService, (tree) => ({ tree, changes: [put] }), here),
  PrepareWrite: {
    service: StoreService,
    request: (tree) => ({ tree, changes: [put] }),
    outcome: prepare,
  },
  WatchStore: { service: StoreService, request: (tree) => ({ tree, store: 'notes' }), outcome: read },
  WatchText: { service: StoreService, request: (tree) => ({ tree, key }), outcome: read },
  History: { service: StoreService, request: (tree) => ({ tree, key }), outcome: read },
  ListConflicts: { service: StoreService, request: (tree) => ({ tree, store: 'notes' }), outcome: read },
  PutChunk: {
    service: StoreService,
    request: (tree) => ({ tree, data: new Uint8Array(1) }),
    outcome(caller, tree) {
      if (tree === 'unknown' || !mayRead(caller, tree)) return 'UNKNOWN_TREE'
      if (caller === 'no proof') return 'UNAUTHENTICATED missing'
      return ['writer', 'admin', 'operator'].includes(caller) ? 'ok' : 'FORBIDDEN'
    },
  },
  GetBlob: {
    service: StoreService,
    request: (tree) => ({ tree, blob: { id: new Uint8Array(32), size: 1n } }),
    outcome: (caller, tree) => (mayRead(caller, tree) ? 'UNKNOWN_BLOB' : 'UNKNOWN_TREE'),
  },

  GetNode: operators(NodeService, () => ({})),
  Diagnose: operators(NodeService, () => ({})),
  CreateTicket: operators(NodeService, (tree) => ({ tree }), here),
  SyncNow: operators(NodeService, (tree) => ({ tree, remote: 'ftp://nowhere' }), 'NO_TRANSPORT'),
  VerifyTree: operators(NodeService, (tree) => ({ tree }), here),
  Repair: operators(NodeService, (tree) => ({ tree }), here),
  Backup: operators(NodeService, (tree) => ({ trees: [tree] }), here),
  AddPeer: operators(NodeService, () => ({ peer: somebody, name: 'somebody' })),
  RemovePeer: operators(NodeService, () => ({ peer: nobody }), 'UNKNOWN_PEER'),
  BlockPeer: operators(NodeService, () => ({ peer: nobody }), 'UNKNOWN_PEER'),
  ListPeers: operators(NodeService, () => ({})),
  LinkTree: operators(NodeService, (tree) => ({ tree, peer: nobody }), 'UNKNOWN_PEER'),
  UnlinkTree: operators(NodeService, (tree) => ({ tree, peer: nobody }), 'UNKNOWN_PEER'),
  WatchStatus: operators(NodeService, () => ({})),
  WatchNode: operators(NodeService, () => ({})),
  GetSettings: operators(NodeService, () => ({})),
  GetMetrics: operators(NodeService, () => ({})),
  WatchLog: operators(NodeService, () => ({})),
  ListAuthorStorage: operators(NodeService, (tree) => ({ tree }), here),
  CreatePageLink: operators(NodeService, () => ({}), 'NOT_STARTED'),
  EndPageSessions: operators(NodeService, () => ({})),
  Flush: operators(NodeService, () => ({})),
  JoinTree: operators(NodeService, () => ({ ticket: 'causeway:?' }), 'INVALID_ARGUMENT'),
  AddApp: operators(
    NodeService,
    () => ({ name: 'a', peer: somebody, grants: [{ tree: new Uint8Array(3), permission: 1 }] }),
    'INVALID_ARGUMENT',
  ),
  ListApps: operators(NodeService, () => ({})),
  RevokeApp: operators(NodeService, () => ({ name: 'nothing' }), 'UNKNOWN_PEER'),
  ListOffers: operators(NodeService, () => ({})),
  AcceptOffers: operators(NodeService, () => ({ peer: nobody }), 'UNKNOWN_REQUEST'),
  DeclineOffers: operators(NodeService, (tree) => ({ tree, peer: nobody }), 'UNKNOWN_REQUEST'),
  StartPairing: operators(
    NodeService,
    () => ({ tree: new Uint8Array(32).fill(8), permission: Permission.READ }),
    'UNKNOWN_TREE',
  ),
  AnswerPairing: operators(NodeService, () => ({ peer: nobody }), 'NOT_STARTED'),
  ListAccessRequests: operators(NodeService, () => ({})),
  DecideAccess: operators(
    NodeService,
    () => ({ id: new Uint8Array(16), permission: Permission.READ }),
    'UNKNOWN_REQUEST',
  ),
  ListInvitations: operators(NodeService, () => ({})),
  RevokeInvitation: operators(NodeService, () => ({ id: new Uint8Array(32) }), 'UNKNOWN_REQUEST'),
  GetPolicy: operators(NodeService, (tree) => ({ tree }), here),
  // A key that is none, so that the table changes no policy.
  ChangePolicy: operators(
    NodeService,
    (tree) => ({ tree, grants: [{ peer: new Uint8Array(3) }] }),
    'INVALID_ARGUMENT',
  ),
  RevokeKey: operators(NodeService, (tree) => ({ tree, peer: new Uint8Array(3) }), 'INVALID_ARGUMENT'),

  'grpc.health.v1.Health.Check': everybody(Health, () => ({})),
  'grpc.health.v1.Health.List': everybody(Health, () => ({})),
  'grpc.health.v1.Health.Watch': everybody(Health, () => ({})),
  'grpc.reflection.v1.ServerReflection.ServerReflectionInfo': everybody(ServerReflection, questions),
  'grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo': everybody(
    ServerReflectionAlpha,
    questions,
  ),
}
