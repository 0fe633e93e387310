/** NodeService's calls about the node itself. The node is above this layer, so it is passed as `NodeOperations`. */
import type { ServiceImpl } from '@connectrpc/connect'
import type { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type {
  NodeService,
  RepairRequest,
  SyncNowRequest,
  VerifyTreeRequest,
} from '../../../gen/causeway/v1/node_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import { hexToBytes } from '../../dag/hex.ts'
import { idToBytes, type TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { parseTicket } from '../../peer/ticket.ts'
import type { AuditProblem } from '../../store/audit/audit.ts'
import type { TreeRepair } from '../../store/damage/repair.ts'
import type { SourceReport } from '../../sync/ask/gather-sources.ts'
import type { SessionProgress, SessionResult } from '../../sync/ask/session.ts'
import type { Caller } from '../caller.ts'
import { readId } from '../convert.ts'
import { writeStatus } from '../convert-sync.ts'
import { feed } from './feed.ts'

/** The result of a session, with the connection's figures. */
export interface SyncResult extends SessionResult {
  readonly address: string
  /** The remote's key, if it was proven. */
  readonly peer?: PeerId | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly elapsedMs: number
  readonly path: { readonly kind: string; readonly roundTripMs?: number | undefined }
  /** Our tips afterwards, at most limits.listedTips. */
  readonly tips: readonly TreeId[]
  /** If a first sync fetched from several peers: what each of them gave. */
  readonly sources: readonly SourceReport[]
}

export interface ConnectionInfo {
  readonly caller: Caller
  readonly path:
    | { kind: string; roundTripMs?: number; bytesSent?: number; bytesReceived?: number }
    | undefined
  readonly inbound: boolean
}

interface TicketOptions {
  readonly withPeers?: boolean
  readonly lan?: boolean
}

export interface NodeOperations {
  readonly peer: PeerId
  readonly version: string
  /** The binding that tokens for the node's own HTTP port name. */
  readonly binding: string
  repair(
    tree: TreeId | undefined,
    options: { onProgress: (done: number, count: number, tree: TreeId) => void },
  ): AsyncGenerator<TreeRepair>
  damage(): { readonly tree?: TreeId; readonly message: string }[]
  addresses(): string[]
  connections(): ConnectionInfo[]
  /** From where the node can be reached. */
  readonly reach: {
    relay(): { readonly url?: string; readonly connected: boolean } | undefined
    problem(): string | undefined
  }
  createTicket(tree: TreeId, options?: TicketOptions): string
  /** The invitations that have not expired. */
  readonly requests: { invitations(): readonly { readonly id: string; readonly untilMs: number }[] }
  invite(tree: TreeId, permission: Permission, options?: TicketOptions): Promise<string>
  sync(
    tree: TreeId | undefined,
    remote: string,
    options: { signal: AbortSignal; onProgress: (progress: SessionProgress) => void },
  ): Promise<SyncResult>
  verify(
    tree: TreeId,
    options: { signal: AbortSignal; onProgress: (checked: number, count: number) => void },
  ): Promise<{ checked: number; problems: readonly AuditProblem[] }>
}

export function createNodeService(node: NodeOperations): Partial<ServiceImpl<typeof NodeService>> {
  return {
    getNode() {
      const relay = node.reach.relay()
      return {
        ...(relay && { relay }),
        reachProblem: node.reach.problem() ?? '',
        peer: hexToBytes(node.peer),
        addresses: node.addresses(),
        version: node.version,
        binding: node.binding,
        damage: node
          .damage()
          .slice(0, limits.damageListed)
          .map(({ tree, message }) => ({
            tree: tree === undefined ? new Uint8Array(0) : idToBytes(tree),
            message,
          })),
        connections: node.connections().map(({ caller, path, inbound }) => ({
          peer: hexToBytes(caller.peer ?? ''),
          remoteAddress: caller.remoteAddress,
          transport: caller.transport,
          path: path?.kind ?? 'unknown',
          roundTripMs: path?.roundTripMs ?? 0,
          bytesSent: BigInt(path?.bytesSent ?? 0),
          bytesReceived: BigInt(path?.bytesReceived ?? 0),
          inbound,
        })),
      }
    },

    async createTicket({ tree, invitation, withPeers, lan }) {
      const which = readId(tree, 'tree')
      const options = { withPeers, lan }
      const warning = lan ? '' : (node.reach.problem() ?? '')
      if (!invitation) return { warning, ticket: node.createTicket(which, options) }
      const ticket = await node.invite(which, invitation, options)
      const id = sha256Hex(hexToBytes(parseTicket(ticket).invitation!))
      const made = node.requests.invitations().find((each) => each.id === id)
      return { warning, ticket, invitation: hexToBytes(id), expiresMs: BigInt(made?.untilMs ?? 0) }
    },

    syncNow: (request, { signal }) => syncNow(node, request, signal),
    verifyTree: (request, { signal }) => verifyTree(node, request, signal),
    repair: (request) => repair(node, request),
  }
}

async function* syncNow(node: NodeOperations, request: SyncNowRequest, signal: AbortSignal) {
  const tree = request.tree.length === 0 ? undefined : readId(request.tree, 'tree')
  if (request.remote.length > limits.ticketBytes)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `\`remote\` can have at most ${limits.ticketBytes} characters, got ${request.remote.length}.`,
    )
  const steps = feed<SessionProgress, SyncResult>((onProgress) =>
    node.sync(tree, request.remote, { signal, onProgress }),
  )
  for await (const step of steps) {
    if ('progress' in step) {
      const { received, expected, sent, toSend } = step.progress
      const progress = {
        received: BigInt(received),
        expected: BigInt(expected),
        sent: BigInt(sent),
        toSend: BigInt(toSend),
      }
      yield { part: { case: 'progress' as const, value: progress } }
    } else yield { part: { case: 'result' as const, value: writeResult(step.result) } }
  }
}

async function* verifyTree(node: NodeOperations, request: VerifyTreeRequest, signal: AbortSignal) {
  const tree = readId(request.tree, 'tree')
  let total = 0
  const steps = feed<
    { checked: number; count: number },
    { checked: number; problems: readonly AuditProblem[] }
  >((report) => node.verify(tree, { signal, onProgress: (checked, count) => report({ checked, count }) }))
  for await (const step of steps) {
    if ('progress' in step) {
      total = step.progress.count
      yield { checked: BigInt(step.progress.checked), count: BigInt(total), done: false }
    } else
      yield {
        checked: BigInt(step.result.checked),
        count: BigInt(Math.max(total, step.result.checked)),
        problems: step.result.problems.map(writeProblem),
        done: true,
      }
  }
}

/** What a repair reports: how far it is in a tree, or the result of a tree. */
type RepairStep = { readonly tree: TreeId; readonly done: number; readonly count: number } | TreeRepair

async function* repair(node: NodeOperations, request: RepairRequest) {
  const tree = request.tree.length === 0 ? undefined : readId(request.tree, 'tree')
  const results: TreeRepair[] = []
  const steps = feed<RepairStep, void>(async (report) => {
    const onProgress = (done: number, count: number, of: TreeId) => report({ tree: of, done, count })
    for await (const result of node.repair(tree, { onProgress })) {
      results.push(result)
      report(result)
    }
  })
  for await (const step of steps) {
    // A slow reader may miss progress, and must miss no result.
    for (const result of results.splice(0)) yield writeRepair(result)
    if ('progress' in step && 'done' in step.progress) {
      const { tree: of, done, count } = step.progress
      yield { tree: idToBytes(of), checked: BigInt(done), count: BigInt(count), done: false }
    }
  }
  yield { done: true }
}

function writeRepair({ tree, problems, kept, dropped }: TreeRepair) {
  const count = BigInt(kept)
  const result = { problems: problems.map(writeProblem), kept: count, dropped: BigInt(dropped) }
  return { tree: idToBytes(tree), checked: count, count, result, done: false }
}

function writeProblem({ entry, code, message }: AuditProblem) {
  return { entry: entry === undefined ? new Uint8Array(0) : idToBytes(entry), code, message }
}

function writeResult(result: SyncResult) {
  return {
    tree: idToBytes(result.tree),
    received: BigInt(result.received),
    sent: BigInt(result.sent),
    bytesReceived: BigInt(result.bytesReceived),
    bytesSent: BigInt(result.bytesSent),
    roundTrips: result.roundTrips,
    elapsedMs: result.elapsedMs,
    tips: result.tips.map(idToBytes),
    equal: result.equal,
    address: result.address,
    statuses: result.statuses.map(writeStatus),
    redundant: BigInt(result.redundant),
    cells: BigInt(result.cells),
    storeReads: BigInt(result.storeReads),
    path: result.path.kind,
    pathRoundTripMs: result.path.roundTripMs ?? 0,
    sources: result.sources.map(({ peer, entries, error }) => ({
      peer: hexToBytes(peer),
      entries: BigInt(entries),
      code: error?.code ?? '',
      message: error?.message ?? '',
    })),
    peer: hexToBytes(result.peer ?? ''),
  }
}
