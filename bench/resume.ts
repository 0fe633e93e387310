/**
 * A new node fetches a large tree from another process while it is killed by SIGKILL at ten random points and started
 * again: what crosses twice, and the memory of both. A proxy between the two counts the bytes, so that what was in
 * flight when a process died counts too. RESUME_N is the number of entries (a million takes minutes to make, once).
 * RESUME_KILLS is the number of kills: with 0 the memory is that of one process that fetches everything.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../src/base/limits.ts'
import { below, prng } from '../test/kit/entries.ts'
import { TcpProxy } from '../test/kit/tcp-proxy.ts'
import type { Case, Row } from './harness.ts'
import { DataCounter } from './http2-data.ts'
import type { Memory } from './memory.ts'
import { PeerProcess } from './process.ts'
import { signedTree } from './signed-tree.ts'

const kills = Number(process.env.RESUME_KILLS ?? 10)
/** The framing of a message in a Connect stream, and of the page in it. */
const messageBytes = 5 + 4

export const resume: Case = {
  name: 'resume',
  summary: 'an empty node fetches a large tree, killed and resumed at ten random points',
  onDemand: true,
  async run({ small, transport, stores, note }) {
    const entries = Number(process.env.RESUME_N ?? (small ? 5_000 : 1_000_000))
    const random = prng(Number(process.env.RESUME_SEED ?? 1))
    const made = await signedTree(entries)
    const source = stores.copy(made)
    // Opening adds a key, so this opens a copy.
    const folder = stores.empty()
    await using serving = new PeerProcess('serving')
    const { address } = await serving.call('open', { folder: source, transport })
    await serving.call('begin')
    const { hostname, port } = new URL(address)
    await using proxy = await TcpProxy.start({ host: hostname, port: Number(port) })
    const points = Array.from({ length: kills }, () => 1 + below(random, entries - 1)).sort((a, b) => a - b)
    // For each process that was killed: the bytes that arrived on its streams, and what was stored before and after.
    const lives: { crossed: number; before: number; after: number }[] = []
    let counter = new DataCounter()
    proxy.onBytes = (_, chunk) => counter.push(chunk)
    let stored = 0
    /** Starts a process on the folder as the last one left it. */
    const next = async () => {
      const syncing = new PeerProcess('syncing')
      await syncing.call('open', { folder, transport })
      const { count } = await syncing.call('stored', { tree: made.tree })
      if (counter.bytes > 0) lives.push({ crossed: counter.bytes, before: stored, after: count })
      stored = count
      counter = new DataCounter()
      await syncing.call('begin')
      return syncing
    }
    for (const point of points) {
      if (point <= stored) continue
      await using syncing = await next()
      const died = await syncing
        .call('syncAndDie', { tree: made.tree, address: proxy.address, entries: point })
        .catch((error: Error) => error.message)
      note(`killed at ${point.toLocaleString('en')} of ${entries.toLocaleString('en')}: ${died}`)
    }
    await using syncing = await next()
    const result = await syncing.call('sync', { tree: made.tree, address: proxy.address })
    const [servingCost, syncingCost] = await Promise.all([serving.call('cost'), syncing.call('cost')])
    const { count } = await syncing.call('summary', { tree: made.tree })
    if (!result.equal || count !== made.count)
      throw new Error(`The new node has ${count} of ${made.count} entries.`)
    // A single source sends parents first, so what is stored is always the beginning of the order.
    const counts = [0, ...lives.map(({ after }) => after), made.count]
    const { sums } = await serving.call('packed', { tree: made.tree, counts })
    const lost = lives.map(({ crossed }, life) => crossed - paged(sums[life + 1]! - sums[life]!))
    note(`${result.redundant} entries that were stored arrived again after the last start`)
    rmSync(join(folder), { recursive: true, force: true })
    const row: Row = {
      name: `resume ${transport}, ${kills} kills`,
      entries: made.count,
      seconds: result.seconds,
      bytes: proxy.fromServer,
      bytesBeside: proxy.fromServer - made.bytes,
      servingGrowthMB: servingCost.growthMB,
      syncingGrowthMB: syncingCost.growthMB,
      servingAnonymousMB: servingCost.anonymousMB,
      syncingAnonymousMB: syncingCost.anonymousMB,
      servingCpuSeconds: servingCost.cpuSeconds,
      syncingCpuSeconds: syncingCost.cpuSeconds,
      heldMB: [held(servingCost), held(syncingCost)],
      lostBytes: lost,
    }
    return [row]
  },
}

/** Converts the bytes that entries take in pages to the bytes that they take in messages. */
function paged(bytes: number): number {
  return bytes + messageBytes * Math.ceil(bytes / limits.answerPageBytes)
}

function held({ startMB, growthMB, anonymousMB = growthMB }: Memory): number {
  return startMB + anonymousMB
}
