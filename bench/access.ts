/**
 * What access checks cost a bootstrap: a new store takes in the same tree alternately with the policy checked for
 * every entry and without. Reading, hashing, verifying and writing are as in a sync. There is no network, because it
 * would only make the checks a smaller part.
 */
import { join } from 'node:path'
import type { SignedEntry } from '../src/dag/entry.ts'
import type { TreeId } from '../src/dag/id.ts'
import { TreePolicy } from '../src/dag/policy/tree-policy.ts'
import { openFolder } from '../src/store/database/open.ts'
import { DagStore } from '../src/store/store.ts'
import { Ingest } from '../src/sync/ingest.ts'
import { type Case, type Context, medianRow, type Row } from './harness.ts'

export const access: Case = {
  name: 'access',
  summary: 'a store takes in a tree with access checks, compared with none, alternately',
  async run(context) {
    const [entries, repetitions] = context.small ? [1_000, 1] : [20_000, 5]
    const { folder, tree } = await context.stores.tree(entries)
    const pages = await readPages(join(folder, 'store'), tree as TreeId)
    await takeIn(context, pages, tree as TreeId)
    const repeated: Row[] = []
    let before = await takeIn(context, pages, tree as TreeId, unchecked)
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const checked = await takeIn(context, pages, tree as TreeId)
      const after = await takeIn(context, pages, tree as TreeId, unchecked)
      const { seconds, cpuSeconds } = checked
      const bare = (before.seconds + after.seconds) / 2
      const bareCpu = (before.cpuSeconds + after.cpuSeconds) / 2
      const more = (one: number, other: number) => `${((100 * (one - other)) / other).toFixed(1)} % more`
      context.note(`access checks: ${more(seconds, bare)} time, ${more(cpuSeconds, bareCpu)} processor time`)
      repeated.push({
        name: 'access checks',
        ...{ entries, seconds, perSecond: entries / seconds },
        ...{ floorPerSecond: entries / bare, ofFloor: bare / seconds, cpuOfFloor: bareCpu / cpuSeconds },
      })
      before = after
    }
    return [medianRow(repeated)]
  },
}

async function readPages(folder: string, tree: TreeId): Promise<SignedEntry[][]> {
  const store = await DagStore.open(await openFolder(folder))
  const pages: SignedEntry[][] = []
  for await (const page of store.scan(tree)) pages.push(page.map(({ signed }) => signed))
  await store.close()
  return pages
}

/** Returns what it costs a new store to take in everything. */
async function takeIn(
  { stores }: Context,
  pages: readonly SignedEntry[][],
  tree: TreeId,
  around = (task: () => Promise<void>) => task(),
): Promise<{ seconds: number; cpuSeconds: number }> {
  const folder = stores.empty()
  const store = await DagStore.open(await openFolder(folder))
  const ingest = new Ingest(store)
  const started = performance.now()
  const cpu = process.cpuUsage()
  await around(async () => {
    let last: Promise<unknown> = Promise.resolve()
    // Two at once, as in a session: the next page is verified while this one is written.
    for (const page of pages) {
      const next = ingest.page(tree, page)
      await last
      last = next
    }
    await last
  })
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await store.close()
  stores.remove(folder)
  return { seconds, cpuSeconds: (user + system) / 1e6 }
}

/** Runs the task with every entry treated as allowed, and as governed by the root's policy alone. */
async function unchecked(task: () => Promise<void>): Promise<void> {
  const { check, enter } = TreePolicy.prototype
  let begun = false
  Object.assign(TreePolicy.prototype, {
    check: () => 0,
    enter(this: TreePolicy, ...args: Parameters<typeof enter>) {
      // Only the root, because there must be a policy.
      if (begun) return 0
      begun = true
      return enter.apply(this, args)
    },
  })
  try {
    await task()
  } finally {
    Object.assign(TreePolicy.prototype, { check, enter })
  }
}
