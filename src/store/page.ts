/**
 * Plans what one page does to a tree, before anything is written: which entries are added, which are known already, and
 * which are refused and why. What is to be stored it puts into a draft of the engine's. It does no I/O.
 */
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { TraceContext } from '../base/tracing/tracing.ts'
import { Turns } from '../base/turns.ts'
import { checkParents, entryBytes, type VerifiedEntry } from '../dag/entry.ts'
import { type EntryId, formatId, type Position, type TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { type Judgement, moves } from '../dag/policy/policy.ts'
import type { TreePolicy } from '../dag/policy/tree-policy.ts'
import type { PageDraft } from './engine/engine.ts'
import { addTip, type IndexRecord, type TreeRecord } from './engine/records.ts'

/** An entry that does not fit into the tree. */
export interface RefusedEntry {
  /** Its position in the page. */
  readonly index: number
  readonly id: EntryId
  readonly error: CausewayError
}

/** The result of appending a page. */
export interface AppendResult {
  /** The entries that were new and are stored now, in the page's order. */
  readonly added: readonly VerifiedEntry[]
  /** How many entries were stored before. */
  readonly known: number
  readonly refused: readonly RefusedEntry[]
}

/** How a page is appended. */
export interface AppendOptions {
  /** Whether to resolve only once the page is flushed to the disk. Default: false. */
  readonly sync?: boolean
  /** Whether the tree must be here already: what a peer sends brings no tree back that was removed meanwhile. */
  readonly existing?: boolean
  /** Runs in the tree's turn, before the page is planned. If it throws, nothing is stored. */
  readonly before?: () => Promise<void>
  /** The spans from which the page follows. Default: that in whose course it is appended. */
  readonly traces?: readonly TraceContext[] | undefined
}

/** The tree before the page. */
export interface PageBase {
  readonly tree: TreeId
  /** Takes what the page stores. */
  readonly draft: PageDraft
  readonly record: TreeRecord
  readonly tips: ReadonlyMap<EntryId, number>
  /** Of the page's entries and their parents, as far as they are stored. */
  readonly indexRecords: ReadonlyMap<EntryId, IndexRecord>
  /** The authors of stored entries that revocations in the page keep valid. */
  readonly authors: ReadonlyMap<EntryId, PeerId>
  /** Grows by the policy entries that the plan adds. */
  readonly policy: TreePolicy
  /** How many of the policy's points are stored. */
  readonly pointsStored: number
  /** Whether the void marks are out of date already. */
  readonly stale: boolean
}

/** The tree after the page, once the draft is written. */
export interface PagePlan extends AppendResult {
  readonly record: TreeRecord
  /** Of the added entries. */
  readonly newIndexRecords: ReadonlyMap<EntryId, IndexRecord>
  /** Tips that have a child in the page. */
  readonly tipsGone: ReadonlySet<EntryId>
  readonly pointsStored: number
  readonly stale: boolean
  /**
   * The added entries that are void on arrival. Empty if the page changes which entries are void: all are examined
   * then.
   */
  readonly voids: ReadonlySet<EntryId>
  /** New tips with their heights. */
  readonly tipsAdded: ReadonlyMap<EntryId, number>
}

/**
 * Returns what appending the entries, parents first, does to the tree. Judging a policy at its bounds takes a while, so
 * the event loop turns in between; nothing else may write to the tree meanwhile.
 */
export async function planPage(base: PageBase, entries: readonly VerifiedEntry[]): Promise<PagePlan> {
  const { policy } = base
  const plan = new Plan(base)
  let work = 0
  // A page of entries that need no judging is planned in one turn.
  const turns = new Turns(() => policy.work + work, limits.policyTurnWork)
  for (let index = 0; index < entries.length; index++) {
    plan.take(index, entries[index]!)
    work += 84 + 16 * entries[index]!.body.parents.length
    const turn = turns.next()
    if (turn !== undefined) await turn
  }
  if (plan.marksVoid())
    for (let index = 0; index < plan.added.length; index++) {
      plan.mark(index)
      const turn = turns.next()
      if (turn !== undefined) await turn
    }
  // Points at their bounds are longer than the page: to encode them, and to hand them to the database, takes turns too.
  const members = plan.newMembers()
  work += 8 * members
  const before = turns.next()
  if (before !== undefined) await before
  const finished = plan.finish()
  work += 8 * members
  const after = turns.next()
  if (after !== undefined) await after
  return finished
}

/**
 * A plan in progress. Its methods are small, because V8 recompiles a large one each time it learns about a part of it.
 */
class Plan {
  private readonly base: PageBase
  /** Undefined if the page begins the tree. */
  private readonly judgementBefore: Judgement | undefined
  private count: number
  private bytes: number
  private height: number
  private sequence: number
  private known = 0
  private stale: boolean
  readonly added: VerifiedEntry[] = []
  /** The point of the policy on which each added entry stands. */
  private readonly points: number[] = []
  private readonly refused: RefusedEntry[] = []
  private readonly newIndexRecords = new Map<EntryId, IndexRecord>()
  private readonly tipsAdded = new Map<EntryId, number>()
  private readonly tipsGone = new Set<EntryId>()
  private readonly voids = new Set<EntryId>()
  private readonly acceptedEntry = (id: EntryId) => this.findAccepted(id)

  constructor(base: PageBase) {
    const { record, policy } = base
    this.base = base
    this.judgementBefore = policy.graph.entries.length === 0 ? undefined : policy.whole()
    this.count = record.count
    this.bytes = record.bytes
    this.height = record.height
    this.sequence = record.sequence
    this.stale = base.stale
  }

  /** Plans the page's next entry: adds it, counts it as known, or refuses it. */
  take(index: number, entry: VerifiedEntry): void {
    const { tree, policy } = this.base
    const { id, body } = entry
    let point = 0
    let after = 0
    try {
      // Checked before the lookup, which finds entries of any tree.
      if (entry.tree !== tree)
        throw new CausewayError(
          'ENTRY_TREE',
          `The entry ${formatId(id)} belongs to the tree ${formatId(entry.tree)}, not to ${formatId(tree)}.`,
        )
      if (this.recordOf(id) !== undefined) {
        this.known++
        return
      }
      const parents = this.parentsOf(body.parents)
      checkParents(entry, parents)
      if (parents.length > 0) point = policy.check(entry, parents)
      after = policy.enter(entry, point, this.acceptedEntry)
    } catch (error) {
      this.refused.push({ index, id, error: CausewayError.from(error) })
      return
    }
    this.add(entry, point, after)
  }

  private recordOf(id: EntryId): IndexRecord | undefined {
    return this.newIndexRecords.get(id) ?? this.base.indexRecords.get(id)
  }

  /**
   * A parent in another tree counts as missing, as one that is nowhere: else who may write to one tree could find out
   * which entries are in another that it may not read.
   */
  private parentsOf(ids: readonly EntryId[]) {
    const { tree, record } = this.base
    return ids.map((id) => {
      const parent = this.recordOf(id)
      if (parent?.number !== record.number) return undefined
      return { tree, height: parent.height, after: parent.after }
    })
  }

  private findAccepted(id: EntryId) {
    const author = this.base.authors.get(id) ?? this.added.find((entry) => entry.id === id)?.body.author
    const record = this.recordOf(id)
    return author && record && { author, after: record.after }
  }

  private add(entry: VerifiedEntry, point: number, after: number): void {
    const { id, body, signed } = entry
    const { number } = this.base.record
    const size = entryBytes(signed)
    const sequence = ++this.sequence
    this.count++
    this.bytes += size
    this.height = Math.max(this.height, body.height)
    const record = { number, height: body.height, sequence, size, after, parents: body.parents }
    this.base.draft.entry(entry, record)
    if (after !== point || body.height === 0) this.putPolicy({ height: body.height, id }, point)
    this.newIndexRecords.set(id, record)
    for (const parent of body.parents)
      if (!this.tipsAdded.delete(parent) && this.base.tips.has(parent)) this.tipsGone.add(parent)
    this.tipsAdded.set(id, body.height)
    this.added.push(entry)
    this.points.push(point)
  }

  /** Stores a policy entry with what was found about it, so that it is never judged again. */
  private putPolicy(position: Position, point: number): void {
    const { graph } = this.base.policy
    const entry = graph.entries[graph.find(position.id)!]!
    const supports = entry.supports.map((support) => graph.intern([support]))
    this.base.draft.policy(position, { point, supports })
  }

  /** Adds what follows from all added entries together, and returns the plan. */
  finish(): PagePlan {
    const { number } = this.base.record
    const { count, bytes, height, sequence, added, known, refused } = this
    const { newIndexRecords, tipsGone, tipsAdded, voids } = this
    const { entries, points } = this.base.policy.graph
    const tips = this.base.record.tips - tipsGone.size + tipsAdded.size
    const policies = entries.length
    const tipSum = this.tipSum()
    const record = {
      number,
      count,
      bytes,
      height,
      sequence,
      tips,
      tipSum,
      policies,
      points: points.length,
    }
    if (added.length > 0) {
      const { draft } = this.base
      for (const id of tipsGone) draft.noTip(id)
      for (const [id, tip] of tipsAdded) draft.tip(id, tip)
      this.putPoints()
      draft.tree(this.base.tree, record)
    }
    const pointsStored = points.length
    const { stale } = this
    // Field by field: a spread would make a new hidden class for every page.
    return {
      added,
      known,
      refused,
      record,
      newIndexRecords,
      pointsStored,
      stale,
      voids,
      tipsGone,
      tipsAdded,
    }
  }

  /** Returns the sum of the tips after the page. */
  private tipSum(): number {
    let sum = this.base.record.tipSum
    for (const id of this.tipsGone) sum = addTip(sum, id, -1)
    for (const id of this.tipsAdded.keys()) sum = addTip(sum, id, 1)
    return sum
  }

  /**
   * Returns whether the added entries are to be marked one by one if they are void. If the page changes which entries
   * are void, it flags the marks as stale in place of that.
   */
  marksVoid(): boolean {
    const { judgementBefore, added } = this
    const { policy } = this.base
    if (added.length === 0) return false
    const whole = policy.whole()
    // A page that begins a tree may bring a revocation together with the entries that it keeps valid.
    if (judgementBefore === undefined ? whole.revocations > 0 : moves(judgementBefore, whole)) {
      this.stale = true
      this.base.draft.stale()
      return false
    }
    return whole.revocations > 0
  }

  /** Marks an added entry if it is void. */
  mark(index: number): void {
    const { policy, draft } = this.base
    const { id, body } = this.added[index]!
    // What a revocation keeps valid are its ancestors, stored before it, so no entry added later is among them.
    if (!policy.isVoid(this.points[index]!, body.author, policy.graph.find(id))) return
    this.voids.add(id)
    draft.voided({ height: body.height, id })
  }

  /** Returns how many policy entries the new points name. */
  newMembers(): number {
    const { policy, pointsStored } = this.base
    let members = 0
    for (let point = pointsStored; point < policy.graph.points.length; point++)
      members += policy.graph.points[point]!.members.length
    return members
  }

  private putPoints(): void {
    const { policy, draft, pointsStored } = this.base
    for (let point = pointsStored; point < policy.graph.points.length; point++)
      draft.point(point, policy.graph.membersOf(point))
  }
}
