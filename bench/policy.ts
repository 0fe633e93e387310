/**
 * What judging a policy costs at the bounds of a policy: hostile trees, an honest one beside them, and probes on each
 * (policy-shapes.ts). Costs are in verifications of a signature in the same run, since that is what every entry costs
 * anyway. The longest turn of the event loop is in processor time of its thread, so that nothing else counts.
 */
import { readFileSync } from 'node:fs'
import { limits } from '../src/base/limits.ts'
import { entryBytes, type VerifiedEntry, verifyEntry } from '../src/dag/entry.ts'
import type { EntryId } from '../src/dag/id.ts'
import { TreePolicy } from '../src/dag/policy/tree-policy.ts'
import { openFolder } from '../src/store/database/open.ts'
import { DagStore } from '../src/store/store.ts'
import type { Case, Context, Row } from './harness.ts'
import { type Shape, type Size, shapes } from './policy-shapes.ts'

export const policy: Case = {
  name: 'policy',
  summary: 'trees whose policy is as expensive to judge as its bounds allow',
  onDemand: true,
  async run(context) {
    const { small } = context
    const size: Size = {
      entries: small ? 300 : limits.policyEntries,
      revocations: small ? 32 : limits.policyRevocations,
      heads: small ? 16 : limits.entryPolicies,
      links: small ? 1_200 : 32_768,
      probes: small ? 64 : limits.pageEntries,
    }
    const rows: Row[] = []
    for (const make of shapes) rows.push(...(await measure(context, make(size))))
    return rows
  },
}

async function measure({ stores, note }: Context, { name, entries, probes }: Shape): Promise<Row[]> {
  const verificationMs = await verificationCost(probes)
  const folder = stores.empty()
  const { tree } = entries[0]!
  const store = await DagStore.open(await openFolder(folder))
  const filled = await timed(() => append(store, entries))
  const probed = await timed(() => append(store, probes))
  await store.close()
  const reopened = await DagStore.open(await openFolder(folder))
  const opened = await timed(async () => {
    await reopened.policy(tree)
  })
  await reopened.close()
  stores.remove(folder)
  const bareMs = judgeBare(entries, probes)
  const worth = (ms: number) => ms / verificationMs
  note(`${name}: opened in ${opened.ms.toFixed(0)} ms, longest turn ${opened.turnMs.toFixed(0)} ms`)
  return [
    {
      name: `${name}, its policy`,
      entries: entries.length,
      seconds: filled.ms / 1000,
      verifications: worth(filled.ms / entries.length),
      turnMs: filled.turnMs,
      openMs: opened.ms,
    },
    {
      name: '… entries on it',
      entries: probes.length,
      seconds: probed.ms / 1000,
      verifications: worth(probed.ms / probes.length),
      bareVerifications: worth(bareMs / probes.length),
      turnMs: probed.turnMs,
    },
  ]
}

/** Returns the processor time of one verification in milliseconds. */
async function verificationCost(entries: readonly VerifiedEntry[]): Promise<number> {
  const rounds = Math.ceil(2_048 / entries.length)
  const run = () => Promise.all(entries.map(verifyEntry))
  await run()
  const started = process.cpuUsage()
  for (let round = 0; round < rounds; round++) await run()
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000 / (rounds * entries.length)
}

/** Appends the entries in pages as a peer sends them. All must fit. */
async function append(store: DagStore, entries: readonly VerifiedEntry[]): Promise<void> {
  const { tree } = entries[0]!
  let page: VerifiedEntry[] = []
  let bytes = 0
  const flush = async () => {
    const { refused } = await store.append(tree, page)
    if (refused.length > 0) throw refused[0]!.error
    page = []
    bytes = 0
  }
  for (const entry of entries) {
    const size = entryBytes(entry.signed)
    if (page.length === limits.pageEntries || bytes + size > limits.pageBytes) await flush()
    page.push(entry)
    bytes += size
  }
  await flush()
}

/** Returns the processor time of a task, and that of its longest turn of the event loop, in milliseconds. */
async function timed(task: () => Promise<void>): Promise<{ ms: number; turnMs: number }> {
  let turnMs = 0
  let running = true
  let last = threadMs()
  const turn = () => {
    const now = threadMs()
    turnMs = Math.max(turnMs, now - last)
    last = now
    if (running) setImmediate(turn)
  }
  setImmediate(turn)
  const started = process.cpuUsage()
  await task()
  const { user, system } = process.cpuUsage(started)
  turn()
  running = false
  return { ms: (user + system) / 1000, turnMs }
}

/** Returns the processor time of this thread in milliseconds; where the system does not tell, the time. */
function threadMs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[0]) / 1e6
  } catch {
    return performance.now()
  }
}

/** Returns how long the policy alone takes for the probes, in milliseconds. */
function judgeBare(entries: readonly VerifiedEntry[], probes: readonly VerifiedEntry[]): number {
  const policy = new TreePolicy()
  const places = new Map<EntryId, { author: VerifiedEntry['body']['author']; after: number }>()
  const take = (entry: VerifiedEntry) => {
    const parents = entry.body.parents.map((id) => places.get(id))
    const point = parents.length === 0 ? 0 : policy.check(entry, parents)
    const after = policy.enter(entry, point, (id) => places.get(id))
    places.set(entry.id, { author: entry.body.author, after })
  }
  for (const entry of entries) take(entry)
  const started = process.cpuUsage()
  for (const probe of probes) take(probe)
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000
}
