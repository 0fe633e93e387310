/** The result of a session, apart from the session so that its parts can use it too. */
import type { TreeId } from '../../dag/id.ts'
import type { SyncStatus } from '../remote.ts'

/** What a session did: the figures that its caller shows, and how far it brought the two sides. */
export interface SessionResult {
  readonly tree: TreeId
  /** Entries received that were new here. */
  received: number
  /** Entries sent that were new at the remote. */
  sent: number
  /** How many SyncTree calls it made. */
  roundTrips: number
  /** The status in each answer. */
  readonly statuses: SyncStatus[]
  /** Entries that crossed the wire although the other side had them. */
  redundant: number
  /** Sketch cells that crossed the wire. */
  cells: number
  /** Records of our store that were read to find the difference. */
  storeReads: number
  /** Whether both sides had the same entries at the end. */
  equal: boolean
  /**
   * Our latest arrival when the session had done its work: both sides were equal or, in a session of one direction,
   * that direction was complete. Undefined if writers outran the session.
   */
  settledAt: number | undefined
  /** The digest of our tips at the end; if `equal`, the remote's too. */
  tipsDigest: string
  /** How many entries we had at the end. */
  count: number
}
