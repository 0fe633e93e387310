/**
 * Whether a tree is what it should be: one scan re-reads, re-hashes and re-verifies every entry and compares all that
 * the store keeps about it, then arrivals, tips and totals are held against what was found. Memory stays bounded
 * by a few bits for each entry. A damaged record is told once, without what merely follows from it.
 */
import { cancelled } from '../../base/clock.ts'
import { CausewayError, unknownTree } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import { type Entry, entryBytes, readEntry } from '../../dag/entry.ts'
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import * as layout from '../database/layout.ts'
import { Recent } from '../read/recent.ts'
import type { DagStore, Snapshot, TreeView } from '../store.ts'
import { verifyAll } from '../verify/verify.ts'
import { PolicyAudit } from './audit-policy.ts'
import { Bits } from './bits.ts'
import { type AuditProblem, Findings, TooMany } from './findings.ts'

export type { AuditProblem } from './findings.ts'

export interface AuditResult {
  /** Entries that were read. */
  readonly checked: number
  /** At most `limits.auditProblems`; with as many the audit has stopped early. */
  readonly problems: readonly AuditProblem[]
}

export interface AuditOptions {
  readonly onProgress?: ((checked: number, count: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Audits a tree as it is now, while writes may go on. UNKNOWN_TREE, CANCELLED. */
export async function auditTree(
  store: DagStore,
  tree: TreeId,
  options: AuditOptions = {},
): Promise<AuditResult> {
  let opened: TreeView | undefined
  try {
    opened = await store.view(tree)
  } catch (error) {
    const { code, message } = CausewayError.from(error)
    if (code !== 'STORE_CORRUPT') throw error
    return { checked: 0, problems: [{ code, message }] }
  }
  if (opened === undefined) throw unknownTree(tree)
  await using view = opened
  const value = await store.db.get(layout.treeKey(tree), { snapshot: view.snapshot })
  const record = attempt(() => layout.decodeTree(value!))
  if (record === undefined) {
    const message = `The record of the tree ${tree} is damaged.`
    return { checked: 0, problems: [{ code: 'STORE_CORRUPT', message }] }
  }
  const audit = new Audit(store, tree, record, view.snapshot, options)
  try {
    await audit.run()
  } catch (error) {
    if (!(error instanceof TooMany)) throw error
  }
  return { checked: audit.checked, problems: audit.findings.problems }
}

/** What later entries need to know of one that is stored. */
interface Seen {
  readonly height: number
  readonly sequence: number | undefined
  /** The point of the policy after it. */
  readonly after: number
}

/** A row of the scan. */
interface Row {
  readonly position: Position
  readonly size: number
  /** Absent where the bytes are damaged. */
  readonly entry: Entry | undefined
}

class Audit {
  checked = 0
  private readonly store: DagStore
  private readonly tree: TreeId
  private readonly record: layout.TreeRecord
  private readonly snapshot: Snapshot
  private readonly options: AuditOptions
  readonly findings = new Findings()
  /** By arrival: whether an entry claims it, whether another stands on that entry, whether it is kept as a tip. */
  private readonly claimed = new Bits()
  private readonly hasChild = new Bits()
  private readonly isTip = new Bits()
  /** The latest entries read, since parents are mostly among them. */
  private readonly recent = new Recent<EntryId, Seen>(limits.auditRecentEntries)
  private readonly found = { count: 0, bytes: 0, height: 0, sequence: 0 }

  constructor(
    store: DagStore,
    tree: TreeId,
    record: layout.TreeRecord,
    snapshot: Snapshot,
    options: AuditOptions,
  ) {
    this.store = store
    this.tree = tree
    this.record = record
    this.snapshot = snapshot
    this.options = options
  }

  private policy!: PolicyAudit

  async run(): Promise<void> {
    const { record } = this
    this.policy = await PolicyAudit.open(this.store, this.tree, this.snapshot, this.findings)
    for await (const rows of this.rows(layout.entryRange(record.number))) {
      await this.page(rows)
      this.checked += rows.length
      this.options.onProgress?.(this.checked, record.count)
    }
    for await (const rows of this.rows(layout.arrivalRange(record.number))) await this.arrivals(rows)
    for await (const rows of this.rows(layout.tipRange(record.number))) await this.tips(rows)
    await this.lostTips()
    await this.policy.marks(record.number)
    for (const total of ['count', 'bytes', 'height', 'sequence'] as const)
      if (record[total] !== this.found[total])
        this.findings.damaged(
          undefined,
          `The tree's record says that its ${total} is ${record[total]}, but it is ${this.found[total]}.`,
        )
  }

  private async *rows(range: { gte: Buffer; lt: Buffer }): AsyncGenerator<[Buffer, Buffer][]> {
    for await (const rows of this.store.rows(range, { snapshot: this.snapshot })) {
      if (this.options.signal?.aborted) throw cancelled(this.options.signal)
      yield rows
    }
  }

  private getMany(keys: Buffer[]): Promise<(Buffer | undefined)[]> {
    return this.store.db.getMany(keys, { snapshot: this.snapshot })
  }

  private async indexes(ids: readonly EntryId[]): Promise<(layout.IndexRecord | undefined)[]> {
    const values = await this.getMany(ids.map(layout.indexKey))
    return values.map((value) => value && attempt(() => layout.decodeIndex(value)))
  }

  private async page(raw: readonly [Buffer, Buffer][]): Promise<void> {
    const rows = raw.flatMap(([key, value]) => this.read(key, value) ?? [])
    const verifying = verifyAll(rows.flatMap(({ entry }) => entry ?? []))
    const indexes = await this.indexes(rows.map(({ position }) => position.id))
    const arrivals = await this.getMany(
      indexes.map((index) => layout.arrivalKey(this.record.number, index?.sequence ?? 0)),
    )
    let verified = 0
    const results = await verifying
    for (const [at, row] of rows.entries()) {
      const { id } = row.position
      if (row.entry !== undefined) {
        const result = results[verified++]
        if (result instanceof CausewayError) this.findings.tell(id, result.code, result.message)
      }
      const index = indexes[at]
      this.checkIndex(row, index)
      if (index !== undefined) {
        if (!arrivals[at]?.equals(layout.encodePosition(row.position))) {
          this.findings.damaged(id, `Arrival ${index.sequence} does not name the entry ${id}.`)
          // That arrival says nothing of tips either.
          this.isTip.add(index.sequence)
        }
        this.claimed.add(index.sequence)
      }
      this.found.bytes += row.entry === undefined ? (index?.size ?? row.size) : row.size
      const height = row.entry?.body.height ?? index?.height ?? row.position.height
      this.found.height = Math.max(this.found.height, height)
    }
    await this.checkParents(rows, indexes)
  }

  /** Reads one record of the scan and checks what its bytes alone decide, but for the signature. */
  private read(key: Buffer, value: Buffer): Row | undefined {
    if (key.length !== 45) {
      this.findings.damaged(undefined, `A record of an entry has a key of ${key.length} bytes.`)
      return undefined
    }
    const position = layout.positionOfKey(key)
    const { id } = position
    const signed = layout.decodeEntry(value)
    const size = entryBytes(signed)
    const damaged = () => {
      this.findings.damaged(id, `The bytes of the entry ${id} do not give its id.`)
      return { position, size, entry: undefined }
    }
    let entry: Entry
    try {
      entry = readEntry(signed)
    } catch (error) {
      if (sha256Hex(signed.signature, signed.body) !== id) return damaged()
      const { code, message } = CausewayError.from(error)
      this.findings.tell(id, code, message)
      return { position, size, entry: undefined }
    }
    if (entry.id !== id) return damaged()
    if (entry.tree !== this.tree)
      this.findings.tell(id, 'ENTRY_TREE', `The entry ${id} belongs to the tree ${entry.tree}.`)
    if (entry.body.height !== position.height)
      this.findings.damaged(
        id,
        `The entry ${id} of height ${entry.body.height} is stored at ${position.height}.`,
      )
    return { position, size, entry }
  }

  private checkIndex({ position, size, entry }: Row, index: layout.IndexRecord | undefined): void {
    const { id } = position
    if (index === undefined) this.findings.damaged(id, `The entry ${id} has no sound record in the index.`)
    else if (
      index.number !== this.record.number ||
      index.height !== (entry?.body.height ?? index.height) ||
      index.size !== (entry === undefined ? index.size : size) ||
      index.parents.join() !== (entry?.body.parents ?? index.parents).join()
    )
      this.findings.damaged(id, `The index does not say of the entry ${id} what the entry says.`)
  }

  /** Parents are stored and as high as they should be. A page's entries come after their parents. */
  private async checkParents(
    rows: readonly Row[],
    indexes: readonly (layout.IndexRecord | undefined)[],
  ): Promise<void> {
    const parentsOf = rows.map(({ entry }, at) => entry?.body.parents ?? indexes[at]?.parents ?? [])
    const inPage = new Set(rows.map(({ position }) => position.id))
    const seen = await this.seen(parentsOf.flat().filter((id) => !inPage.has(id)))
    // All of the page first: one that lies at another height may come before its parents.
    for (const [at, { position, entry }] of rows.entries()) {
      const here = {
        height: entry?.body.height ?? position.height,
        sequence: indexes[at]?.sequence,
        after: indexes[at]?.after ?? 0,
      }
      seen.set(position.id, here)
      this.recent.set(position.id, here)
    }
    for (const [at, { position, entry }] of rows.entries()) {
      let height = -1
      for (const parent of parentsOf[at]!) {
        const above = seen.get(parent) ?? this.recent.get(parent)
        if (above === undefined)
          this.findings.damaged(parent, `The entry ${parent}, a parent of ${position.id}, is not stored.`)
        height = Math.max(height, above?.height ?? position.height - 1)
        this.stand(parent, above)
      }
      if (entry !== undefined && height !== entry.body.height - 1 && !this.findings.has(position.id))
        this.findings.tell(
          position.id,
          'ENTRY_HEIGHT',
          `The height of ${position.id} should be ${height + 1}, got ${entry.body.height}.`,
        )
      const parents = parentsOf[at]!.flatMap((parent) => seen.get(parent) ?? this.recent.get(parent) ?? [])
      const index = indexes[at]
      if (entry !== undefined && index !== undefined && parents.length === entry.body.parents.length)
        this.policy.entry(entry, index, parents)
    }
  }

  /** Notes that something stands on an entry. */
  private stand(id: EntryId, seen: Seen | undefined): void {
    if (seen?.sequence !== undefined && !this.findings.has(id)) this.hasChild.add(seen.sequence)
  }

  /** What is known of entries; those that are not stored are left out. */
  private async seen(ids: readonly EntryId[]): Promise<Map<EntryId, Seen>> {
    const seen = new Map<EntryId, Seen>()
    const wanted: EntryId[] = []
    for (const id of new Set(ids)) {
      const recent = this.recent.get(id)
      if (recent === undefined) wanted.push(id)
      else seen.set(id, recent)
    }
    const indexes = await this.indexes(wanted)
    const indexed = wanted.flatMap((id, at) => {
      const index = indexes[at]
      return index === undefined
        ? []
        : [{ id, height: index.height, sequence: index.sequence, after: index.after }]
    })
    const stored = await this.store.db.hasMany(
      indexed.map((position) => layout.entryKey(this.record.number, position)),
      { snapshot: this.snapshot },
    )
    for (const [at, { id, ...kept }] of indexed.entries()) if (stored[at]) seen.set(id, kept)
    return seen
  }

  /** Sequence numbers are dense, and each names an entry that was read. */
  private async arrivals(rows: readonly [Buffer, Buffer][]): Promise<void> {
    for (const [key, value] of rows) {
      const sequence = layout.sequenceOfKey(key)
      for (let lost = this.found.sequence + 1; lost < sequence; lost++) {
        if (!this.claimed.has(lost)) this.findings.damaged(undefined, `Arrival ${lost} is not stored.`)
        this.found.count++
      }
      this.found.sequence = sequence
      this.found.count++
      if (this.claimed.has(sequence)) continue
      const position = attempt(() => layout.decodePosition(value))
      if (position === undefined) this.findings.damaged(undefined, `Arrival ${sequence} is damaged.`)
      else await this.lost(position, sequence)
    }
  }

  /** An entry that arrived and is not stored: what the index still says of it explains totals and its parents. */
  private async lost({ id, height }: Position, sequence: number): Promise<void> {
    const unexplained = !this.recent.has(id)
    const [index] = await this.indexes([id])
    if (index !== undefined && index.sequence === sequence && unexplained) {
      this.found.bytes += index.size
      this.found.height = Math.max(this.found.height, height)
      const parents = await this.seen(index.parents)
      for (const parent of index.parents) this.stand(parent, parents.get(parent))
    }
    this.findings.damaged(id, `The entry ${id} came as arrival ${sequence} and is not stored.`)
  }

  /** Each tip is stored at its height, and nothing stands on it. */
  private async tips(rows: readonly [Buffer, Buffer][]): Promise<void> {
    const ids = rows.map(([key]) => layout.tipOfKey(key))
    for (const [at, index] of (await this.indexes(ids)).entries()) {
      const id = ids[at]!
      if (index === undefined || index.number !== this.record.number || !this.claimed.has(index.sequence))
        this.findings.damaged(id, `The tip ${id} is not stored.`)
      else if (this.hasChild.has(index.sequence)) this.findings.damaged(id, `Entries stand on the tip ${id}.`)
      else if (!rows[at]![1].equals(layout.encodeHeight(index.height)))
        this.findings.damaged(id, `The height of the tip ${id} is damaged.`)
      if (index !== undefined) this.isTip.add(index.sequence)
    }
  }

  /** Entries on which nothing stands, and that are not kept as tips. */
  private async lostTips(): Promise<void> {
    for (let sequence = 1; sequence <= this.found.sequence; sequence++) {
      if (!this.claimed.has(sequence) || this.hasChild.has(sequence) || this.isTip.has(sequence)) continue
      const [value] = await this.getMany([layout.arrivalKey(this.record.number, sequence)])
      const position = value && attempt(() => layout.decodePosition(value))
      if (position !== undefined)
        this.findings.damaged(
          position.id,
          `Nothing stands on the entry ${position.id}, but it is not kept as a tip.`,
        )
    }
  }
}

function attempt<Result>(decode: () => Result): Result | undefined {
  try {
    return decode()
  } catch {
    return undefined
  }
}
