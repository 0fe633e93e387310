/** The options of a node and of its calls, and the events that it emits. */
import type { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import type { Offer } from '../access/offers.ts'
import type { AccessRequest } from '../access/requests.ts'
import type { Clock } from '../base/clock.ts'
import type { VerifiedEntry } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'
import type { Identity, PeerId } from '../dag/identity.ts'
import type { LanNetwork } from '../find/multicast.ts'
import type { LinkStatus } from '../peer/links.ts'
import type { CallReport } from '../rpc/server/observe.ts'
import type { SyncResult } from '../rpc/services/node-service.ts'
import type { ShownSetting } from '../rpc/services/page/operating-handlers.ts'
import type { LogSource } from '../rpc/services/page/watch-log.ts'
import type { Database } from '../store/database/open.ts'
import type { MigrationProgress } from '../store/formats/migrate.ts'
import type { QuotaOptions } from '../store/quota.ts'
import type { SessionProgress } from '../sync/ask/session.ts'
import type { HttpTransportOptions } from '../transport/http.ts'
import type { IrohTransportOptions } from '../transport/iroh/iroh.ts'
import type { Transport } from '../transport/transport.ts'
import type { JoinStanding } from './joining/joiner.ts'

/** The options of `createNode`. */
export interface NodeOptions {
  /** The data folder, which holds the key and the store. Without it the node lives in memory. */
  readonly data?: string
  /** The node's key. Default: the key of the data folder, which is created with it, or a new one in memory. */
  readonly identity?: Identity
  /** Where `listen` serves HTTP/2 and HTTP/1.1. Without it the node dials HTTP but does not serve it. */
  readonly http?: HttpListenOptions
  /** The certificate authorities to trust when dialling `https:` addresses. Default: those of Node.js. */
  readonly tls?: HttpTransportOptions['tls']
  /**
   * Allows to dial plain HTTP that leaves this machine: anyone on the path can then read and change what is said.
   * Default: what `http.insecure` allows to serve.
   */
  readonly insecure?: boolean
  /** QUIC, through iroh, which is loaded only when the node listens on it or dials an `iroh:` address. */
  readonly quic?: QuicOptions
  /**
   * Addresses at which others reach the node and that it cannot see itself, behind a NAT, a proxy or a name:
   * `http://host:port`, `https://host:port`, or `quic:ip:port`. They come first in its addresses and tickets.
   */
  readonly advertise?: readonly string[]
  /**
   * Where to look for peers whose addresses are not known, as in a cluster: `dns+srv:NAME`, `dns+http://HOST:PORT`,
   * `file:PATH`. A seed names no key; see docs/network.md.
   */
  readonly seeds?: readonly string[]
  /**
   * Whether to find known peers in the LAN by beacons, and to be found by them; see docs/network.md. A node that can be
   * dialled on this machine only sends none. Default: false; `causeway serve` does. A `LanNetwork` stands in for the LANs
   * of the machine, for simulations.
   */
  readonly lan?: boolean | LanNetwork
  /** Further transports, each with its own server. */
  readonly transports?: readonly Transport[]
  /** Peers that may operate this node as its own key may: make every call, and read all trees. */
  readonly operators?: readonly PeerId[]
  /**
   * The hashes of the certificates of proxies that end TLS in front of the node, in hex (`tls-server-end-point` of RFC
   * 5929): handshakes and tokens that name one of them are for this node.
   */
  readonly tlsBindings?: readonly string[]
  /**
   * Names by which requests may call the node over HTTP, beside IP addresses, `localhost` and the names in its
   * certificate: those by which a proxy or an application reaches a listener on this machine. Callers that cannot see
   * the node's certificate name one of them in their tokens.
   */
  readonly allowedHosts?: readonly string[]
  /**
   * Origins whose web pages may call the node over HTTP, such as `https://app.example`. `*`: pages of all origins may
   * make calls without a token, which read public trees. Default: none.
   */
  readonly corsOrigins?: readonly string[]
  /** How many bytes of entries the node stores in all, for one tree, and for one author in a tree. */
  readonly quota?: QuotaOptions
  /** The latest lines of the program's log, which operators read from elsewhere. Default: none. */
  readonly log?: LogSource
  /** Returns the settings of the program, for operators: none of them a secret. Default: none. */
  readonly settings?: () => readonly ShownSetting[]
  /** Time and randomness. Default: `systemClock`. */
  readonly clock?: Clock
  /** An open database to use instead of the data folder's or a new one in memory. The node closes it. */
  readonly database?: Database
  /**
   * Whether to link a tree automatically with a peer that its policy names when the peer is first served it. Default:
   * true.
   */
  readonly autoLink?: boolean
  /**
   * Whether to sync links and ask for pending joins in the background. Default: true. False is for a node that lives
   * for one command: it leaves its links alone until `flush`.
   */
  readonly background?: boolean
  /**
   * Whether calls of strangers, too, continue the traces that they name. Default: false, since a caller that says that it
   * is recorded would usually be. See docs/operating.md.
   */
  readonly traceStrangers?: boolean
  /**
   * Called while a store that an earlier version wrote is migrated to the format of this one, first before anything is
   * written. Earlier versions cannot read the store from then on.
   */
  readonly onMigration?: (progress: MigrationProgress) => void
}

/** Where a node serves HTTP. */
export type HttpListenOptions = Omit<NonNullable<HttpTransportOptions['listen']>, 'port'> & {
  /**
   * 0 takes a free port. Without it the node takes the port that it had last on its data folder, else
   * `limits.defaultPort` or one of the next, else a free one.
   */
  readonly port?: number
}

/** How a node uses QUIC. */
export interface QuicOptions {
  /** Whether `listen` also serves QUIC. Default: false, the node only dials it. */
  readonly listen?: boolean
  /** The local address, `host:port`. Default: all interfaces, and a port that is chosen as that of HTTP is. */
  readonly bind?: string
  /**
   * The relays used to cross NATs: none (`'off'`, the default), your own by URL, or n0's public ones (`'n0'`). A relay
   * learns which nodes talk with each other, from where, when, and how much.
   */
  readonly relay?: IrohTransportOptions['relay']
  /** The token that your own relays ask for. */
  readonly relayToken?: string
  /** The UDP port at which your own relays tell nodes where they are seen, which punching holes needs. */
  readonly relayDiscoveryPort?: number
}

/** The options of `Node.sync`. */
export interface SyncOptions {
  /** Ends the session with CANCELLED. */
  readonly signal?: AbortSignal
  /** Called as entries move, with the numbers of entries so far and expected. */
  readonly onProgress?: (progress: SessionProgress) => void
}

/** The options of `Node.join`. */
export interface JoinOptions {
  /** The permission to request, READ (the default) or WRITE. An invitation in the ticket grants its own. */
  readonly permission?: Permission
  /** A message to the admins, at most `limits.accessTextBytes` bytes. Without it, that of a pending join stays. */
  readonly message?: string
  /** Cancels dialling the issuer of a ticket that does not name it. */
  readonly signal?: AbortSignal
  /** Starts the background work of a node that was created without it, so that it keeps asking. Default: false. */
  readonly goOn?: boolean
}

/** The events of a `Node`, with the arguments of their listeners. */
export interface NodeEvents {
  /**
   * Entries were stored in a tree, by a commit here or by a sync. Entries that are void on arrival are left out. If a
   * policy entry is among them, other entries may have become void or valid: read the tree again.
   */
  entries: [tree: TreeId, added: readonly VerifiedEntry[]]
  /** A call of `sync` succeeded. */
  sync: [result: SyncResult]
  /** A peer requests access to a tree, or another permission than before: decide with `Node.requests`. */
  request: [request: AccessRequest]
  /** A peer offers a tree that this node lacks: decide with `causeway offers` or NodeService. */
  offer: [offer: Offer]
  /** The standing of a join has changed. */
  join: [standing: JoinStanding]
  /** The status of a link has changed. */
  status: [status: LinkStatus]
  /** A call over a connection has ended: how it went. */
  call: [report: CallReport]
  /**
   * A call failed for a reason that is not its caller's, or a tree could not be linked automatically. `where` names the
   * method or the link.
   */
  problem: [error: unknown, where: string]
}
