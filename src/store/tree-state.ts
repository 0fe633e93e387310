/** What memory holds of a tree that is in use: its counts, its tips and its policy. */
import { CausewayError } from '../base/errors.ts'
import { digestTips, type EntryId, type TreeId } from '../dag/id.ts'
import { PolicyState } from '../dag/policy/state.ts'
import { TreePolicy } from '../dag/policy/tree-policy.ts'
import { checkAgreement } from './damage/agreement.ts'
import { damagedTree, isDamageOf } from './damage/damaged-tree.ts'
import { storeError } from './database/errors.ts'
import type { TreeRecord } from './engine/records.ts'
import { readPolicy } from './read/policies.ts'
import type { Snapshot, StoreReader } from './read/reader.ts'

/** A tree's counts. */
export interface TreeInfo {
  readonly tree: TreeId
  /** The number of entries, void ones included. */
  readonly count: number
  /** The bytes of all bodies and signatures. */
  readonly bytes: number
  /** The greatest height of an entry. */
  readonly height: number
  /** The number of the latest arrival, from 1. */
  readonly sequence: number
}

/** Identifies a tree's whole set of entries: two sides with the same digest and count hold the same entries. */
export interface TreeDigest {
  /** `digestTips` of the tips. */
  readonly tipsDigest: string
  readonly count: number
}

/** A tree's tips and digest at one moment, between two pages. */
export interface TreeSummary extends TreeDigest {
  /** In ascending order. */
  readonly tips: readonly EntryId[]
  /** The number of the latest arrival, 0 if there is none. */
  readonly sequence: number
}

/** A tree at one moment, and a snapshot of the store at that moment. */
export interface TreeView extends TreeInfo, TreeSummary, AsyncDisposable {
  readonly snapshot: Snapshot
}

/** What memory holds of a tree that is in use. Publishing a page changes all of it together. */
export interface TreeState {
  record: TreeRecord
  /** The tips with their heights. */
  tips: Map<EntryId, number>
  /** Grows when a page is planned; `policyState` follows when the page is stored. */
  readonly policy: TreePolicy
  /** How many of the policy's points are stored. */
  pointsStored: number
  policyState: PolicyState
  /** Whether the void marks are out of date. */
  stale: boolean
  /** Computed when asked for, and dropped with the next page. */
  summary: TreeSummary | undefined
}

/** The summary of a tree that is not stored. */
export const emptySummary: TreeSummary = { tips: [], tipsDigest: '', count: 0, sequence: 0 }

/**
 * Reads a tree's state as its last batch left it. Throws STORE_CORRUPT, for which `isDamageOf` is true if the tree's
 * records are damaged, and false if the database could not be read.
 */
export async function readState(store: StoreReader, tree: TreeId, record: TreeRecord): Promise<TreeState> {
  try {
    const state = await readRecords(store, tree, record)
    await checkAgreement(store.engine, tree, state)
    return state
  } catch (error) {
    if (isDamageOf(tree, error)) throw error
    const isOfLevel = (error as { code?: string }).code?.startsWith('LEVEL_')
    const known = isOfLevel ? storeError(error, 'The store could not be read') : error
    // Of the database: the disk is full or cannot be read, the store is closed, or the tree was removed meanwhile.
    if (known instanceof CausewayError && isOfDatabase(known)) throw known
    // A record whose checksum is wrong, an entry that is damaged or not stored, a policy that cannot be built from what is
    // left, or a table of LevelDB that is damaged.
    throw damagedTree(tree, known instanceof CausewayError ? known.message : String(known), error)
  }
}

function isOfDatabase({ code, cause }: CausewayError): boolean {
  if (code === 'STORE_CORRUPT')
    return cause !== undefined && (cause as { code?: string }).code !== 'LEVEL_CORRUPTION'
  return !code.startsWith('ENTRY_')
}

async function readRecords(store: StoreReader, tree: TreeId, record: TreeRecord): Promise<TreeState> {
  const tips = await store.engine.tips(record.number)
  const policy = await readPolicy(store, tree, record)
  const stale = await store.engine.isStale(record.number)
  const pointsStored = policy.graph.points.length
  const policyState = policy.whole().state
  return { record, tips, policy, pointsStored, policyState, stale, summary: undefined }
}

export function emptyRecord(number: number): TreeRecord {
  return {
    number,
    count: 0,
    bytes: 0,
    height: 0,
    sequence: 0,
    tips: 0,
    tipSum: 0,
    policies: 0,
    points: 0,
  }
}

export function newTree(number: number): TreeState {
  return {
    record: emptyRecord(number),
    tips: new Map(),
    policy: new TreePolicy(),
    pointsStored: 0,
    policyState: PolicyState.none,
    stale: false,
    summary: undefined,
  }
}

export function infoOf(tree: TreeId, { count, bytes, height, sequence }: TreeRecord): TreeInfo {
  return { tree, count, bytes, height, sequence }
}

export function summaryOf(state: TreeState): TreeSummary {
  if (state.summary === undefined) {
    const tips = [...state.tips.keys()].sort()
    const { count, sequence } = state.record
    state.summary = { tips, tipsDigest: digestTips(tips), count, sequence }
  }
  return state.summary
}
