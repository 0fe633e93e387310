/**
 * Checks a stored tree. One scan reads, hashes and verifies every entry again and compares the store's records about
 * it; then arrivals, tips and totals are compared with what the scan found. Memory is bounded by a few bits for each
 * entry. A damaged record is reported once, without the problems that merely follow from it.
 */
import { cancelled } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import { type Entry, entryBytes, readEntry } from '../../dag/entry.ts'
import { comparePositions, type EntryId, formatId, type Position, type TreeId } from '../../dag/id.ts'
import { decodeEntry } from '../database/layout.ts'
import type { InspectedArrival, InspectedEntry, InspectedTip, Inspection } from '../engine/inspection.ts'
import { addTip, type IndexRecord, type TreeRecord } from '../engine/records.ts'
import { Recent } from '../read/recent.ts'
import type { DagStore, Snapshot } from '../store.ts'
import { emptyRecord } from '../tree-state.ts'
import { verifyAll } from '../verify/verify.ts'
import { PolicyAudit } from './audit-policy.ts'
import { reportUnreadable, viewForAudit } from './audit-view.ts'
import { Bits } from './bits.ts'
import { type AuditProblem, Findings, TooManyProblems } from './findings.ts'

export type { AuditProblem } from './findings.ts'

/** The result of an audit. */
export interface AuditResult {
  /** How many entries were read. */
  readonly checked: number
  /** At most `limits.auditProblems`; an audit that finds so many stops early. */
  readonly problems: readonly AuditProblem[]
}

/** The options of an audit. */
export interface AuditOptions {
  /** Called after each page with the number of entries read, and that of the tree's record. */
  readonly onProgress?: ((checked: number, count: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Audits a tree as it is now; writes may go on meanwhile. Throws UNKNOWN_TREE or CANCELLED. */
export async function auditTree(
  store: DagStore,
  tree: TreeId,
  options: AuditOptions = {},
): Promise<AuditResult> {
  await using view = await viewForAudit(store, tree)
  const inspection = store.engine.inspect(view.number, view.snapshot)
  const record = await inspection.record(tree)
  // Without the record, its entries are found by the number that the store has found out.
  const audit = new Audit(store, tree, record ?? emptyRecord(view.number), view.snapshot, inspection, options)
  try {
    const damage = store.damageOf(tree)
    if (damage !== undefined) audit.findings.reportDamage(undefined, damage)
    else if (record === undefined)
      audit.findings.reportDamage(undefined, `The record of the tree ${formatId(tree)} is damaged.`)
    await audit.run(record !== undefined)
  } catch (error) {
    if (!(error instanceof TooManyProblems)) reportUnreadable(audit.findings, error)
  }
  return { checked: audit.checked, problems: audit.findings.problems }
}

/** What the check of a child needs to know of a stored entry. */
interface ParentFacts {
  readonly height: number
  readonly sequence: number | undefined
  /** The point of the policy on which its children stand. */
  readonly after: number
}

/** A row of the scan. */
interface Row {
  readonly position: Position
  readonly size: number
  /** Absent if the bytes are damaged. */
  readonly entry: Entry | undefined
}

/** One run of an audit. */
class Audit {
  checked = 0
  private readonly store: DagStore
  private readonly tree: TreeId
  private readonly record: TreeRecord
  private readonly snapshot: Snapshot
  private readonly inspection: Inspection
  private readonly options: AuditOptions
  readonly findings = new Findings()
  /** By arrival: whether an entry claims it, whether that entry has a child, whether it is stored as a tip. */
  private readonly isClaimed = new Bits()
  private readonly hasChild = new Bits()
  private readonly isTip = new Bits()
  /** The latest entries read, which most parents are among. */
  private readonly recent = new Recent<EntryId, ParentFacts>(limits.auditRecentEntries)
  private readonly totals = { count: 0, bytes: 0, height: 0, sequence: 0, tips: 0, tipSum: 0 }

  constructor(
    store: DagStore,
    tree: TreeId,
    record: TreeRecord,
    snapshot: Snapshot,
    inspection: Inspection,
    options: AuditOptions,
  ) {
    this.store = store
    this.tree = tree
    this.record = record
    this.snapshot = snapshot
    this.inspection = inspection
    this.options = options
  }

  private policy!: PolicyAudit

  /** Checks everything; the totals only if there is a record that says what they should be. */
  async run(hasRecord: boolean): Promise<void> {
    const { record, inspection } = this
    this.policy = await PolicyAudit.open(this.store, this.tree, this.snapshot, this.findings)
    for await (const rows of this.unlessCancelled(inspection.entries())) {
      await this.page(rows)
      this.checked += rows.length
      this.options.onProgress?.(this.checked, record.count)
    }
    for await (const rows of this.unlessCancelled(inspection.arrivals())) await this.arrivals(rows)
    for await (const rows of this.unlessCancelled(inspection.tips())) await this.tips(rows)
    await this.lostTips()
    await this.policy.marks(record.number)
    if (hasRecord) this.checkTotals()
  }

  private checkTotals(): void {
    const { record, totals, findings, policy } = this
    const report = (total: keyof typeof totals | 'policies' | 'points', got: number) => {
      if (record[total] === got) return
      const message = `The tree's record says that its ${total} is ${record[total]}, but it is ${got}.`
      findings.reportDamage(undefined, message)
    }
    // These follow from single tips and policy entries, whose damage was reported by now.
    const isSound = findings.problems.length === 0
    for (const total of ['count', 'bytes', 'height', 'sequence'] as const) report(total, totals[total])
    if (!isSound) return
    for (const total of ['tips', 'tipSum'] as const) report(total, totals[total])
    report('policies', policy.entryCount ?? record.policies)
    report('points', policy.pointCount ?? record.points)
  }

  private async *unlessCancelled<Item>(pages: AsyncGenerator<Item[]>): AsyncGenerator<Item[]> {
    for await (const page of pages) {
      if (this.options.signal?.aborted) throw cancelled(this.options.signal)
      yield page
    }
  }

  private async page(raw: readonly InspectedEntry[]): Promise<void> {
    const rows = raw.flatMap((entry) => this.read(entry) ?? [])
    const verifying = verifyAll(rows.flatMap(({ entry }) => entry ?? []))
    const indexes = await this.inspection.index(rows.map(({ position }) => position.id))
    const arrivals = await this.inspection.arrivalsAt(indexes.map((index) => index?.sequence ?? 0))
    let verified = 0
    const results = await verifying
    for (const [at, row] of rows.entries()) {
      const { id } = row.position
      if (row.entry !== undefined) {
        const result = results[verified++]
        if (result instanceof CausewayError) this.findings.report(id, result.code, result.message)
      }
      const index = indexes[at]
      this.checkIndex(row, index)
      if (index !== undefined) {
        const arrival = arrivals[at]
        if (arrival === undefined || comparePositions(arrival, row.position) !== 0) {
          this.findings.reportDamage(id, `Arrival ${index.sequence} does not name the entry ${formatId(id)}.`)
          // lostTips would take the entry's id from that arrival, so it must skip it.
          this.isTip.add(index.sequence)
        }
        this.isClaimed.add(index.sequence)
      }
      this.totals.bytes += row.entry === undefined ? (index?.size ?? row.size) : row.size
      const height = row.entry?.body.height ?? index?.height ?? row.position.height
      this.totals.height = Math.max(this.totals.height, height)
    }
    await this.checkParents(rows, indexes)
  }

  /** Reads one record of the scan and checks all that its bytes alone decide, except the signature. */
  private read({ position, keyBytes, value }: InspectedEntry): Row | undefined {
    if (position === undefined) {
      this.findings.reportDamage(undefined, `An entry's record has a key of ${keyBytes} bytes, expected 45.`)
      return undefined
    }
    const { id } = position
    const signed = decodeEntry(value)
    const size = entryBytes(signed)
    const reportBytes = () => {
      this.findings.reportDamage(id, `The bytes of the entry ${formatId(id)} do not hash to its id.`)
      return { position, size, entry: undefined }
    }
    let entry: Entry
    try {
      entry = readEntry(signed)
    } catch (error) {
      if (sha256Hex(signed.signature, signed.body) !== id) return reportBytes()
      const { code, message } = CausewayError.from(error)
      this.findings.report(id, code, message)
      return { position, size, entry: undefined }
    }
    if (entry.id !== id) return reportBytes()
    if (entry.tree !== this.tree)
      this.findings.report(
        id,
        'ENTRY_TREE',
        `The entry ${formatId(id)} belongs to the tree ${formatId(entry.tree)}.`,
      )
    if (entry.body.height !== position.height)
      this.findings.reportDamage(
        id,
        `The entry ${formatId(id)} has the height ${entry.body.height}, but is stored at ${position.height}.`,
      )
    return { position, size, entry }
  }

  /** Compares an entry with its index record. */
  private checkIndex({ position, size, entry }: Row, index: IndexRecord | undefined): void {
    const { id } = position
    if (index === undefined)
      this.findings.reportDamage(id, `The index record of the entry ${formatId(id)} is missing or damaged.`)
    else if (
      index.number !== this.record.number ||
      index.height !== (entry?.body.height ?? index.height) ||
      index.size !== (entry === undefined ? index.size : size) ||
      index.parents.join() !== (entry?.body.parents ?? index.parents).join()
    )
      this.findings.reportDamage(id, `The index record of the entry ${formatId(id)} contradicts the entry.`)
  }

  /** Checks that parents are stored and have the right height. A page's entries come after their parents. */
  private async checkParents(
    rows: readonly Row[],
    indexes: readonly (IndexRecord | undefined)[],
  ): Promise<void> {
    const parentsOf = rows.map(({ entry }, at) => entry?.body.parents ?? indexes[at]?.parents ?? [])
    const inPage = new Set(rows.map(({ position }) => position.id))
    const facts = await this.factsOf(parentsOf.flat().filter((id) => !inPage.has(id)))
    // All of the page first: an entry stored at a wrong height may come before its parents.
    for (const [at, { position, entry }] of rows.entries()) {
      const here = {
        height: entry?.body.height ?? position.height,
        sequence: indexes[at]?.sequence,
        after: indexes[at]?.after ?? 0,
      }
      facts.set(position.id, here)
      this.recent.set(position.id, here)
    }
    for (const [at, { position, entry }] of rows.entries()) {
      let height = -1
      for (const parent of parentsOf[at]!) {
        const known = facts.get(parent) ?? this.recent.get(parent)
        if (known === undefined)
          this.findings.reportDamage(
            parent,
            `The entry ${formatId(parent)}, a parent of ${formatId(position.id)}, is not stored.`,
          )
        height = Math.max(height, known?.height ?? position.height - 1)
        this.noteChild(parent, known)
      }
      if (entry !== undefined && height !== entry.body.height - 1 && !this.findings.has(position.id))
        this.findings.report(
          position.id,
          'ENTRY_HEIGHT',
          `The height of ${formatId(position.id)} should be ${height + 1}, got ${entry.body.height}.`,
        )
      const parents = parentsOf[at]!.flatMap((parent) => facts.get(parent) ?? this.recent.get(parent) ?? [])
      const index = indexes[at]
      if (entry !== undefined && index !== undefined && parents.length === entry.body.parents.length)
        this.policy.entry(entry, index, parents)
      const turn = this.policy.pause()
      if (turn !== undefined) await turn
    }
  }

  /** Notes that an entry has a child. */
  private noteChild(id: EntryId, facts: ParentFacts | undefined): void {
    if (facts?.sequence !== undefined && !this.findings.has(id)) this.hasChild.add(facts.sequence)
  }

  /** Returns the facts of entries; those that are not stored are left out. */
  private async factsOf(ids: readonly EntryId[]): Promise<Map<EntryId, ParentFacts>> {
    const facts = new Map<EntryId, ParentFacts>()
    const olderIds: EntryId[] = []
    for (const id of new Set(ids)) {
      const recent = this.recent.get(id)
      if (recent === undefined) olderIds.push(id)
      else facts.set(id, recent)
    }
    const indexes = await this.inspection.index(olderIds)
    const candidates = olderIds.flatMap((id, at) => {
      const index = indexes[at]
      return index === undefined
        ? []
        : [{ id, height: index.height, sequence: index.sequence, after: index.after }]
    })
    const isStored = await this.inspection.areStored(candidates)
    for (const [at, { id, ...rest }] of candidates.entries()) if (isStored[at]) facts.set(id, rest)
    return facts
  }

  /** Checks that arrivals have no gaps, and that each names an entry that was read. */
  private async arrivals(arrivals: readonly InspectedArrival[]): Promise<void> {
    for (const { sequence, position } of arrivals) {
      for (let gap = this.totals.sequence + 1; gap < sequence; gap++) {
        if (!this.isClaimed.has(gap)) this.findings.reportDamage(undefined, `Arrival ${gap} is missing.`)
        this.totals.count++
      }
      this.totals.sequence = sequence
      this.totals.count++
      if (this.isClaimed.has(sequence)) continue
      if (position === undefined) this.findings.reportDamage(undefined, `Arrival ${sequence} is damaged.`)
      else await this.reportLost(position, sequence)
    }
  }

  /**
   * Reports an entry that arrived and is not stored. Its index record still counts in the totals and for its parents.
   */
  private async reportLost({ id, height }: Position, sequence: number): Promise<void> {
    const unexplained = !this.recent.has(id)
    const [index] = await this.inspection.index([id])
    if (index !== undefined && index.sequence === sequence && unexplained) {
      this.totals.bytes += index.size
      this.totals.height = Math.max(this.totals.height, height)
      const parents = await this.factsOf(index.parents)
      for (const parent of index.parents) this.noteChild(parent, parents.get(parent))
    }
    this.findings.reportDamage(id, `The entry ${formatId(id)} is arrival ${sequence}, but it is not stored.`)
  }

  /** Checks that each tip is a stored entry of the right height without a child. */
  private async tips(tips: readonly InspectedTip[]): Promise<void> {
    const indexes = await this.inspection.index(tips.map(({ id }) => id))
    for (const [at, { id, height }] of tips.entries()) {
      const index = indexes[at]
      this.totals.tips++
      this.totals.tipSum = addTip(this.totals.tipSum, id, 1)
      if (index === undefined || index.number !== this.record.number || !this.isClaimed.has(index.sequence))
        this.findings.reportDamage(id, `The tip ${formatId(id)} is not stored.`)
      else if (this.hasChild.has(index.sequence))
        this.findings.reportDamage(id, `The tip ${formatId(id)} has a child.`)
      else if (height !== index.height)
        this.findings.reportDamage(id, `The height of the tip ${formatId(id)} is damaged.`)
      if (index !== undefined) this.isTip.add(index.sequence)
    }
  }

  /** Reports entries without a child that are not stored as tips. */
  private async lostTips(): Promise<void> {
    for (let sequence = 1; sequence <= this.totals.sequence; sequence++) {
      if (!this.isClaimed.has(sequence) || this.hasChild.has(sequence) || this.isTip.has(sequence)) continue
      const [position] = await this.inspection.arrivalsAt([sequence])
      if (position !== undefined)
        this.findings.reportDamage(
          position.id,
          `The entry ${formatId(position.id)} has no child, but it is not stored as a tip.`,
        )
    }
  }
}
