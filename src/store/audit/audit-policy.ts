/**
 * The part of an audit that is about the policy: that every entry stands where it says, by an author who may, and that the
 * marks of void entries are what a walk from the top down finds. What the store keeps of it is held against the entries.
 */

import { CausewayError } from '../../base/errors.ts'
import type { Entry } from '../../dag/entry.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { TreePolicy } from '../../dag/policy/tree-policy.ts'
import * as layout from '../database/layout.ts'
import { findVoid } from '../marks.ts'
import type { DagStore, Snapshot } from '../store.ts'
import type { Findings } from './findings.ts'

export class PolicyAudit {
  private readonly store: DagStore
  private readonly tree: TreeId
  private readonly snapshot: Snapshot
  private readonly findings: Findings
  private readonly policy: TreePolicy | undefined

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
  }

  /** Tells where the policy cannot be read at all; then nothing else of it is looked at. */
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
      findings.damaged(undefined, CausewayError.from(error).message)
    }
    return new PolicyAudit(store, tree, snapshot, findings, policy)
  }

  /** An entry with what the index keeps of it and of its parents, all of which are there. */
  entry(entry: Entry, index: layout.IndexRecord, parents: readonly { readonly after: number }[]): void {
    const { policy, findings } = this
    if (policy === undefined || findings.has(entry.id)) return
    const number = policy.graph.find(entry.id)
    const kept = policy.graph.points.length
    if (parents.some(({ after }) => after >= kept) || index.after >= kept) {
      findings.damaged(entry.id, `The point of the policy at ${entry.id} is not stored.`)
      return
    }
    try {
      const point = parents.length === 0 ? 0 : policy.check(entry, parents)
      const after = number === undefined ? point : policy.graph.intern([number])
      if (index.after !== after || (number !== undefined && policy.graph.entries[number]!.point !== point))
        findings.damaged(entry.id, `The store does not keep of ${entry.id} where it stands in the policy.`)
    } catch (error) {
      const { code, message } = CausewayError.from(error)
      findings.tell(entry.id, code, message)
    }
  }

  /** Compares the marks of void entries. */
  async marks(number: number): Promise<void> {
    const { store, tree, snapshot, policy, findings } = this
    if (policy === undefined || policy.whole().revocations === 0) return
    if ((await store.db.get(layout.staleKey(number), { snapshot })) !== undefined) return
    const entries = policy.graph.entries.length
    const wrong: { readonly id: EntryId; readonly marked: boolean }[] = []
    for await (const { page, voids } of findVoid(store, tree, policy, snapshot)) {
      const marks = await store.db.hasMany(
        page.map((position) => layout.voidKey(number, position)),
        { snapshot },
      )
      for (const [index, { id }] of page.entries())
        if (marks[index] !== voids.has(id)) wrong.push({ id, marked: marks[index]! })
    }
    // A policy that has changed meanwhile is not that of the snapshot.
    if (entries !== policy.graph.entries.length) return
    for (const { id, marked } of wrong)
      findings.damaged(id, `The entry ${id} is ${marked ? '' : 'not '}marked as void, which is wrong.`)
  }
}
