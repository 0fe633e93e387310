/** What a node is opened with and what it tells; and the transports that follow from the options. */
import type { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import type { AccessRequest } from '../access/requests.ts'
import type { Clock } from '../base/clock.ts'
import type { VerifiedEntry } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'
import type { Identity, PeerId } from '../dag/identity.ts'
import type { LinkStatus } from '../peer/links.ts'
import type { SyncResult } from '../rpc/services/node-service.ts'
import type { Database } from '../store/database/open.ts'
import type { QuotaOptions } from '../store/quota.ts'
import type { SessionProgress } from '../sync/ask/session.ts'
import type { HttpTransportOptions } from '../transport/http.ts'
import type { IrohTransportOptions } from '../transport/iroh/iroh.ts'
import type { Transport } from '../transport/transport.ts'
import type { JoinStanding } from './joining/joiner.ts'

export interface NodeOptions {
  /** The data folder: key, store and control socket live there. Without it the node lives in memory. */
  readonly data?: string
  /** The node's key in place of the data folder's, or of a new one in memory. */
  readonly identity?: Identity
  /** Where to serve HTTP/2 and HTTP/1.1; absent: the node only dials. */
  readonly http?: HttpTransportOptions['listen']
  /** For dialling `https:` addresses: authorities to trust in place of the system's. */
  readonly tls?: HttpTransportOptions['tls']
  /** QUIC by iroh. It is loaded only when it listens or an `iroh:` address is dialled. */
  readonly quic?: QuicOptions
  /** Transports beside these, each with its own server. */
  readonly transports?: readonly Transport[]
  /** Peers that may operate the node from afar, as its own key may: NodeService, TreeService, and all trees. */
  readonly operators?: readonly PeerId[]
  /** How much disk it gives, in all, to a tree and to an author. */
  readonly quota?: QuotaOptions
  readonly clock?: Clock
  /** An open database in place of the data folder's or of a new one in memory; the node closes it. */
  readonly database?: Database
  /** False: a peer that a tree's policy names is not linked with the tree by itself when it is first served it. */
  readonly autoLink?: boolean
  /** False: linked trees are left alone until `flush`, for a node that lives for one command. */
  readonly background?: boolean
}

export interface QuicOptions {
  /** Whether to serve on it; else the node only dials. */
  readonly listen?: boolean
  /** `host:port`; absent: all interfaces and a free port. */
  readonly bind?: string
  /** n0's public relays (the default), none, or the URLs of own ones. */
  readonly relay?: IrohTransportOptions['relay']
}

export interface SyncOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: SessionProgress) => void
}

export interface JoinOptions {
  /** READ (the default) or WRITE; an invitation in the ticket decides for itself. */
  readonly permission?: Permission
  /** A word to the admins. */
  readonly message?: string
  readonly signal?: AbortSignal
  /** Go on asking also in a node that leaves its links alone. */
  readonly goOn?: boolean
}

export interface NodeEvents {
  /**
   * Entries were added to a tree, by a commit here or by a sync; without those that are void as they come. With a policy
   * entry among them, others may have become void, or no longer be: read the tree again.
   */
  entries: [tree: TreeId, added: readonly VerifiedEntry[]]
  /** A session that `sync` began ended well. */
  sync: [result: SyncResult]
  /** Somebody asks to be let into a tree: `requests` lists and decides. */
  request: [request: AccessRequest]
  /** How a tree stands that this node wants to join. */
  join: [standing: JoinStanding]
  /** The standing of a link has changed. */
  status: [status: LinkStatus]
  /** A handler failed for a reason that is not its caller's. */
  problem: [error: unknown, where: string]
}
