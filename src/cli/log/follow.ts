/**
 * What a node does, as lines of its log. Each names its event. What happens again and again, such as refused calls or a
 * link that fails, is logged once, with how often it happened. No line has a secret: only ids, PeerIds, addresses, codes
 * and messages of errors go into it.
 */
import type { Logger } from 'pino'
import { type Clock, systemClock } from '../../base/clock.ts'
import type { ErrorCode } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { formatId, type TreeId } from '../../dag/id.ts'
import type { Node } from '../../node/node.ts'
import type { NodeEvents, NodeOptions } from '../../node/options.ts'
import { linkKey } from '../../peer/links.ts'
import { asCausewayError } from '../output.ts'
import { permissionName } from '../permission.ts'

type CallReport = NodeEvents['call'][0]
type LinkStatus = NodeEvents['status'][0]

const treeText = (tree: TreeId | undefined) => (tree === undefined ? {} : { tree: formatId(tree) })

/** Logs what happens at a node until it closes. */
export function followNode(node: Node, log: Logger, clock: Clock = systemClock): void {
  const links = new LinkLog(log)
  const refusals = new RefusalLog(log, clock)
  node.on('problem', (error, where) => logProblem(log, error, where))
  node.on('status', (status) => links.note(status))
  node.on('call', (call) => logCall(log, refusals, call))
  node.on('entries', (tree, added) =>
    log.debug({ event: 'entries', ...treeText(tree), added: added.length }, 'new entries'),
  )
  node.on('sync', ({ tree, peer, received, sent, elapsedMs }) =>
    log.debug({ event: 'sync', ...treeText(tree), peer, received, sent, ms: elapsedMs }, 'synced'),
  )
  node.on('request', ({ id, tree, peer, permission }) =>
    log.info(
      { event: 'request', request: id, ...treeText(tree), peer, permission: permissionName(permission) },
      'access requested',
    ),
  )
  node.on('join', ({ tree, peer, status }) =>
    log.info({ event: 'join', ...treeText(tree), peer, status }, 'join'),
  )
}

/** Logs that a store of an older format is migrated as it is opened: at its beginning and at its end. */
export function migrationLog(log: Logger): NonNullable<NodeOptions['onMigration']> {
  return ({ from, to, done, ended }) => {
    if (done === 0) log.warn({ event: 'migrating', from, to }, 'the store is migrated to a newer format')
    if (ended) log.warn({ event: 'migrated', from, to, rows: done }, 'the store was migrated')
  }
}

/** Logs an error that no caller is to blame for. One without a code of its own has its stack. */
export function logProblem(log: Logger, error: unknown, where: string): void {
  const { code, message, stack } = asCausewayError(error)
  const unexpected = code === 'INTERNAL' ? { stack: error instanceof Error ? error.stack : stack } : {}
  log.error({ event: 'problem', where, code, ...unexpected }, message)
}

function logCall(
  log: Logger,
  refusals: RefusalLog,
  { method, code, peer, remoteAddress, tree, ms }: CallReport,
): void {
  const fields = {
    method,
    ...(code && { code }),
    ...(peer && { peer }),
    remote: remoteAddress,
    ...treeText(tree),
  }
  if (log.isLevelEnabled('debug'))
    log.debug({ event: 'call', ...fields, ms: Math.round(ms * 10) / 10 }, 'call')
  if (code !== undefined && refused.has(code)) refusals.note(code, fields)
}

/** The codes with which a node refuses a caller. */
const refused: ReadonlySet<ErrorCode> = new Set([
  ...(['RESOURCE_EXHAUSTED', 'UNAUTHENTICATED', 'FORBIDDEN', 'LIMIT_EXCEEDED', 'WRONG_PEER'] as const),
])

/** Logs one refusal of each code and method in `limits.refusalLogMs`, and with the next one how many there were. */
class RefusalLog {
  private readonly log: Logger
  private readonly clock: Clock
  private readonly seen = new Map<string, { atMs: number; unlogged: number }>()

  constructor(log: Logger, clock: Clock) {
    this.log = log
    this.clock = clock
  }

  note(code: ErrorCode, fields: { readonly method: string }): void {
    const now = this.clock.monotonic()
    // As many as there are codes and methods.
    const key = `${code} ${fields.method}`
    const last = this.seen.get(key)
    if (last !== undefined && now < last.atMs + limits.refusalLogMs) {
      last.unlogged++
      return
    }
    this.seen.set(key, { atMs: now, unlogged: 0 })
    this.log.warn({ event: 'refused', ...fields, unlogged: last?.unlogged ?? 0 }, 'call refused')
  }
}

/** Logs when a link begins to fail, when it is given up, and when it works again. */
class LinkLog {
  private readonly log: Logger
  /** What was last logged of each link that does not work, of the last ones if links were removed. */
  private readonly failing = new Map<string, string>()

  constructor(log: Logger) {
    this.log = log
  }

  note({ tree, peer, lastError, parked, inSync, place }: LinkStatus): void {
    if (place === 'passive') return
    const key = linkKey(tree, peer)
    const state = parked !== '' ? 'parked' : lastError !== undefined ? 'failing' : ''
    const before = this.failing.get(key) ?? ''
    if (state === before || (state === 'failing' && before === 'parked')) return
    const fields = { ...treeText(tree), peer }
    if (state !== '') {
      this.failing.set(key, state)
      if (this.failing.size > limits.links) this.failing.delete(this.failing.keys().next().value!)
      const code = lastError?.code
      const what = state === 'parked' ? `link waits: ${parked}` : `link fails: ${lastError!.message}`
      // Nothing is wrong with a link that only waits: for its peer to call, for an admin, or until it is no longer paused.
      const waits = state === 'parked' && (code === undefined || code === 'ACCESS_PENDING')
      this.log[waits ? 'info' : 'warn']({ event: `link-${state}`, ...fields, ...(code && { code }) }, what)
    } else if (inSync) {
      this.failing.delete(key)
      this.log.info({ event: 'link-recovered', ...fields }, 'link works again')
    }
  }
}
