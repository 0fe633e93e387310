/** What reads and watches of a tree's state ask for and show, whoever carries them out. */
import type { EntryId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { PastAction, StoreKey } from '../effects.ts'
import type { Blob } from '../payload.ts'

/** What one entry put under a key. */
export interface Version {
  /** The entry, or `zeroVersion`. */
  readonly id: EntryId
  readonly height: number
  readonly author: PeerId
  readonly createdAtMs: number
  /** The value's media type; '' for bytes. */
  readonly type: string
  /** Empty if there is a blob. */
  readonly value: Uint8Array
  readonly blob?: Blob | undefined
  /**
   * The number that the value is, if it is one in decimal digits, plus what was added to it, modulo 2^64 as an int64.
   * Undefined if the value is no number and nothing was added.
   */
  readonly sum: bigint | undefined
}

/** A key as a read shows it. */
export interface Item extends StoreKey {
  /** The greatest head, or undefined if the key is absent. */
  readonly version: Version | undefined
  /** The other heads, greatest first, as many as fit into the answer. Lists leave them out. */
  readonly conflicts: readonly Version[]
  /** How many other heads there are. */
  readonly conflictCount: number
  /** Whether the key has no head, but a text: then `version` may show it. */
  readonly isText?: boolean | undefined
}

/** `change`: the entry puts nothing. */
export type VersionStanding = 'head' | 'replaced' | 'void' | 'change'

/** What an entry did to a key, in its history. */
export interface PastVersion {
  readonly version: Version
  readonly action: PastAction
  readonly standing: VersionStanding
  /** The versions that the entry replaced. */
  readonly replaces: readonly EntryId[]
  /** The sum of what the entry added, or undefined if it added nothing. */
  readonly added: bigint | undefined
}

/** What a read waits for. */
export interface ReadOptions {
  /** Entries that must be counted before the read: what writes returned. At most `limits.stateTokens`. */
  readonly at?: readonly EntryId[] | undefined
  /** How long to wait for them. Default: `limits.stateWaitMs`. */
  readonly waitMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A page of a list, and the key after which the next one begins; undefined after the last. */
export interface Page<Row> {
  readonly rows: readonly Row[]
  readonly next: string | undefined
}

export interface ListOptions {
  readonly store: string
  readonly prefix?: string | undefined
  readonly after?: string | undefined
  /** Default and most: `limits.listedEntries`. */
  readonly limit?: number | undefined
  /** Only keys with conflicts. */
  readonly conflictsOnly?: boolean | undefined
  /** Also keys that have a text and no head. */
  readonly texts?: boolean | undefined
}

/** The keys to follow, and the arrival after which to go on; 0: begin with all keys. */
export interface WatchOptions {
  readonly store: string
  readonly prefix?: string | undefined
  readonly after?: number | undefined
  /** Begin with no keys, but with what changes from now on. */
  readonly changesOnly?: boolean | undefined
}

/** Some keys as they are now. No items: a sign of life. */
export interface WatchMessage {
  readonly items: readonly Item[]
  /** Up to which arrival the keys sent so far are complete; 0 before `synced`. */
  readonly sequence: number
  /** Whether all keys were sent. */
  readonly synced: boolean
}
