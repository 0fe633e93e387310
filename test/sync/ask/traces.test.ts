/**
 * Real histories, split between two nodes. From a random moment on, each node has only what its own authors wrote; one
 * session then brings the nodes together at the cost of the difference. Skipped if the recorded data is absent.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { toBinary } from '@bufbuild/protobuf'
import { SyncTreeHeaderSchema, SyncTreeRequestSchema } from '../../../gen/causeway/v1/sync_pb.ts'
import { entryBytes, type VerifiedEntry } from '../../../src/dag/entry.ts'
import { writeSyncHeader, writeSyncRequest } from '../../../src/rpc/convert-sync.ts'
import { runSession } from '../../../src/sync/ask/session.ts'
import { below, gitShape, gitShapeMissing, prng, TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { LocalRemote } from '../../kit/local-remote.ts'
import { assertSame, openPeer } from '../../kit/peers.ts'
import { projectFile } from '../../kit/project.ts'

const traceFile = projectFile('../shared/data/friendsforever.json.gz')
const traceMissing = existsSync(traceFile) ? false : `the editing trace is not here (${traceFile})`

/** The first transactions of a document that two people wrote at once; the author of each entry is who wrote it. */
function editingTrace(count: number): VerifiedEntry[] {
  const { txns } = JSON.parse(gunzipSync(readFileSync(traceFile)).toString()) as {
    txns: { parents: number[]; agent: number; patches: unknown }[]
  }
  const tree = new TreeBuilder()
  for (const { parents, agent, patches } of txns.slice(0, count))
    tree.add(parents.length === 0 ? [tree.root] : parents.map((parent) => tree.entries[parent + 1]!), {
      author: testIdentity(agent),
      payload: JSON.stringify(patches),
    })
  return tree.entries
}

/**
 * Both have the first `cut` entries; of the next, each has what its own authors wrote and what that stands on there.
 */
function split(entries: readonly VerifiedEntry[], cut: number, until: number) {
  const authors = [...new Set(entries.map(({ body }) => body.author))].sort()
  return [0, 1].map((side) => {
    const held = new Set(entries.slice(0, cut).map(({ id }) => id))
    for (const entry of entries.slice(cut, until)) {
      const own = authors.indexOf(entry.body.author) % 2 === side
      if (own && entry.body.parents.every((parent) => held.has(parent))) held.add(entry.id)
    }
    return entries.filter(({ id }) => held.has(id))
  })
}

async function converge(entries: readonly VerifiedEntry[], seed: number): Promise<void> {
  const random = prng(seed)
  const tree = entries[0]!.id
  const cut = 200 + below(random, entries.length - 800)
  const [ours, theirs] = split(entries, cut, cut + 1 + below(random, 600))
  const union = new Map([...ours!, ...theirs!].map((entry) => [entry.id, entry]))
  const difference = 2 * union.size - ours!.length - theirs!.length
  await using a = await openPeer(ours)
  await using b = await openPeer(theirs)
  let bytes = 0
  const remote = new LocalRemote(b, {
    request: (request) => {
      bytes += toBinary(SyncTreeRequestSchema, writeSyncRequest(request)).length
      return request
    },
    header: (header) => {
      bytes += toBinary(SyncTreeHeaderSchema, writeSyncHeader(header)).length
      return header
    },
  })
  const result = await runSession(a, remote, tree)
  await assertSame(tree, a.store, b.store)
  const what = `seed ${seed}, cut at ${cut}, difference ${difference}: ${result.statuses} ${bytes} bytes`
  assert.equal(result.received + result.sent, difference, what)
  assert.equal(result.roundTrips <= (difference <= 30 ? 1 : 2), true, what)
  const average = [...union.values()].reduce((sum, { signed }) => sum + entryBytes(signed), 0) / union.size
  // Entries that came twice are part of the price, of which a twentieth of the missing ones is allowed.
  const twice = result.redundant * average
  const allowed = 4096 + 2.3 * 22 * difference + (result.redundant > 0 ? 0.05 * difference * average : 0)
  assert.equal(bytes + twice <= allowed, true, `${what}, ${result.redundant} redundant, ${allowed} allowed`)
}

describe('a real history', () => {
  it('that two people wrote concurrently converges', { skip: traceMissing }, async () => {
    const entries = editingTrace(4000)
    for (const seed of [1, 2, 3, 4, 5, 6]) await converge(entries, seed)
  })

  it('of many authors with branches and merges converges', { skip: gitShapeMissing }, async () => {
    const entries = gitShape(4000)!
    for (const seed of [1, 2, 3, 4, 5, 6]) await converge(entries, seed)
  })
})
