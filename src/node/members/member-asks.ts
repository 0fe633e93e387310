/**
 * Asks connected peers for the address records of members: when a connection opens, when a watch of the peer says that there
 * are new ones, and when the policy names others. A question also brings the records that the peer may lack. On each
 * connection one question is under way, and further ones wait a while, so that many changes cost one question.
 */
import type { NamedPeers } from '../../access/named-peers.ts'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { PeerConnection } from '../../dispatcher/connection.ts'
import { signedBytes } from '../../peer/address-records.ts'
import type { Links } from '../../peer/links.ts'
import { sample } from '../../sync/sample.ts'
import type { AddressExchange } from '../reach/exchange.ts'
import type { Members } from './members.ts'

export interface MemberAsksParts {
  readonly self: PeerId
  readonly clock: Clock
  readonly links: Links
  readonly named: NamedPeers
  readonly members: Pick<Members, 'known' | 'tellable' | 'take' | 'onNews'>
  readonly exchange: Pick<AddressExchange, 'took'>
  /** Reports whether a peer watches a tree here, and so asks by itself. */
  isWatchedBy(tree: TreeId, peer: PeerId): boolean
  /** Called when a peer tells what it may not tell. */
  onError(error: CausewayError, where: string): void
}

/** An open connection. */
interface Line {
  readonly pending: Set<TreeId>
  /** The records that crossed on it, in either direction. */
  readonly crossed: Set<string>
  running: boolean
  /** No question begins before this, in monotonic time. */
  nextAt: number
  cancelTimer: () => void
}

export class MemberAsks {
  private readonly parts: MemberAsksParts
  private readonly lines = new Map<PeerConnection, Line>()

  constructor(parts: MemberAsksParts) {
    this.parts = parts
    parts.members.onNews((tree, member, teller) => this.learned(tree, member, teller))
  }

  /** A connection was opened: asks on it, at the latest after a while. A watch asks sooner. */
  opened(connection: PeerConnection): void {
    if (connection.exchangeAddresses === undefined || connection.endReason !== undefined) return
    const line = {
      ...{ pending: new Set<TreeId>(), crossed: new Set<string>(), running: false },
      ...{ nextAt: this.parts.clock.monotonic() + limits.recordNewsMs, cancelTimer: () => {} },
    }
    this.lines.set(connection, line)
    connection.onEnd(() => {
      line.cancelTimer()
      this.lines.delete(connection)
    })
    this.add(connection, line, this.treesWith(connection.peer))
  }

  /** A watch on a connection has begun, or has said that there are new records: asks soon. */
  ask(connection: PeerConnection, trees: readonly TreeId[], isBeginning = false): void {
    const line = this.lines.get(connection)
    if (line === undefined) return
    if (isBeginning) line.nextAt = Number.NEGATIVE_INFINITY
    this.add(connection, line, trees)
  }

  /** Asks some connected members of the trees that are shared with a peer where that peer is. */
  askAbout(peer: PeerId): void {
    const shared = new Set(this.treesWith(peer))
    const able = [...this.lines].flatMap(([connection, line]) => {
      const trees = this.treesWith(connection.peer).filter((tree) => shared.has(tree))
      return connection.peer !== peer && trees.length > 0 ? [{ connection, line, trees }] : []
    })
    for (const { connection, line, trees } of sample(able, limits.healPeers, this.parts.clock.random))
      this.add(connection, line, trees)
  }

  close(): void {
    for (const { cancelTimer } of this.lines.values()) cancelTimer()
    this.lines.clear()
  }

  /** A record was learned, or a policy has changed: peers that do not watch the tree here are told by a question. */
  private learned(tree: TreeId, member: PeerId | undefined, teller: PeerId | undefined): void {
    for (const [connection, line] of this.lines) {
      const { peer } = connection
      const asksItself = member !== undefined && this.parts.isWatchedBy(tree, peer)
      if (peer !== teller && peer !== member && !asksItself) this.add(connection, line, [tree])
    }
  }

  private treesWith(peer: PeerId): TreeId[] {
    return this.parts.links.ofPeer(peer).map(({ tree }) => tree)
  }

  private add(connection: PeerConnection, line: Line, trees: readonly TreeId[]): void {
    for (const tree of trees) if (this.isOfUse(tree, connection.peer)) line.pending.add(tree)
    this.plan(connection, line)
  }

  /** Whether a peer may know of members: the tree is linked with it, names this node, and has more members than the two. */
  private isOfUse(tree: TreeId, peer: PeerId): boolean {
    const { self, links, named } = this.parts
    if (links.get(tree, peer) === undefined || !named.isNamed(tree, self)) return false
    return named.members(tree).some((member) => member !== self && member !== peer)
  }

  private plan(connection: PeerConnection, line: Line): void {
    line.cancelTimer()
    if (line.pending.size === 0 || line.running || !this.lines.has(connection)) return
    const { clock } = this.parts
    const waitMs = Math.max(0, line.nextAt - clock.monotonic())
    line.cancelTimer = clock.setTimer(waitMs, () => void this.run(connection, line))
  }

  private async run(connection: PeerConnection, line: Line): Promise<void> {
    line.running = true
    line.nextAt = this.parts.clock.monotonic() + limits.recordNewsMs
    const trees = [...line.pending]
    line.pending.clear()
    try {
      for (const tree of trees) await this.exchange(connection, line, tree)
    } catch (thrown) {
      const error = CausewayError.from(thrown)
      // Another failure means that it has no such call, or that the connection is gone.
      if (error.code === 'PROTOCOL' || error.code === 'LIMIT_EXCEEDED') {
        this.lines.delete(connection)
        this.parts.onError(error, `addresses that ${connection.peer} tells`)
      }
    } finally {
      line.running = false
      this.plan(connection, line)
    }
  }

  /** Asks about one tree until the peer has told all. */
  private async exchange(connection: PeerConnection, line: Line, tree: TreeId): Promise<void> {
    const { members, exchange } = this.parts
    const { peer, remoteAddress = '' } = connection
    for (let round = 0; round < limits.recordRounds; round++) {
      const tellable = await members.tellable(tree, peer, remoteAddress)
      const lacking = tellable
        .map(({ peer, kept }) => ({ kept, name: nameOf(peer, kept) }))
        .filter(({ name }) => !line.crossed.has(name))
        .sort((a, b) => b.kept.sequence - a.kept.sequence)
        .slice(0, limits.newsRecords)
      const news = lacking.map(({ kept }) => signedBytes(kept))
      const ask = { tree, known: members.known(tree), news, limit: limits.answerRecords }
      const { own, records = [], more } = await connection.exchangeAddresses!(ask)
      for (const { name } of lacking) cross(line, name)
      await exchange.took(peer, { own, observed: '' }, { remoteAddress, quic: false })
      const taken = await members.take(tree, peer, records, remoteAddress)
      for (const record of taken) cross(line, nameOf(record.peer, record))
      if (!more || taken.length === 0) return
    }
  }
}

/** Notes that a record has crossed. One that is forgotten since there are too many may cross again. */
function cross({ crossed }: Line, name: string): void {
  crossed.add(name)
  if (crossed.size > limits.recordsKept) crossed.delete(crossed.values().next().value!)
}

function nameOf(peer: PeerId, { near, sequence }: { near: boolean; sequence: number }): string {
  return `${peer}${near ? 'near' : 'wide'}${sequence}`
}
