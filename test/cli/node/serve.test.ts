/**
 * `causeway serve` as a service manager and a user see it: the ready line, signals, one node per folder, a restart after
 * a kill. And `causeway sync` between two nodes, by address and by ticket.
 */
import { strict as assert } from 'node:assert'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { assertFields } from '../../kit/assert-fields.ts'
import { Sandbox } from '../../kit/command.ts'

interface Synced {
  received: number
  sent: number
  roundTrips: number
  tips: string[]
  bytesReceived: number
  bytesSent: number
  elapsedMs: number
  equal: boolean
  statuses: string[]
  redundant: number
  cells: number
  storeReads: number
  sources: unknown[]
}

describe('causeway serve', () => {
  it('reports first that it is ready, and drains on SIGTERM and SIGINT', async () => {
    await using box = await Sandbox.create()
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      const { child, closed, ready } = await box.serve('a')
      assert.equal(ready.event, 'ready')
      assert.match(ready.peer, /^[0-9a-f]{64}$/)
      assert.match(ready.addresses[0]!, /^http:\/\/127\.0\.0\.1:\d+$/)
      child.kill(signal)
      assert.deepEqual(await closed, [0, null])
      assert.equal(existsSync(join(box.folder('a'), 'control.sock')), false)
    }
    const plain = box.spawn('b', ['serve'])
    plain.stdout!.once('data', () => plain.kill('SIGTERM'))
    assert.equal(await new Promise((resolve) => plain.once('close', resolve)), 0)
  })

  it('serves operators’ tools on an address of its own, which no two nodes share', async () => {
    await using box = await Sandbox.create()
    const [a, b] = [await box.serve('a'), await box.serve('b')]
    assert.notEqual(a.ready.admin, b.ready.admin)
    assert.equal(await readFile(join(box.folder('a'), 'admin.url'), 'utf8'), `${a.ready.admin}\n`)
    const statusOf = async (url: string, path: string) => (await fetch(url + path)).status
    for (const [path, open] of [
      ['/metrics', 404],
      ['/readyz', 404],
      ['/healthz', 200],
    ] as const) {
      assert.equal(await statusOf(a.ready.admin!, path), 200, path)
      assert.equal(await statusOf(a.ready.addresses[0]!, path), open, path)
    }
    const none = await box.serve('c', '--no-admin', '--allowed-host', 'node.example')
    assert.equal(none.ready.admin, null)
    const taken = await box.run('d', ['serve', '--admin', new URL(a.ready.admin!).host])
    assert.deepEqual([taken.code, taken.stdout], [1, ''])
    assert.match(taken.stderr, /is in use: .* with --admin HOST:PORT\. \(BAD_ADDRESS\)/)
    const refused = await box.run('d', ['serve', '--admin', '0.0.0.0:0'])
    assert.match(refused.stderr, /--insecure/)
    for (const args of [
      ['--allowed-host', 'node.example:80'],
      ['--cors-origin', '*.example'],
    ])
      assert.equal((await box.run('d', ['serve', ...args])).code, 2)
  })

  it('keeps a second node off its folder', async () => {
    await using box = await Sandbox.create()
    const first = await box.serve('a')
    const second = await box.run('a', ['serve', '--json'])
    assert.deepEqual([second.code, second.stdout], [1, ''])
    assert.match(second.stderr, /^causeway: [^\n]+ \(STORE_LOCKED\)\n$/)
    // The control socket of the first one still works.
    assert.equal((await box.json<{ running: boolean }>('a', ['id'])).running, true)
    const { host } = new URL(first.ready.addresses[0]!)
    for (const also of [[], ['--quic', '127.0.0.1:0']]) {
      const taken = await box.run('b', ['serve', '--http', host, ...also, '--relay', 'off'])
      assert.deepEqual([taken.code, taken.stdout], [1, ''])
      assert.equal(
        taken.stderr,
        `causeway: ${host} is in use: stop the program that has it, or choose another port with --http HOST:PORT. (BAD_ADDRESS)\n`,
      )
    }
  })

  it('takes the same free port again if none is given', async () => {
    await using box = await Sandbox.create()
    const portsOf = async () => {
      const child = box.spawn('a', ['serve', '--json', '--quic', '--relay', 'off'])
      const [line] = await once(createInterface({ input: child.stdout! }), 'line')
      child.kill('SIGTERM')
      await once(child, 'close')
      const { addresses } = JSON.parse(line) as { addresses: string[] }
      return [new URL(addresses[0]!).port, addresses.at(-1)]
    }
    assert.deepEqual(await portsOf(), await portsOf())
  })

  it('takes an operator in upper case', async () => {
    await using box = await Sandbox.create()
    const { child, closed } = await box.serve('a', '--operator', 'AB'.repeat(32))
    child.kill('SIGTERM')
    assert.deepEqual(await closed, [0, null])
  })

  it('starts on the folder of a killed node', async () => {
    await using box = await Sandbox.create()
    const killed = await box.serve('a')
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    killed.child.kill('SIGKILL')
    await killed.closed
    assert.equal(existsSync(join(box.folder('a'), 'control.sock')), true)
    assert.equal((await box.json<{ running: boolean }>('a', ['id'])).running, false)
    const next = await box.serve('a')
    assert.equal(next.ready.peer, killed.ready.peer)
    const { trees } = await box.json<{ trees: { tree: string }[] }>('a', ['tree', 'list'])
    assert.deepEqual(
      trees.map((each) => each.tree),
      [tree],
    )
  })

  it('does not call somebody who listens at a name in the temporary folder that follows from the data folder', async () => {
    await using box = await Sandbox.create()
    const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`
    const guessed = createHash('sha256').update(box.folder(long)).digest('hex').slice(0, 24)
    let calls = 0
    const squatter = createServer((socket) => {
      calls++
      socket.destroy()
    }).listen(join(tmpdir(), `causeway-${guessed}.sock`))
    try {
      const { code } = await box.run(long, ['tree', 'create', 'private'])
      assert.deepEqual({ code, calls }, { code: 0, calls: 0 })
    } finally {
      squatter.close()
    }
  })

  it('works in a folder whose path is too long for a socket', async () => {
    await using box = await Sandbox.create()
    const long = `${'d'.repeat(90)}/${'e'.repeat(90)}`
    const { child, closed } = await box.serve(long)
    assert.equal((await box.json<{ running: boolean }>(long, ['id'])).running, true)
    child.kill('SIGTERM')
    assert.deepEqual(await closed, [0, null])
  })
})

describe('causeway sync', () => {
  it('syncs two folders, by ticket and by address', async () => {
    await using box = await Sandbox.create()
    const served = await box.serve('a')
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes', '--public', 'write'])
    const write = (data: string) => box.json(data, ['commit', tree, '--store', 's'], data)
    await write('a')
    const { ticket } = await box.json<{ ticket: string }>('a', ['ticket', tree])
    const first = await box.json<Synced>('b', ['sync', ticket])
    assertFields(first, { received: 2, sent: 0, equal: true, roundTrips: 1 })
    assert.ok(first.bytesReceived > 100 && first.bytesSent > 100 && first.elapsedMs > 0)
    await write('a')
    await write('b')
    const both = await box.json<Synced>('b', ['sync', tree, served.ready.addresses[0]!])
    assertFields(both, { received: 1, sent: 1, equal: true })
    // How the difference was found, and what that cost.
    assert.equal(both.statuses.length, both.roundTrips)
    assert.match(both.statuses.join(), /^(delta|sketch|range|partial|,)+$/)
    assert.deepEqual([both.redundant, both.sources], [0, []])
    assert.equal(both.cells > 0 && both.storeReads > 0, true)
    const { tips } = await box.json<{ tips: string[] }>('a', ['tips', tree])
    assert.deepEqual(tips, both.tips)
    const plain = await box.run('b', ['sync', ticket])
    assert.equal(plain.code, 0)
    assert.match(plain.stdout, /Both sides are equal/)

    served.child.kill('SIGTERM')
    await served.closed
    const gone = await box.run('b', ['sync', ticket])
    assert.equal(gone.code, 3)
    assert.match(gone.stderr, /^causeway: [^\n]*UNREACHABLE[^\n]*\n$/)
  })
})
