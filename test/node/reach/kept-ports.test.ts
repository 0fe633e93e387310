/** The ports of a node that names none stay the same across restarts, so that peers find it again. */
import { strict as assert } from 'node:assert'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { createNode } from '../../../src/node/node.ts'
import { KeptPorts } from '../../../src/node/reach/kept-ports.ts'
import { limited } from '../../kit/limited.ts'
import { tempFolder } from '../../kit/peers.ts'

/** Starts a node without a given port, and returns the one that it took. */
async function portOf(data: string): Promise<number> {
  await using node = await createNode({ data, background: false, http: { host: '127.0.0.1' } })
  await node.listen()
  return node.transports.get('http')!.port!()!
}

/** Listens on a port of this machine. */
async function occupy(port: number): Promise<AsyncDisposable & { port: number }> {
  const server = createServer().listen(port, '127.0.0.1')
  await new Promise((resolve, reject) => server.once('listening', resolve).once('error', reject))
  return {
    port: (server.address() as { port: number }).port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

describe('The ports of a node', () => {
  it('stay the same after a restart', async () => {
    await using folder = await tempFolder()
    // No default, so that this test competes with nobody for it.
    using _ = limited({ defaultPorts: 0, defaultPort: 0 })
    const data = join(folder.path, 'a')
    const first = await portOf(data)
    assert.ok(first > 0)
    assert.equal(await portOf(data), first)
    assert.deepEqual(JSON.parse(await readFile(join(data, 'ports.json'), 'utf8')), { http: first })
  })

  it('are free ones if those of the last time are taken, and then these stay', async () => {
    await using folder = await tempFolder()
    using _ = limited({ defaultPorts: 0, defaultPort: 0 })
    const data = join(folder.path, 'a')
    const first = await portOf(data)
    await using _taken = await occupy(first)
    const second = await portOf(data)
    assert.notEqual(second, first)
    assert.equal(await portOf(data), second)
  })

  it('are the default first, then those after it', async () => {
    const ports = await KeptPorts.read(undefined)
    const { defaultPort } = limits
    assert.deepEqual(ports.candidates('http').slice(0, 2), [defaultPort, defaultPort + 1])
    assert.equal(ports.candidates('http').length, limits.defaultPorts + 1)
    assert.equal(ports.candidates('quic').at(-1), 0)
    // IANA has assigned none of them, and Linux gives none of them to outgoing connections.
    assert.ok(defaultPort >= 29_170 && defaultPort + limits.defaultPorts <= 29_998)
  })

  it('are the default if the note is damaged', async () => {
    await using folder = await tempFolder()
    await mkdir(folder.path, { recursive: true })
    for (const note of [
      '',
      '{',
      'null',
      '[]',
      '{"http":0}',
      '{"http":65536}',
      '{"http":"80"}',
      '{"http":1.5}',
    ]) {
      await writeFile(join(folder.path, 'ports.json'), note)
      const ports = await KeptPorts.read(folder.path)
      assert.equal(ports.candidates('http')[0], limits.defaultPort, note)
    }
  })

  it('that are given are taken as they are, and not noted', async () => {
    await using folder = await tempFolder()
    const data = join(folder.path, 'a')
    await using node = await createNode({ data, background: false, http: { host: '127.0.0.1', port: 0 } })
    await node.listen()
    await assert.rejects(readFile(join(data, 'ports.json')), { code: 'ENOENT' })
    const { port } = new URL(node.addresses()[0]!)
    await using other = await createNode({
      background: false,
      http: { host: '127.0.0.1', port: Number(port) },
    })
    await assert.rejects(other.listen(), {
      code: 'BAD_ADDRESS',
      message: `127.0.0.1:${port} is in use: stop the program that has it, or choose another port with --http HOST:PORT.`,
    })
  })
})
