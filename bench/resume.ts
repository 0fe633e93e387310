/**
 * A new node takes a large tree from another process while it is killed by SIGKILL at ten random points and started
 * again: what crosses twice, and the memory of both. The bytes are counted by a proxy between the two, so that what was
 * under way when a process died counts too. RESUME_N says how many entries; a million takes minutes to make, once.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../src/limits.ts'
import { below, prng } from '../test/kit/entries.ts'
import { TcpProxy } from '../test/kit/tcp-proxy.ts'
import type { Case, Row } from './harness.ts'
import { PeerProcess } from './process.ts'
import { signedTree } from './signed-tree.ts'

const kills = 10

export const resume: Case = {
  name: 'resume',
  summary: 'an empty node takes a large tree, killed and resumed at ten random points',
  onDemand: true,
  async run({ small, transport, stores, note }) {
    const entries = Number(process.env.RESUME_N ?? (small ? 5_000 : 1_000_000))
    const random = prng(Number(process.env.RESUME_SEED ?? 1))
    const made = await signedTree(entries)
    const source = stores.copy(made)
    // Opening adds a key: a copy keeps the made one as it was.
    const folder = stores.empty()
    await using serving = new PeerProcess('serving')
    const { address } = await serving.call('open', { folder: source, transport })
    await serving.call('begin')
    const { hostname, port } = new URL(address)
    await using proxy = await TcpProxy.start({ host: hostname, port: Number(port) })
    const points = Array.from({ length: kills }, () => 1 + below(random, entries - 1)).sort((a, b) => a - b)
    // What crossed for each process that was killed, and was not stored.
    const lost: number[] = []
    let stored = { count: 0, bytes: 0 }
    let crossed = 0
    /** A process on the folder as the last one left it. */
    const next = async () => {
      const syncing = new PeerProcess('syncing')
      await syncing.call('open', { folder, transport })
      const now = await syncing.call('stored', { tree: made.tree })
      if (proxy.fromServer > crossed)
        lost.push(proxy.fromServer - crossed - wireBytes(now) + wireBytes(stored))
      ;[stored, crossed] = [now, proxy.fromServer]
      await syncing.call('begin')
      return syncing
    }
    for (const point of points) {
      if (point <= stored.count) continue
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
    const syncingMB = syncingCost.startMB + syncingCost.growthMB
    const once = wireBytes(made)
    const kilobytes = lost.map((bytes) => Math.round(bytes / 1024))
    note(
      `what crossed for nothing, of each kill: ${kilobytes.join(', ')} KiB; a page has at most ${limits.pageBytes / 1024}; ${result.redundant} entries that were stored came again after the last start`,
    )
    note(
      `memory at its peak: serving ${(servingCost.startMB + servingCost.growthMB).toFixed(0)} MB resident, ${anonymous(servingCost)} MB its own growth; syncing ${syncingMB.toFixed(0)} MB resident, ${anonymous(syncingCost)} MB its own growth`,
    )
    if (Math.max(...lost) > limits.pageBytes)
      throw new Error(`A kill made more than one page cross twice: ${Math.max(...lost)} bytes.`)
    rmSync(join(folder), { recursive: true, force: true })
    const row: Row = {
      name: `resume ${transport}, ${kills} kills`,
      entries: made.count,
      seconds: result.seconds,
      bytes: proxy.fromServer,
      bytesBeside: proxy.fromServer - once,
      servingGrowthMB: servingCost.growthMB,
      syncingGrowthMB: syncingCost.growthMB,
      servingAnonymousMB: servingCost.anonymousMB,
      syncingAnonymousMB: syncingCost.anonymousMB,
      servingCpuSeconds: servingCost.cpuSeconds,
      syncingCpuSeconds: syncingCost.cpuSeconds,
    }
    return [row]
  },
}

/** An entry in a page has some 9 bytes of framing. */
function wireBytes({ count, bytes }: { count: number; bytes: number }): number {
  return bytes + 9 * count
}

function anonymous({ anonymousMB }: { anonymousMB: number | undefined }): string {
  return anonymousMB?.toFixed(0) ?? 'unknown'
}
