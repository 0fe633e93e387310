/**
 * A day of an operator: a store of the format before is upgraded; the node starts from its environment alone, behind nginx,
 * and is watched; it is backed up while it takes commits, gets another certificate, is stopped under load, damaged,
 * repaired, and restored elsewhere. Nothing that it has acknowledged is lost, and its log says what happened.
 * OPERATOR_COMMITS is how many commits each step lasts (1,000 a second are usual), and OPERATOR_SIDES how many are under way
 * at once (`npm run test:operator`: 20,000 and 64). Without nginx the node is reached directly; CI has it.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect } from 'node:tls'
import { type EntryId, formatId, parseId } from '../../../src/dag/id.ts'
import { createNode } from '../../../src/node/node.ts'
import { ready, Sandbox, type Served } from '../../kit/command.ts'
import { type Acknowledged, CommitLoad } from '../../kit/commit-load.ts'
import { freePorts, hasNginx, Nginx } from '../../kit/nginx.ts'
import { oldSeedText, writeOldStore } from '../../kit/old-stores.ts'
import { projectFile } from '../../kit/project.ts'

const commits = Number(process.env.OPERATOR_COMMITS ?? 200)
const sides = Number(process.env.OPERATOR_SIDES ?? 16)
const fixture = (name: string) => projectFile(`test/kit/fixtures/${name}`)

interface Line {
  readonly event: string
  readonly level: string
  readonly time: string
  readonly [field: string]: unknown
}

/** The node, its peer, and what is known about them. */
class Day implements AsyncDisposable {
  readonly hub: Sandbox
  readonly others: Sandbox
  readonly address: string
  readonly acknowledged: Acknowledged = new Set()
  readonly log: Line[] = []
  nginx: Nginx | undefined
  served!: Served
  peer!: Served
  tree = ''
  /** The trees of the old store. */
  oldTrees: string[] = []

  private constructor(hub: Sandbox, others: Sandbox, front: number) {
    this.hub = hub
    this.others = others
    this.address = `https://localhost:${front}`
  }

  static async create(): Promise<Day> {
    const [hub, others] = [await Sandbox.create(), await Sandbox.create()]
    const [front, back] = (await freePorts(2)) as [number, number]
    const day = new Day(hub, others, hasNginx ? front : back)
    await day.certificate('localhost')
    if (hasNginx) day.nginx = await Nginx.start(hub.folder('nginx'), { front, back })
    hub.env = {
      ...{ CAUSEWAY_HTTP: `127.0.0.1:${back}`, CAUSEWAY_ADMIN: '127.0.0.1:0', CAUSEWAY_MAX_DISK: '1G' },
      ...{ CAUSEWAY_TLS_CERT: hub.folder('cert.pem'), CAUSEWAY_TLS_KEY: hub.folder('key.pem') },
      ...{ CAUSEWAY_ADVERTISE: day.address, CAUSEWAY_LOG_LEVEL: 'debug', CAUSEWAY_LOG_FORMAT: 'json' },
      ...(hasNginx && { CAUSEWAY_TRUSTED_PROXY: '127.0.0.1' }),
    }
    const authorities = others.folder('authorities.pem')
    const both = [
      await readFile(fixture('localhost.crt'), 'utf8'),
      await readFile(fixture('relay.crt'), 'utf8'),
    ]
    await writeFile(authorities, both.join(''))
    others.env = { NODE_EXTRA_CA_CERTS: authorities }
    return day
  }

  get data(): string {
    return this.hub.folder('hub')
  }

  async certificate(name: string): Promise<void> {
    await copyFile(fixture(`${name}.crt`), this.hub.folder('cert.pem'))
    await copyFile(fixture(`${name}.key`), this.hub.folder('key.pem'))
  }

  /** Starts the node with no option at all, and reads its log. */
  async start(): Promise<void> {
    const child = this.hub.spawn('hub', ['serve', '--json'])
    let rest = ''
    child.stderr!.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop()!
      this.log.push(...lines.map((line) => JSON.parse(line) as Line))
    })
    this.served = await ready(child)
  }

  async stop(): Promise<void> {
    this.served.child.kill('SIGTERM')
    assert.deepEqual(await this.served.closed, [0, null])
    assert.equal(this.log.at(-1)!.event, 'stopped')
  }

  load(): Promise<CommitLoad> {
    return CommitLoad.start(this.data, this.tree, { sides, acknowledged: this.acknowledged })
  }

  /** Waits until the peer has all entries. */
  async deliver(): Promise<void> {
    const { delivered } = await this.hub.json<{ delivered: boolean }>('hub', ['flush', '--timeout', '60'])
    assert.ok(delivered)
  }

  /** Asserts that a node at rest has everything that was acknowledged, and that all of its trees are sound. */
  async expectWhole(folder: string, acknowledged: Iterable<EntryId> = this.acknowledged): Promise<void> {
    await using node = await createNode({ data: folder, background: false })
    for (const tree of [this.tree, ...this.oldTrees])
      assert.deepEqual((await node.verify(parseId(tree))).problems, [], tree)
    const here = new Set<EntryId>()
    for await (const page of node.entries(parseId(this.tree))) for (const { id } of page) here.add(id)
    assert.deepEqual([...acknowledged].filter((id) => !here.has(id)).map(formatId), [])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nginx?.[Symbol.asyncDispose]()
    await this.hub[Symbol.asyncDispose]()
    await this.others[Symbol.asyncDispose]()
  }
}

/** Returns the fingerprint of the certificate at an address. */
async function certificateAt(address: string): Promise<string> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(new URL(address).port),
    rejectUnauthorized: false,
  })
  await once(socket, 'secureConnect')
  const fingerprint = socket.getPeerX509Certificate()!.fingerprint256
  socket.destroy()
  return fingerprint
}

/** Among the first commits since the start: behind them come the sketch and other records, which are made again. */
const flippedAt = 16_000

/** Flips a bit early in the log of a store, so that something is lost before what is kept: a hole, not a shorter tree. */
async function flipLog(folder: string): Promise<void> {
  const store = join(folder, 'store')
  const logs = (await readdir(store)).filter((file) => file.endsWith('.log'))
  const files = await Promise.all(
    logs.map(async (name) => ({ name, bytes: await readFile(join(store, name)) })),
  )
  const { name, bytes } = files.sort((a, b) => b.bytes.length - a.bytes.length)[0]!
  assert.ok(bytes.length > 2 * flippedAt, `the log has ${bytes.length} bytes`)
  bytes[flippedAt]! ^= 1
  await writeFile(join(store, name), bytes)
}

describe(`a day of an operator, with ${commits} commits a step and ${sides} at once`, () => {
  let day: Day
  before(async () => {
    day = await Day.create()
  })
  after(() => day[Symbol.asyncDispose]())

  it('upgrades the store of the version before', async () => {
    await mkdir(join(day.data, 'store'), { recursive: true })
    await writeFile(join(day.data, 'identity.key'), oldSeedText, { mode: 0o600 })
    await writeOldStore(join(day.data, 'store'), 2)
    const plan = await day.hub.json<{ format: number; pending: boolean; entries: number }>('hub', [
      ...['migrate', '--dry-run'],
    ])
    assert.deepEqual([plan.format, plan.pending, plan.entries], [2, true, 34])
    await day.start()
    const { trees } = await day.hub.json<{ trees: { tree: string; entries: number }[] }>('hub', [
      'tree',
      'list',
    ])
    assert.equal(
      trees.reduce((sum, { entries }) => sum + entries, 0),
      34,
    )
    day.oldTrees = trees.map(({ tree }) => tree)
    // Nobody waits for the peers of the old store any more.
    const { peers } = await day.hub.json<{ peers: { peer: string }[] }>('hub', ['peer', 'list'])
    for (const { peer } of peers) await day.hub.json('hub', ['peer', 'remove', peer])
    const events = day.log.map(({ event }) => event)
    assert.deepEqual(events.slice(0, 2), ['migrating', 'migrated'])
    assert.ok(events.includes('started'))
  })

  it('lets a peer in through the proxy, and is watched', async (test) => {
    test.diagnostic(hasNginx ? 'nginx is in front' : 'there is no nginx: the node is reached directly')
    const { tree } = await day.hub.json<{ tree: string }>('hub', [
      ...['tree', 'create', 'notes', '--public', 'read'],
    ])
    day.tree = tree
    const { ticket } = await day.hub.json<{ ticket: string }>('hub', ['ticket', tree, '--invite', 'write'])
    assert.match(decodeURIComponent(ticket), new RegExp(day.address))
    day.peer = await day.others.serve('peer')
    await day.others.json('peer', ['join', ticket, '--permission', 'write'])
    await day.others.json('peer', ['commit', tree, '--store', 'log'], 'from the peer')

    const load = await day.load()
    await load.more(commits)
    await load.stop()
    const metrics = await (await fetch(`${day.served.ready.admin}/metrics`)).text()
    const counted = /^causeway_call_seconds_count\{method="TreeService\/Commit",code="OK"\} (\d+)$/m.exec(
      metrics,
    )
    assert.equal(Number(counted?.[1]), day.acknowledged.size)
    assert.match(metrics, /^causeway_quota_bytes 1073741824$/m)
    await day.deliver()
    const calls = day.log.filter(({ event }) => event === 'call')
    assert.ok(calls.some(({ method }) => method === 'TreeService/Commit'))
    // The proxy says from where the peer comes.
    assert.ok(
      calls.some(
        ({ method, remote }) => method === 'SyncService/SyncTree' && /127\.0\.0\.1/.test(String(remote)),
      ),
    )
  })

  let inBackup: EntryId[]
  it('is backed up while it takes commits', async (test) => {
    const folder = day.hub.folder('backups')
    await mkdir(folder)
    const load = await day.load()
    await load.more(commits)
    inBackup = [...day.acknowledged]
    const start = performance.now()
    const backup = await day.hub.json<{ entries: number }>('hub', ['backup', folder, '--with-key'])
    const seconds = (performance.now() - start) / 1000
    const rate = Math.round((day.acknowledged.size - inBackup.length) / seconds)
    test.diagnostic(`${backup.entries} entries in ${seconds.toFixed(1)} s, beside ${rate} commits a second`)
    assert.ok(backup.entries >= inBackup.length + 34)
    await load.stop()
    assert.ok(day.acknowledged.size > inBackup.length, 'commits went on')
  })

  it('gets another certificate under load', async () => {
    const load = await day.load()
    await load.more(commits)
    const old = await certificateAt(day.address)
    await day.certificate('relay')
    const told = once(day.served.lines, 'line')
    day.served.child.kill('SIGHUP')
    await told
    assert.notEqual(await certificateAt(day.address), old)
    await load.more(commits)
    await load.stop()
    const visit = await day.others.json<{ equal: boolean }>('visitor', ['sync', day.tree, day.address])
    assert.equal(visit.equal, true)
    await day.deliver()
    assert.deepEqual(day.log.find(({ event }) => event === 'reload')!.changed, ['certificate'])
  })

  it('is stopped under load, and has all that it acknowledged', async () => {
    const load = await day.load()
    await load.more(commits)
    await day.stop()
    await load.ended()
    assert.deepEqual(
      day.log.map(({ event }) => event).filter((event) => event.startsWith('stopp')),
      ['stopping', 'stopped'],
    )
    await day.expectWhole(day.data)
  })

  it('is damaged, says so, and is whole after a repair', async () => {
    assert.deepEqual(
      day.log.filter(({ level }) => level === 'error'),
      [],
    )
    // A start empties the log into tables, so that the log has these commits alone.
    await day.start()
    const load = await day.load()
    await load.more(200)
    await load.stop()
    await day.deliver()
    await day.stop()
    // Else the peer may bring back what is lost before anybody looks.
    day.peer.child.kill('SIGTERM')
    await day.peer.closed
    await flipLog(day.data)

    await day.start()
    const damage = day.log.filter(({ event }) => event === 'damage')
    assert.ok(damage.some(({ level, code }) => level === 'error' && code === 'STORE_CORRUPT'))
    assert.equal((await day.hub.run('hub', ['verify', day.tree])).code, 1)
    for (const tree of day.oldTrees) assert.equal((await day.hub.run('hub', ['verify', tree])).code, 0)
    await day.hub.run('hub', ['repair'])
    day.peer = await day.others.serve('peer')
    await day.others.json('peer', ['sync', day.tree, day.address])
    const { ok } = await day.hub.json<{ ok: boolean }>('hub', ['verify', day.tree])
    assert.ok(ok)
    const { damage: left } = await day.hub.json<{ damage: unknown[] }>('hub', ['status'])
    assert.deepEqual(left, [])
  })

  it('is restored elsewhere, from the backup and from what came later', async () => {
    const folder = day.hub.folder('backups')
    await day.hub.json('hub', ['backup', folder, '--since', 'last'])
    const [first] = (await readdir(folder)).sort()
    await day.others.json('first', ['restore', join(folder, first!)])
    await day.expectWhole(day.others.folder('first'), inBackup)
    await day.stop()
    const restored = await day.others.json<{ peer: string }>('all', ['restore', folder])
    assert.equal(restored.peer, day.served.ready.peer)
    await day.expectWhole(day.others.folder('all'))
    await day.expectWhole(day.data)
  })

  it('has lost nothing at its peer, and its log has a time in each line', async () => {
    day.peer.child.kill('SIGTERM')
    await day.peer.closed
    await using peer = await createNode({ data: day.others.folder('peer'), background: false })
    await using hub = await createNode({ data: day.data, background: false })
    assert.deepEqual(await peer.tips(parseId(day.tree)), await hub.tips(parseId(day.tree)))
    assert.ok(day.log.every(({ time, level, event }) => !Number.isNaN(Date.parse(time)) && level && event))
  })
})
