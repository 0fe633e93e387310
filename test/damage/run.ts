/**
 * One run: a small node is damaged, opened, asked for what it holds, repaired, and synced with a peer that has everything.
 * Whatever the damage, the node either is right or says what is damaged and serves the rest, never counts what is not
 * there, keeps its identity, and is whole and equal to its peer at the end.
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { CausewayError } from '../../src/base/errors.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import type { EntryId, TreeId } from '../../src/dag/id.ts'
import { damagedTables, repairData } from '../../src/node/data-folder.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { runSession } from '../../src/sync/ask/session.ts'
import { Ingest } from '../../src/sync/ingest.ts'
import { prng, shapes, TreeBuilder, testIdentity } from '../kit/entries.ts'
import { LocalRemote } from '../kit/local-remote.ts'
import { assertSame, fill } from '../kit/peers.ts'
import { grant, policyChange, write } from '../kit/policy.ts'
import { damage, type Kind, kinds } from './damages.ts'

/**
 * How a run went. `right`: nothing was wrong. `said`: the node said what is. `verified`: only `verify` found it. `refused`:
 * it could not be opened. `aborted`: LevelDB ended the process by an assertion, and a repair before the opening helped.
 */
export type Outcome = 'right' | 'said' | 'verified' | 'refused' | 'aborted'

function policyTree(): VerifiedEntry[] {
  const builder = new TreeBuilder({ seed: 'policy' })
  for (let index = 0; index < 90; index++) {
    const isPolicy = index % 12 === 3
    const changes = isPolicy ? policyChange([grant(testIdentity(index), write)]) : undefined
    builder.add([builder.last], changes ? { changes } : { payload: `entry ${index} ${'x'.repeat(200)}` })
  }
  return builder.entries
}

const trees = [policyTree(), shapes.mergeHeavy(20, 4, { seed: 'merges' })]
const ids = trees.map(([root]) => root!.id)

const open = (data: string) => createNode({ data, background: false })

/** Makes the data folder that every run begins with: its latest entries are in the log, older ones in a table. */
export async function makeMaster(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'causeway-damage-'))
  const half = (entries: readonly VerifiedEntry[]) => Math.floor(entries.length / 2)
  let node = await open(path)
  for (const entries of trees) await fill(node.store, entries.slice(0, half(entries)), { pageEntries: 3 })
  for (let index = 2; index < 8; index++) {
    const { peer } = testIdentity(index)
    await node.addPeer(peer, { name: `peer ${index}`, addresses: ['http://127.0.0.1:1'] })
    for (const tree of ids) await node.link({ tree, peer }, { paused: index % 2 === 0 })
  }
  await node.close()
  node = await open(path)
  for (const entries of trees)
    for (const entry of entries.slice(half(entries))) await fill(node.store, [entry])
  for (const tree of ids) await node.store.sketches.of(tree)
  await node.close()
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Runs one damage. Throws if the node does not behave. */
export async function runDamage(
  master: string,
  kind: Kind,
  seed: number,
  repairFirst = false,
): Promise<{ outcome: Outcome; did: string }> {
  const random = prng(seed * 1_000 + kinds.indexOf(kind))
  const path = await mkdtemp(join(tmpdir(), 'causeway-damage-'))
  let did = ''
  let node: Node | undefined
  try {
    await cp(master, path, { recursive: true })
    did = await damage(path, kind, random)
    if (repairFirst) {
      assert.ok((await damagedTables(path)).length > 0, 'only a damaged table may end the process')
      await repairData(path)
    }
    const key = await readFile(join(master, 'identity.key'))
    const opened = await openDamaged(path, key)
    node = opened.node
    let { outcome } = opened
    const said = node.damage().length > 0
    const isRight = await check(node, said)
    if (outcome !== 'refused')
      outcome = said || node.damage().length > 0 ? 'said' : isRight ? 'right' : 'verified'
    node = await repair(node, path)
    await heal(node, seed)
    const tips = await Promise.all(ids.map((tree) => node!.tips(tree)))
    await node.close()
    node = await open(path)
    assert.deepEqual(node.damage(), [], 'what was repaired is not said again')
    assert.deepEqual(await Promise.all(ids.map((tree) => node!.tips(tree))), tips)
    return { outcome: repairFirst ? 'aborted' : outcome, did }
  } catch (error) {
    throw new Error(`${kind}, seed ${seed} (${did}): ${(error as Error).stack}`, { cause: error })
  } finally {
    await node?.close().catch(() => {})
    await rm(path, { recursive: true, force: true })
  }
}

/** Opens a damaged node, after what its error says if it cannot be opened. Its identity is always the same. */
async function openDamaged(path: string, key: Buffer): Promise<{ node: Node; outcome: Outcome }> {
  let outcome: Outcome = 'right'
  for (let attempt = 0; ; attempt++)
    try {
      const node = await open(path)
      const now = await readFile(join(path, 'identity.key'), 'latin1')
      assert.equal(now.trim(), key.toString('latin1').trim(), 'the identity is the same')
      return { node, outcome }
    } catch (error) {
      const { code, data, message } = CausewayError.from(error)
      assert.ok(code === 'STORE_CORRUPT' || code === 'STORE_FORMAT', message)
      assert.ok(attempt < 3, `it can be opened after what it says: ${message}`)
      outcome = 'refused'
      if (data.unreadable === true) await repairData(path)
      else await writeFile(join(path, 'identity.key'), key)
    }
}

/**
 * Asserts that each tree that is not set aside counts exactly what is there, unless the node has said that something is
 * damaged. Returns whether every tree verifies.
 */
async function check(node: Node, said: boolean): Promise<boolean> {
  let isRight = true
  for (const { tree, damage: aside, count } of await node.trees()) {
    if (aside !== '') continue
    const { problems } = await node.verify(tree)
    if (problems.length > 0) isRight = false
    const isDamaged = node.damage().some((each) => each.tree === tree)
    if (isDamaged) continue
    const found = await unlessCorrupt(() => countEntries(node, tree))
    if (found !== undefined && !said && problems.length === 0)
      assert.equal(found, count, 'it counts what is there')
    await unlessCorrupt(() => node.tips(tree))
  }
  return isRight
}

async function countEntries(node: Node, tree: TreeId): Promise<number> {
  const found = new Set<EntryId>()
  for await (const page of node.entries(tree, { void: true })) for (const { id } of page) found.add(id)
  return found.size
}

async function unlessCorrupt<Result>(task: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await task()
  } catch (error) {
    if (CausewayError.from(error).code !== 'STORE_CORRUPT') throw error
    return undefined
  }
}

/**
 * Repairs the node as `causeway repair` does, with LevelDB's own repair if its tables are damaged. Every tree verifies
 * then.
 */
async function repair(node: Node, path: string): Promise<Node> {
  await node.close()
  if ((await damagedTables(path)).length > 0) await repairData(path)
  let current = await open(path)
  for (let attempt = 0; ; attempt++)
    try {
      for await (const { problems } of current.repair()) void problems
      break
    } catch (error) {
      const { code, data, message } = CausewayError.from(error)
      assert.ok(code === 'STORE_CORRUPT' && data.unreadable === true && attempt < 2, message)
      await current.close().catch(() => {})
      await repairData(path)
      current = await open(path)
    }
  assert.deepEqual(current.damage(), [], 'nothing is damaged after a repair')
  for (const { tree } of await current.trees()) assert.deepEqual((await current.verify(tree)).problems, [])
  return current
}

/** Syncs with a peer that has everything: both are equal then, and the node goes on. */
async function heal(node: Node, seed: number): Promise<void> {
  const store = await DagStore.open(await openMemory())
  for (const entries of trees) await fill(store, entries)
  const clock = { ...systemClock, random: prng(seed) }
  const peer = { store, ingest: new Ingest(store), clock, [Symbol.asyncDispose]: () => store.close() }
  const local = { store: node.store, ingest: new Ingest(node.store), clock }
  for (const tree of ids) {
    const { equal } = await runSession(local, new LocalRemote(peer), tree)
    assert.equal(equal, true)
    await assertSame(tree, node.store, store)
    assert.deepEqual((await node.verify(tree)).problems, [])
  }
  await store.close()
}
