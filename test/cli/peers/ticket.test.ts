/** `causeway ticket` says when nodes in other networks cannot use the ticket, and `serve` when its relay is not connected. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { Sandbox } from '../../kit/command.ts'
import { QuicRelay } from '../../kit/quic-relay.ts'

interface Shown {
  readonly ticket: string
  readonly warning: string | null
}

describe('serve', () => {
  it('says that its relay is not connected, and ends when it is told to, though the relay refuses it', async () => {
    await using box = await Sandbox.create()
    // It measures as a relay does, and lets nobody in, as one that asks for another token.
    const relay = createServer((_, response) => response.writeHead(204).end())
    relay.on('upgrade', (_, socket) => socket.destroy()).listen(0, '127.0.0.1')
    await once(relay, 'listening')
    const { port } = relay.address() as AddressInfo
    const url = `http://127.0.0.1:${port}`
    const { child, closed, ready } = await box.serve(
      'a',
      '--no-http',
      '--quic',
      '127.0.0.1:0',
      '--relay',
      url,
    )
    assert.equal((ready as unknown as { relay: { connected: boolean } }).relay.connected, false)
    child.kill('SIGTERM')
    assert.deepEqual(await closed, [0, null])
    relay.close()
  })
})

describe('A ticket', () => {
  it('comes with a warning if no other network can use it, unless --lan asks for that', async () => {
    await using box = await Sandbox.create()
    await box.serve('a')
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    const plain = await box.run('a', ['ticket', tree])
    assert.match(plain.stdout, /^causeway:\?db=\S+pr=http:\/\/127\.0\.0\.1:\d+\n$/)
    assert.match(
      plain.stderr,
      /^causeway: Nodes in other networks cannot reach this one: .*--advertise.*--lan\.\n$/,
    )
    assert.match((await box.json<Shown>('a', ['ticket', tree])).warning!, /cannot reach this one/)
    assert.equal((await box.run('a', ['ticket', tree, '--lan'])).stderr, '')
    assert.equal((await box.json<Shown>('a', ['ticket', tree, '--lan'])).warning, null)
  })

  it('names the relay alone once it is connected', async () => {
    await using box = await Sandbox.create()
    await using relay = await QuicRelay.start()
    const file = box.folder('token')
    await writeFile(file, 'secret\n')
    const { ready } = await box.serve(
      ...(['a', '--no-http', '--quic', '127.0.0.1:0'] as const),
      ...['--relay', relay.url, '--relay-token-file', file],
    )
    const state = { url: `${relay.url}/`, connected: true }
    assert.deepEqual((ready as unknown as { relay: unknown }).relay, state)
    assert.deepEqual(relay.tokens, ['secret'])
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    const far = await box.json<Shown>('a', ['ticket', tree])
    assert.equal(far.warning, null)
    assert.notEqual(far.ticket, (await box.json<Shown>('a', ['ticket', tree, '--lan'])).ticket)
    for (const command of ['connections', 'status'])
      assert.deepEqual((await box.json<{ relay: unknown }>('a', [command])).relay, state)
  })
})
