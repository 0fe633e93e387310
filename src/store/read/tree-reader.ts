/**
 * What it takes to read trees: the store without the right to write it, and without its keys and records. Sync and
 * other readers of trees depend on this, so that another store, or a view of one, can take its place.
 */
import type { TraceContext } from '../../base/tracing/tracing.ts'
import type { Sketch } from '../../dag/difference/sketch.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import type { PageListener } from '../contributors.ts'
import type { IndexRecord } from '../engine/records.ts'
import type { TreeInfo, TreeSummary, TreeView } from '../tree-state.ts'
import type { ScanOptions, SizedPosition, Snapshot, StoredEntry } from './reader.ts'

export interface TreeReader {
  /** Returns the tree's counts, or undefined if there is no such tree. */
  tree(tree: TreeId): TreeInfo | undefined
  /** Returns tips, digest and count of one moment; those of an empty set if there is no such tree. */
  summary(tree: TreeId): Promise<TreeSummary>
  /** Returns the digest of the tree's tips, '' if there is no such tree. */
  tipsDigest(tree: TreeId): Promise<string>
  /** Returns the tree between two pages, with a snapshot to dispose; undefined if there is no such tree. */
  view(tree: TreeId): Promise<TreeView | undefined>

  /** Returns the index record of each id, or undefined for an id that is not stored. */
  lookup(ids: readonly EntryId[], snapshot?: Snapshot): Promise<(IndexRecord | undefined)[]>
  /** Like `lookup`, but an entry of another tree counts as not stored. */
  lookupIn(tree: TreeId, ids: readonly EntryId[], snapshot?: Snapshot): Promise<(IndexRecord | undefined)[]>
  /** Returns the entry whose id begins with each prefix, or undefined if there is none. */
  resolve(
    tree: TreeId,
    prefixes: readonly string[],
    snapshot?: Snapshot,
  ): Promise<(SizedPosition | undefined)[]>

  /** Returns the entries at known positions, in that order. */
  read(tree: TreeId, positions: readonly Position[]): Promise<StoredEntry[]>
  /** Reads entries in (height, id) order, in pages. */
  scan(tree: TreeId, options?: ScanOptions): AsyncGenerator<StoredEntry[]>
  /** Reads positions in (height, id) order, in pages, without the entries. */
  positions(
    tree: TreeId,
    options?: Pick<ScanOptions, 'after' | 'snapshot' | 'reverse'>,
  ): AsyncGenerator<Position[]>
  /** Returns the arrivals after a sequence number, at most `limit`, in the order in which they came. */
  arrivals(tree: TreeId, afterSequence: number, limit: number): Promise<(Position & { sequence: number })[]>

  /** The latest arrivals, kept in memory. */
  readonly latest: {
    /** Returns the arrivals after `from` up to `upTo`, or undefined if some of them are not in memory. */
    between(tree: TreeId, from: number, upTo: number): readonly SignedEntry[] | undefined
  }
  /** Which spans brought the latest arrivals. */
  readonly traces: {
    /** Returns the spans that brought the arrivals after `from` up to `upTo`, as far as they are known. */
    between(tree: TreeId, from: number, upTo: number): readonly TraceContext[]
  }
  /** The live set sketch of each tree. */
  readonly sketches: {
    /** Returns the sketch of exactly the stored entries, or undefined if there is no such tree. */
    of(tree: TreeId): Promise<Sketch | undefined>
    /** Announces how many entries a tree is about to have, until the result is disposed. */
    expect(tree: TreeId, count: number): Disposable
  }
  /** Ids at chosen heights, which show a peer how far it knows a tree. */
  readonly landmarks: {
    /** Returns at most `perHeight` ids at each height, and how many seeks that took. */
    at(
      view: TreeView,
      heights: readonly number[],
      perHeight: number,
    ): Promise<{ ids: readonly (readonly EntryId[])[]; reads: number }>
  }

  /** Calls `listener` after each page that added entries, until the returned function is called. */
  subscribe(listener: PageListener): () => void
}
