/**
 * The part of an audit that checks the policy: that every entry names the policy below it and its author had the right,
 * and that the marks of void entries match what a read from the top down finds. It compares the store's records with
 * the entries.
 */

import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { Turns } from '../../base/turns.ts'
import type { Entry } from '../../dag/entry.ts'
import { type EntryId, formatId, type TreeId } from '../../dag/id.ts'
import type { TreePolicy } from '../../dag/policy/tree-policy.ts'
import type { IndexRecord } from '../engine/records.ts'
import type { DagStore, Snapshot } from '../store.ts'
import { findVoid } from '../void-marks.ts'
import type { Findings } from './findings.ts'

/** The policy checks of one audit. */
export class PolicyAudit {
  private readonly store: DagStore
  private readonly tree: TreeId
  private readonly snapshot: Snapshot
  private readonly findings: Findings
  private readonly policy: TreePolicy | undefined
  private readonly turns: Turns

  private constructor(
    store: DagStore,
    tree: TreeId,
    snapshot: Snapshot,
    findings: Findings,
    policy: TreePolicy | undefined,
  ) {
    this.store = store
    this.tree = tree
    this.snapshot = snapshot
    this.findings = findings
    this.policy = policy
    this.turns = new Turns(() => policy?.work ?? 0, limits.policyTurnWork)
  }

  /** Reads the tree's policy. If it cannot be read, that is reported, and no further check is made. */
  static async open(
    store: DagStore,
    tree: TreeId,
    snapshot: Snapshot,
    findings: Findings,
  ): Promise<PolicyAudit> {
    let policy: TreePolicy | undefined
    try {
      policy = await store.treePolicy(tree)
    } catch (error) {
      // A tree that is set aside has been reported as such.
      if (store.damageOf(tree) === undefined)
        findings.reportDamage(undefined, CausewayError.from(error).message)
    }
    return new PolicyAudit(store, tree, snapshot, findings, policy)
  }

  /** How many policy entries the policy was read from; undefined if it could not be read. */
  get entryCount(): number | undefined {
    return this.policy?.graph.entries.length
  }

  /** How many points the policy has; undefined if it could not be read. */
  get pointCount(): number | undefined {
    return this.policy?.graph.points.length
  }

  /** Returns a promise to wait for if the checks have kept the event loop long enough. */
  pause(): Promise<void> | undefined {
    return this.turns.next()
  }

  /** Checks an entry against its index record and the records of its parents, all of which are stored. */
  entry(entry: Entry, index: IndexRecord, parents: readonly { readonly after: number }[]): void {
    const { policy, findings } = this
    if (policy === undefined || findings.has(entry.id)) return
    const number = policy.graph.find(entry.id)
    const pointCount = policy.graph.points.length
    if (parents.some(({ after }) => after >= pointCount) || index.after >= pointCount) {
      findings.reportDamage(
        entry.id,
        `A policy point of the entry ${formatId(entry.id)} or of its parents is not stored.`,
      )
      return
    }
    try {
      const point = parents.length === 0 ? 0 : policy.check(entry, parents)
      const after = number === undefined ? point : policy.graph.intern([number])
      if (index.after !== after || (number !== undefined && policy.graph.entries[number]!.point !== point))
        findings.reportDamage(
          entry.id,
          `The policy point that is stored for the entry ${formatId(entry.id)} is wrong.`,
        )
      else if (number !== undefined && number > 0) this.supports(entry, number, point)
    } catch (error) {
      const { code, message } = CausewayError.from(error)
      findings.report(entry.id, code, message)
    }
  }

  /** Checks what is stored of a policy entry's supports, which decide what becomes void. */
  private supports({ id, body }: Entry, number: number, point: number): void {
    const policy = this.policy!
    if (policy.graph.entries[number]!.supports.join() === policy.supportsAt(point, body.author).join()) return
    this.findings.reportDamage(
      id,
      `The grants that are stored as the source of the author's right in ${formatId(id)} are wrong.`,
    )
  }

  /** Checks the marks of void entries, unless they are known to be out of date. */
  async marks(number: number): Promise<void> {
    const { store, tree, snapshot, policy, findings } = this
    if (policy === undefined || policy.whole().revocations === 0) return
    if (await store.engine.isStale(number, snapshot)) return
    const entryCount = policy.graph.entries.length
    const wrongMarks: { readonly id: EntryId; readonly marked: boolean }[] = []
    for await (const { page, voids } of findVoid(store, tree, policy, snapshot)) {
      const marks = await store.engine.areVoid(number, page, snapshot)
      for (const [index, { id }] of page.entries())
        if (marks[index] !== voids.has(id)) wrongMarks.push({ id, marked: marks[index]! })
    }
    // A policy that has changed meanwhile is not the snapshot's.
    if (entryCount !== policy.graph.entries.length) return
    for (const { id, marked } of wrongMarks)
      findings.reportDamage(
        id,
        `The entry ${formatId(id)} is ${marked ? 'marked as void, but is not' : 'void, but not marked as such'}.`,
      )
  }
}
