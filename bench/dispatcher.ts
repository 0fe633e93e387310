/**
 * The time from a commit until it is visible, over one and two hops of linked nodes, at three rates, compared with a
 * bare Connect stream of the same run. The same beside peers that are stopped, unreachable and slow. What it costs to
 * catch up with a peer that was away during 10,000 commits, and what many absent peers cost.
 */
import { connect, createServer, type Socket } from 'node:net'
import type { Case, Context, Row } from './harness.ts'
import type { Latency } from './latency.ts'
import { PeerProcess } from './process.ts'

const slowBytesPerSecond = 2_000

export const dispatcher: Case = {
  name: 'dispatcher',
  summary: 'from a commit until it is visible over 1 and 2 hops; beside bad peers; absent peers',
  async run(context) {
    const parts = { hops, bad: besideBadPeers, back: backAgain, away: peersAway }
    const only = process.env.DISPATCHER_PARTS?.split(',')
    const rows: Row[] = []
    for (const [name, part] of Object.entries(parts))
      if (only === undefined || only.includes(name)) rows.push(...(await part(context)))
    return rows
  },
}

async function open(context: Context, process: PeerProcess): Promise<string> {
  const { transport, stores } = context
  return (await process.call('open', { folder: stores.empty(), transport })).address
}

function row(name: string, count: number, latency: Latency, bare?: Latency): Row {
  const { p50Ms } = latency
  return { name, entries: count, ...latency, ...(bare && { ofBare: p50Ms / bare.p50Ms }) }
}

async function hops(context: Context): Promise<Row[]> {
  await using a = new PeerProcess('a')
  await using b = new PeerProcess('b')
  await using c = new PeerProcess('c')
  for (const each of [a, b, c]) await open(context, each)
  const { tree } = await a.call('createTree')
  await b.call('link', await a.call('ticket', { tree }))
  await c.call('link', await b.call('ticket', { tree }))
  const bare = await a.call('serveBare')
  const rows: Row[] = []
  for (const perSecond of context.small ? [100] : [1, 100, 1_000]) {
    const count = context.small ? 20 : Math.max(10, perSecond * 5)
    context.note(`${perSecond} commits a second`)
    await b.call('hearBare', bare)
    await a.call('sendBare', { count, perSecond })
    const floor = await b.call('heard', { count })
    for (const each of [b, c]) await each.call('hear', { tree })
    for (const each of [a, b, c]) await each.call('begin')
    await a.call('commitPaced', { tree, count, perSecond })
    const one = await b.call('heard', { count })
    const two = await c.call('heard', { count })
    const [committing, relaying, hearing] = await Promise.all(
      [a, b, c].map(async (each) => (await each.call('cost')).cpuSeconds),
    )
    rows.push(row(`bare Connect stream, ${perSecond}/s`, count, floor))
    const asked = { askedPerSecond: perSecond, servingCpuSeconds: committing! }
    rows.push({
      ...row(`one hop, ${perSecond} commits/s`, count, one, floor),
      ...asked,
      syncingCpuSeconds: relaying!,
    })
    rows.push({
      ...row(`two hops, ${perSecond} commits/s`, count, two, floor),
      ...asked,
      syncingCpuSeconds: relaying! + hearing!,
    })
  }
  return rows
}

async function besideBadPeers(context: Context): Promise<Row[]> {
  const [count, perSecond] = context.small ? [20, 100] : [500, 100]
  await using a = new PeerProcess('a')
  await using b = new PeerProcess('b')
  await using stopped = new PeerProcess('stopped')
  await using slow = new PeerProcess('slow')
  await open(context, a)
  const { tree } = await a.call('createTree')
  const { ticket } = await a.call('ticket', { tree })
  const others = await Promise.all([b, stopped, slow].map((each) => open(context, each)))
  await using narrow = await throttle(others[2]!)
  // All have the tree, so every commit is sent to all of them. The fourth is linked like the others: all are dialled.
  for (const each of [b, stopped, slow]) await each.call('syncOnce', { ticket })
  await a.call('linkAddress', { tree, address: others[0]! })
  const measure = async () => {
    await b.call('hear', { tree })
    await a.call('commitPaced', { tree, count, perSecond })
    return b.call('heard', { count })
  }
  context.note('a fourth peer')
  const without = await measure()
  for (const each of [stopped, slow]) await each.call('syncOnce', { ticket })
  await a.call('linkAddress', { tree, address: others[1]! })
  await a.call('linkAddress', { tree, address: narrow.address })
  await a.call('linkUnreachable', { tree, address: 'http://127.0.0.1:9' })
  stopped.signal('SIGSTOP')
  const beside = await measure()
  stopped.signal('SIGCONT')
  return [
    row('a fourth peer, alone', count, without),
    row('a fourth peer, beside a stopped, an unreachable and a slow one', count, beside),
  ]
}

async function backAgain(context: Context): Promise<Row[]> {
  const count = context.small ? 1_000 : 10_000
  await using a = new PeerProcess('a')
  await using b = new PeerProcess('b')
  await open(context, a)
  const folder = context.stores.empty()
  const { address } = await b.call('open', { folder, transport: context.transport })
  const { tree } = await a.call('createTree')
  await b.call('syncOnce', await a.call('ticket', { tree }))
  await a.call('linkAddress', { tree, address })
  await b.call('close')
  context.note('a peer that returns')
  await a.call('commit', { tree, count })
  const away = await a.call('outbox')
  await b.call('open', { folder, transport: context.transport, address })
  const seconds = await a.call('flush')
  const back = await a.call('outbox')
  return [
    {
      name: `a peer that was away for ${count.toLocaleString('en')} commits: marks, then sessions`,
      entries: count,
      seconds,
      marks: away.marks,
      sessions: back.sessions - away.sessions,
    },
  ]
}

async function peersAway(context: Context): Promise<Row[]> {
  const peers = context.small ? 50 : 1_000
  // Ten failures take a little more than the longest wait; then every peer waits as long as it ever does.
  const [settleSeconds, seconds] = context.small ? [1, 2] : [180, 60]
  await using a = new PeerProcess('a')
  await open(context, a)
  const { tree } = await a.call('createTree')
  // The first peers load the code and buffers that all peers share.
  await a.call('linkMany', { tree, from: 0, to: 5 })
  await a.call('idle', { seconds: context.small ? 1 : 30 })
  const rest = async () => {
    const before = await a.call('cost')
    const { dials } = await a.call('outbox')
    await a.call('idle', { seconds })
    const after = await a.call('cost')
    return {
      seconds,
      servingCpuSeconds: after.cpuSeconds - before.cpuSeconds,
      syncingCpuSeconds: 0,
      dialsPerSecond: ((await a.call('outbox')).dials - dials) / seconds,
      ...(await a.call('settled')),
    }
  }
  context.note('an idle node')
  // Collects garbage first: the baseline's own garbage would hide part of the growth after it.
  await a.call('settled')
  await a.call('begin')
  const idle = await rest()
  context.note('peers that stay away')
  await a.call('begin')
  await a.call('linkMany', { tree, from: 5, to: peers })
  await a.call('idle', { seconds: settleSeconds })
  const { growthMB, anonymousMB } = await a.call('cost')
  const away = await rest()
  return [
    { name: 'an idle node', ...idle },
    {
      name: `${peers.toLocaleString('en')} peers that stay away`,
      ...away,
      servingGrowthMB: growthMB,
      servingAnonymousMB: anonymousMB,
    },
  ]
}

/** Starts a proxy to an address that passes few bytes per second. */
async function throttle(address: string): Promise<AsyncDisposable & { address: string }> {
  const { hostname, port } = new URL(address)
  const sockets = new Set<Socket>()
  const slowly = (from: Socket, to: Socket) => {
    from.on('data', (bytes: Buffer) => {
      to.write(bytes)
      from.pause()
      setTimeout(() => from.resume(), (bytes.length / slowBytesPerSecond) * 1000).unref()
    })
    from.on('close', () => to.destroy())
    from.on('error', () => to.destroy())
  }
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const socket of [near, far]) sockets.add(socket)
    slowly(near, far)
    slowly(far, near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
