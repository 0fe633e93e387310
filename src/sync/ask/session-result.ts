/** What a session did: the figures that its caller shows, and up to where it brought both sides. */
import type { TreeId } from '../../dag/id.ts'
import type { SyncStatus } from '../remote.ts'

export interface SessionResult {
  readonly tree: TreeId
  /** Entries that were new here. */
  received: number
  /** Entries that were new there. */
  sent: number
  /** SyncTree exchanges. */
  roundTrips: number
  /** How the remote answered each of them. */
  readonly statuses: SyncStatus[]
  /** Entries that crossed the wire although the other side had them. */
  redundant: number
  /** Sketch cells that crossed the wire. */
  cells: number
  /** Reads of our store that finding the difference took. */
  storeReads: number
  /** Whether both sides had the same entries at the end. */
  equal: boolean
  /**
   * Our latest arrival when the session had done what it was to do: both sides were equal or, in a session of one
   * direction, that one was complete. Undefined where writers have outrun it.
   */
  settledAt: number | undefined
  /** The digest of our tips at the end; where the session ended equal, the remote's too. */
  tipsDigest: string
  /** How many entries we have then. */
  count: number
}
