/**
 * A stranger floods a node while the node serves a peer that it knows: how long the peer's commits and sessions take
 * with the flood, compared with no flood, and how much memory the node takes. The peer commits at an even pace on its
 * link. At the same time it repeatedly dials, proves its key and finds both sides equal.
 */
import type { Case, Row } from './harness.ts'
import { PeerProcess } from './process.ts'

const perSecond = 20

export const flood: Case = {
  name: 'flood',
  summary: 'a known peer beside a stranger that asks for the most expensive work',
  async run({ stores, transport, small, note }) {
    const seconds = small ? 10 : 60
    const open = await stores.tree(small ? 5_000 : 80_000)
    await using serving = new PeerProcess('serving')
    await using friend = new PeerProcess('friend')
    await using stranger = new PeerProcess('stranger')
    const { address, peer } = await serving.call('open', { folder: stores.copy(open), transport })
    const friendly = await friend.call('open', { folder: stores.empty(), transport })
    await serving.call('know', { peer: friendly.peer })
    const { tree } = await serving.call('createTree')
    await friend.call('link', await serving.call('ticket', { tree }))
    const measure = async (count: number) => {
      await serving.call('hear', { tree })
      const sessions = await friend.call('commitAndSync', { tree, address, count, perSecond })
      return { commits: await serving.call('heard', { count }), sessions }
    }
    // Warms up the code and dials the link.
    await measure(perSecond * 2)
    const count = perSecond * seconds
    const alone = await measure(count)
    await serving.call('begin')
    const flooding = stranger.call('flood', { address, peer, tree: open.tree, seconds: seconds + 5 })
    // The flood is at its worst at the start, and again once its token buckets are empty. The measurement covers both.
    const beside = await measure(count)
    const cost = await serving.call('cost')
    const counts = await flooding
    for (const [name, { made, failed }] of Object.entries(counts))
      note(`${name}: ${made}, of which ${failed} failed`)
    note(`sessions that failed: ${alone.sessions.failed} alone, ${beside.sessions.failed} beside the flood`)
    const row = (name: string, kind: 'commits' | 'sessions', which: typeof alone): Row => ({
      name,
      entries: count,
      p50Ms: which[kind].p50Ms,
      p99Ms: which[kind].p99Ms,
    })
    const ratio = (kind: 'commits' | 'sessions') => ({ p99OfAlone: beside[kind].p99Ms / alone[kind].p99Ms })
    return [
      row('commits to a node, alone', 'commits', alone),
      {
        ...row(`… beside a flood of ${seconds} s`, 'commits', beside),
        ...ratio('commits'),
        servingGrowthMB: cost.growthMB,
        servingAnonymousMB: cost.anonymousMB,
        servingCpuSeconds: cost.cpuSeconds,
        syncingCpuSeconds: 0,
      },
      row('sessions with it, alone', 'sessions', alone),
      { ...row('… beside the flood', 'sessions', beside), ...ratio('sessions') },
    ]
  },
}
