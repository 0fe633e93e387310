/**
 * Nodes behind real NATs, in network namespaces: what was lost for good in the first version heals within a minute of the
 * network being there, with nothing lost and nobody asking. Run by root, `npm run test:nat`; skipped elsewhere.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { loadIroh, parseTicket } from '../../src/transport/iroh/binding.ts'
import { spawnLeashed } from '../kit/leashed.ts'
import { tempFolder } from '../kit/peers.ts'
import { builtCommand } from '../kit/project.ts'
import { type Host, missing, PublicNetwork } from './network.ts'
import { NodeIn, startRelay } from './node-in.ts'

const iroh = await loadIroh()

/** All must have healed by then. */
const healMs = 60_000
const serving = ['--no-http', '--no-admin', '--quic']
/** Without beacons: hosts of the public network are in one LAN here. */
const quic = [...serving, '--no-lan']

describe('Nodes in real networks', { skip: missing(), timeout: 900_000 }, () => {
  let net: PublicNetwork
  let folder: Awaited<ReturnType<typeof tempFolder>>
  const open: AsyncDisposable[] = []
  beforeEach(async () => {
    net = new PublicNetwork()
    folder = await tempFolder()
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each[Symbol.asyncDispose]()))
    net[Symbol.dispose]()
    await folder[Symbol.asyncDispose]()
  })

  async function serve(
    host: Parameters<typeof NodeIn.start>[0],
    name: string,
    ...args: string[]
  ): Promise<NodeIn> {
    const node = await NodeIn.start(host, join(folder.path, name), ...args)
    open.push(node)
    return node
  }

  /** Lets the second node into a new tree of the first, and waits until both are equal. */
  async function share(a: NodeIn, b: NodeIn): Promise<Uint8Array> {
    const created = (await a.trees.createTree({ name: 'notes' })).tree!.id
    const { ticket } = await a.node.createTicket({ tree: created, invitation: Permission.WRITE })
    for await (const _ of b.node.joinTree({ ticket, permission: Permission.WRITE })) break
    await b.equal(created, 2)
    return created
  }

  /** Both write, and must be equal within `ms`. */
  async function heals(tree: Uint8Array, count: number, ms: number, ...nodes: NodeIn[]): Promise<void> {
    const started = performance.now()
    for (const node of nodes) await node.commit(tree, `from ${node.peer}`)
    await Promise.all(nodes.map((node) => node.equal(tree, count + nodes.length)))
    const tookMs = performance.now() - started
    assert.ok(tookMs < ms, `It took ${Math.round(tookMs)} ms.`)
  }

  it('find a public node that restarts, at the port that it had', async () => {
    const [a, b] = [
      await serve(net.public(), 'a', ...quic),
      await serve(net.behindNat('restricted'), 'b', ...quic),
    ]
    const tree = await share(a, b)
    await a.stop()
    await b.commit(tree, 'while away')
    await a.start()
    await heals(tree, 3, healMs, a, b)
  })

  it('find each other when the one that was given an address of moves, without a relay', async () => {
    const [a, b] = [await serve(net.public(), 'a', ...quic), await serve(net.public(), 'b', ...quic)]
    const tree = await share(a, b)
    a.host = net.move(a.host)
    await heals(tree, 2, healMs, a, b)
  })

  it('find a public node that comes back with another port, though nobody gave it an address of the other', async () => {
    const [a, b] = [await serve(net.public(), 'a', ...quic), await serve(net.public(), 'b', ...quic)]
    const tree = await share(a, b)
    await a.stop()
    await b.commit(tree, 'while away')
    await a.start('--quic', '0.0.0.0:29300')
    await heals(tree, 3, healMs, a, b)
  })

  it('meet in one LAN by beacons alone within 5 s of the start of the second, whatever addresses they had', async () => {
    const [a, b] = [await serve(net.public(), 'a', ...serving), await serve(net.public(), 'b', ...serving)]
    const tree = await share(a, b)
    await a.stop()
    await b.commit(tree, 'while away')
    await b.stop()
    a.host = net.move(a.host)
    b.host = net.move(b.host)
    await a.start('--quic', '0.0.0.0:29301')
    await b.start('--quic', '0.0.0.0:29302')
    const took = await Promise.all([a.equal(tree, 3), b.equal(tree, 3)])
    assert.ok(Math.max(...took) < 5_000, `${took} ms`)
  })

  it('are introduced in one LAN by `causeway pair` on both, and share a tree', async () => {
    const [a, b] = [await serve(net.public(), 'a', ...serving), await serve(net.public(), 'b', ...serving)]
    const tree = (await a.trees.createTree({ name: 'notes' })).tree!.id
    const pair = async (name: string, ...args: string[]) => {
      const data = join(folder.path, name)
      const child = spawnLeashed(builtCommand, ['pair', '--json', '--data', data, ...args], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      child.stdin!.end('yes\n')
      let stdout = ''
      child.stdout!.on('data', (chunk) => (stdout += chunk))
      const [code] = await once(child, 'close')
      assert.equal(code, 0)
      return /"digits":"(\d{6})"/.exec(stdout)?.[1]
    }
    const digits = await Promise.all([pair('a', '--tree', 'notes'), pair('b')])
    assert.ok(digits[0] !== undefined && digits[0] === digits[1], `${digits}`)
    await b.equal(tree, 2)
    await heals(tree, 2, healMs, a, b)
  })

  it('stay apart in one LAN without beacons, if both come back elsewhere', async () => {
    const [a, b] = [await serve(net.public(), 'a', ...quic), await serve(net.public(), 'b', ...quic)]
    const tree = await share(a, b)
    await Promise.all([a.stop(), b.stop()])
    a.host = net.move(a.host)
    b.host = net.move(b.host)
    await a.start('--quic', '0.0.0.0:29301')
    await b.start('--quic', '0.0.0.0:29302')
    await a.commit(tree, 'here')
    await wait(10_000)
    assert.equal(Number((await b.trees.getTree({ tree })).tree!.count), 2)
  })

  it('find each other by their relay when both move at once', async () => {
    const relay = await startRelay(net.public(), 4_000)
    open.push(relay)
    const options = [...quic, '--relay', relay.url]
    const [a, b] = [await serve(net.public(), 'a', ...options), await serve(net.public(), 'b', ...options)]
    const tree = await share(a, b)
    a.host = net.move(a.host)
    b.host = net.move(b.host)
    await heals(tree, 2, healMs, a, b)
  })

  /** Three members, of which two were let in by the third and know each other by it alone. */
  async function three(hosts: { a: Host; b: Host }) {
    const c = await serve(net.public(), 'c', ...quic)
    const [a, b] = [await serve(hosts.a, 'a', ...quic), await serve(hosts.b, 'b', ...quic)]
    const tree = await share(c, a)
    const { ticket } = await c.node.createTicket({ tree, invitation: Permission.WRITE })
    for await (const _ of b.node.joinTree({ ticket, permission: Permission.WRITE })) break
    await b.equal(tree, 3, a.peer)
    return { a, b, c, tree }
  }

  /** Both write, and must be equal over their own link within a minute. */
  async function healsBetween(tree: Uint8Array, count: number, a: NodeIn, b: NodeIn): Promise<void> {
    const started = performance.now()
    await Promise.all([a.commit(tree, 'of one'), b.commit(tree, 'of the other')])
    await Promise.all([a.equal(tree, count + 2), b.equal(tree, count + 2, a.peer)])
    const tookMs = performance.now() - started
    assert.ok(tookMs < healMs, `It took ${tookMs} ms.`)
  }

  it('learn from a third member where one is that moved and cannot call them, and do without that one then', async () => {
    const { a, b, c, tree } = await three({ a: net.public(), b: net.behindNat('restricted') })
    a.host = net.move(a.host)
    await healsBetween(tree, 3, a, b)
    // Whoever let them in is gone for good.
    await c.stop()
    await healsBetween(tree, 5, a, b)
  })

  it('find each other by a third member when both move at once, without a relay', async () => {
    const { a, b, tree } = await three({ a: net.public(), b: net.public() })
    a.host = net.move(a.host)
    b.host = net.move(b.host)
    await healsBetween(tree, 3, a, b)
  })

  it('give a public node its tree back that lost its store, from behind a NAT', async () => {
    const [a, b] = [
      await serve(net.public(), 'a', ...quic),
      await serve(net.behindNat('restricted'), 'b', ...quic),
    ]
    const tree = await share(a, b)
    await a.stop()
    await rm(join(folder.path, 'a', 'store'), { recursive: true })
    await a.start()
    await heals(tree, 2, healMs, b)
    await a.equal(tree, 3)
  })

  it('are equal again soon after all packets were dropped for 90 s', async () => {
    const [a, b] = [
      await serve(net.public(), 'a', ...quic),
      await serve(net.behindNat('restricted'), 'b', ...quic),
    ]
    const tree = await share(a, b)
    const cut = net.cut(b.host)
    await wait(1_000)
    await a.commit(tree, 'here')
    await b.commit(tree, 'there')
    await wait(89_000)
    cut[Symbol.dispose]()
    const took = await Promise.all([a.equal(tree, 4), b.equal(tree, 4)])
    assert.ok(Math.max(...took) < 10_000, `${took} ms`)
  })

  it('meet through a relay behind NATs of any kind, also after it was killed and restarted', async () => {
    const where = net.public()
    let relay = await startRelay(where, 4_000)
    const options = [...quic, '--relay', relay.url]
    const [a, b] = [
      await serve(net.behindNat('symmetric'), 'a', ...options),
      await serve(net.behindNat('restricted'), 'b', ...options),
    ]
    const tree = await share(a, b)
    await relay[Symbol.asyncDispose]()
    await a.commit(tree, 'without a relay')
    await wait(5_000)
    relay = await startRelay(where, 4_000)
    open.push(relay)
    await heals(tree, 3, healMs, a, b)
  })

  it('learn their public address from two peers that see it, and put it into tickets', async () => {
    const inside = await serve(net.behindNat('restricted'), 'inside', ...quic)
    for (const name of ['a', 'b']) await share(await serve(net.public(), name, ...quic), inside)
    const seen = `${inside.host.address}:29292`
    const sockets = async () => {
      const { addresses } = await inside.node.getNode({})
      return parseTicket(iroh, addresses[0]!.slice('iroh:'.length)).native.directAddresses()
    }
    const deadline = performance.now() + healMs
    while (!(await sockets()).includes(seen)) {
      assert.ok(performance.now() < deadline, `It knows ${await sockets()}.`)
      await wait(200)
    }
    const { reachProblem } = await inside.node.getNode({})
    assert.equal(reachProblem, '')
  })

  it('punch holes through port-restricted NATs if they know where they are seen', async () => {
    const relay = await startRelay(net.public(), 4_000)
    open.push(relay)
    const hosts = [net.behindNat('restricted'), net.behindNat('restricted')]
    const [a, b] = (await Promise.all(
      hosts.map((host, index) => {
        const seen = `quic:${host.address}:29292`
        return serve(host, `${index}`, ...quic, '--relay', relay.url, '--advertise', seen)
      }),
    )) as [NodeIn, NodeIn]
    await share(a, b)
    const deadline = performance.now() + healMs
    while (!(await b.paths()).includes('direct')) {
      assert.ok(performance.now() < deadline, 'No hole was punched.')
      await wait(500)
    }
  })
})
