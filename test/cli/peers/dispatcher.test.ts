/**
 * Linked nodes as real processes: three in a line whose ends never connect, and nodes that are killed or stopped at
 * random moments. KILL_RUNS sets the number of moments, and SEED the seed, which the title shows.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { below, prng } from '../../kit/entries.ts'
import { tempFolder } from '../../kit/peers.ts'
import { ServeProcess } from '../../kit/serve-process.ts'

const killRuns = Number(process.env.KILL_RUNS ?? 1)
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const commits = 250

let folder: Awaited<ReturnType<typeof tempFolder>>
let started: ServeProcess[]
beforeEach(async () => {
  folder = await tempFolder()
  started = []
})
afterEach(async () => {
  for (const serve of started) await serve[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function serve(name: string): Promise<ServeProcess> {
  const process = await ServeProcess.start(join(folder.path, name))
  started.push(process)
  return process
}

async function createTree(at: ServeProcess): Promise<Uint8Array> {
  return (await at.trees.createTree({ name: 'test', publicAccess: PublicAccess.WRITE })).tree!.id
}

function commit(at: ServeProcess, tree: Uint8Array, text: string) {
  return at.trees.commit({ tree, changes: [{ store: 'log', kind: 'add', payload: Buffer.from(text) }] })
}

/** Asserts that every expected entry came exactly once, beside the root. */
function assertOnce(payloads: readonly string[], expected: readonly string[]): void {
  const got = payloads.slice(1)
  assert.equal(new Set(got).size, got.length, 'an entry came twice')
  const lost = expected.filter((text) => !got.includes(text))
  assert.deepEqual(lost, [], 'an acknowledged entry was lost')
}

describe('serve', () => {
  it('passes commits both ways along a line whose ends never connect', async () => {
    const [a, b, c] = (await Promise.all(['a', 'b', 'c'].map(serve))) as [
      ServeProcess,
      ServeProcess,
      ServeProcess,
    ]
    const tree = await createTree(a)
    await b.node.linkTree({ ticket: await a.ticket(tree) })
    await b.has(tree, 1)
    await c.node.linkTree({ ticket: await b.ticket(tree) })
    await c.has(tree, 1)
    await commit(a, tree, 'from a')
    assert.deepEqual((await c.has(tree, 2)).slice(1), ['from a'])
    await commit(c, tree, 'from c')
    assert.deepEqual((await a.has(tree, 3)).slice(1), ['from a', 'from c'])
    const { peers } = await a.node.listPeers({})
    assert.deepEqual(peers, [])
    // And again after all nodes have restarted.
    await Promise.all([a, b, c].map((each) => each.end('SIGTERM')))
    await Promise.all([a, b, c].map((each) => each.start()))
    await commit(c, tree, 'from c again')
    await commit(a, tree, 'from a again')
    for (const each of [a, b, c])
      assertOnce(await each.has(tree, 5), ['from a', 'from c', 'from a again', 'from c again'])
  })

  it('is not delayed by a stopped peer', async () => {
    const [a, b, stopped] = (await Promise.all(['a', 'b', 's'].map(serve))) as [
      ServeProcess,
      ServeProcess,
      ServeProcess,
    ]
    const tree = await createTree(a)
    await stopped.node.linkTree({ ticket: await a.ticket(tree) })
    await stopped.has(tree, 1)
    // Both directions: `a` dials the peer that will stop, and that peer has dialled `a`.
    await a.node.addPeer({ addresses: [stopped.address] })
    await a.node.linkTree({ tree, peer: Buffer.from(stopped.peer, 'hex') })
    await b.node.linkTree({ ticket: await a.ticket(tree) })
    await b.has(tree, 1)
    stopped.signal('SIGSTOP')
    // Later, the connection to the stopped peer is given up, and nothing would be delayed any more.
    const watching = b.has(tree, 101, AbortSignal.timeout(limits.idleTimeoutMs))
    for (let index = 0; index < 100; index++) await commit(a, tree, `news ${index}`)
    await watching
    stopped.signal('SIGCONT')
    await stopped.has(tree, 101)
  })

  it('answers operators /healthz, /readyz and /metrics, and names no tree or peer in the metrics', async () => {
    const a = await serve('a')
    const tree = await createTree(a)
    await commit(a, tree, 'text')
    const get = (path: string) => fetch(a.admin + path)
    assert.equal(await (await get('/healthz')).text(), 'ok\n')
    assert.equal((await get('/readyz')).status, 200)
    const metrics = await (await get('/metrics')).text()
    assert.match(metrics, /^causeway_entries 2$/m)
    assert.match(metrics, /^# TYPE causeway_outbox_marks gauge\ncauseway_outbox_marks 0$/m)
    assert.doesNotMatch(metrics, new RegExp(`${Buffer.from(tree).toString('hex')}|${a.peer}`))
    assert.equal((await fetch(`${a.address}/metrics`)).status, 404)
  })
})

describe(`kill -9, ${killRuns} random moments, seed ${seed}`, () => {
  for (let run = 0; run < killRuns; run++) {
    const moment = (['pending', 'delivering', 'writing'] as const)[run % 3]!
    it(`of the sender with ${commits} commits for a peer that is down, while ${moment} (${run})`, async () => {
      const random = prng(seed + run)
      const [a, b] = (await Promise.all(['a', 'b'].map(serve))) as [ServeProcess, ServeProcess]
      const tree = await createTree(a)
      await b.node.linkTree({ ticket: await a.ticket(tree) })
      await b.has(tree, 1)
      await b.node.unlinkTree({ tree, peer: Buffer.from(a.peer, 'hex') })
      await a.node.addPeer({ addresses: [b.address] })
      await a.node.linkTree({ tree, peer: Buffer.from(b.peer, 'hex') })
      await b.end('SIGKILL')
      const acknowledged: string[] = []
      const dies = 1 + below(random, commits)
      let enough = () => {}
      const some = new Promise<void>((resolve) => {
        enough = resolve
      })
      const writing = texts('commit').map(async (text) => {
        await commit(a, tree, text)
        if (acknowledged.push(text) === dies) enough()
      })
      const written = Promise.allSettled(writing)
      await (moment === 'writing' ? some : written)
      if (moment === 'delivering') {
        await b.start()
        await b.has(tree, 1 + dies)
      }
      await a.end('SIGKILL')
      await written
      await b.end('SIGKILL')
      await Promise.all([a.start(), b.start()])
      const count = Number((await a.trees.getTree({ tree })).tree!.count)
      assertOnce(await b.has(tree, count), acknowledged)
      await a.status(({ inSync }) => inSync)
    })

    it(`of the receiver in the middle (${run})`, async () => {
      const random = prng(seed + 1000 + run)
      const [a, b] = (await Promise.all(['a', 'b'].map(serve))) as [ServeProcess, ServeProcess]
      const tree = await createTree(a)
      await b.node.linkTree({ ticket: await a.ticket(tree) })
      await b.has(tree, 1)
      await b.end('SIGTERM')
      await Promise.all(texts('commit').map((text) => commit(a, tree, text)))
      await b.start()
      const writing = Promise.all(texts('more').map((text) => commit(a, tree, text)))
      await b.has(tree, 2 + below(random, 2 * commits))
      await b.end('SIGKILL')
      await writing
      await b.start()
      assertOnce(await b.has(tree, 1 + 2 * commits), [...texts('commit'), ...texts('more')])
    })
  }
})

/** Returns payloads that are large enough to take several pages, so that a kill can fall between two. */
function texts(name: string): string[] {
  return Array.from({ length: commits }, (_, index) => `${name} ${index} `.padEnd(2_000, '.'))
}
