/**
 * A graceful stop: calls under way finish, new ones are refused, calls that outlast the grace are cut, and nothing
 * stays open, so that the process ends on its own.
 */
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import type { CausewayError } from '../../../src/base/errors.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { fromConnectError } from '../../../src/rpc/errors.ts'
import { shapes } from '../../kit/entries.ts'
import { loader, testModule } from '../../kit/project.ts'
import { rawSocket, readToEnd } from '../../kit/raw-socket.ts'
import { ServingNode, transports } from '../../kit/serving-node.ts'

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    (error) => fromConnectError(error).code,
  )

const all = shapes.linear(1500)

for (const transport of transports)
  describe(`A stop over ${transport.name}`, () => {
    it('lets calls under way finish, and refuses new ones', async () => {
      const serving = await ServingNode.start(transport)
      const { trees, sync } = await serving.dial()
      const tree = idToBytes(all[0]!.id)
      for (let at = 0; at < all.length; at += 1000) {
        const entries = all.slice(at, at + 1000).map(({ signed }) => signed)
        await trees.submitEntries({ tree, entries })
      }
      const pages = sync.syncTree({ tree })[Symbol.asyncIterator]()
      await pages.next()
      const closing = serving.node.close(60_000)
      assert.equal(await codeOf(trees.listTrees({})), 'DISCONNECTED')
      const refused = await serving.dial().then(
        ({ trees: later }) => codeOf(later.listTrees({})),
        (error: CausewayError) => error.code,
      )
      assert.match(refused, /^(UNREACHABLE|DISCONNECTED)$/)
      let entries = 0
      for (let step = await pages.next(); !step.done; step = await pages.next())
        if (step.value.part.case === 'page') entries += step.value.part.value.entries.length
      assert.equal(entries, all.length)
      await closing
      await serving[Symbol.asyncDispose]()
    })

    it('cuts the remaining calls when the grace is over', async () => {
      const serving = await ServingNode.start(transport)
      const { trees, sync } = await serving.dial()
      const tree = idToBytes(all[0]!.id)
      await trees.submitEntries({ tree, entries: all.slice(0, 20).map(({ signed }) => signed) })
      const payload = new Uint8Array(1_000_000)
      for (let count = 0; count < 8; count++)
        await trees.commit({ tree, changes: [{ store: 'a', kind: '', payload }] })
      // More than the windows hold, and nobody reads it.
      const unread = sync.syncTree({ tree })[Symbol.asyncIterator]()
      await unread.next()
      const silent = serving.address.startsWith('http') ? await rawSocket(serving) : undefined
      await serving.node.close(50)
      if (silent !== undefined) await readToEnd(silent)
      await serving[Symbol.asyncDispose]()
    })
  })

describe('A stop', () => {
  it('does not wait for kept-alive HTTP/1.1 connections', async () => {
    const serving = await ServingNode.start()
    const url = `${serving.address}/causeway.v1.TreeService/ListTrees`
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: await serving.authorization() },
      body: '{}',
    })
    assert.deepEqual(await response.json(), {})
    const started = performance.now()
    await serving.node.close(60_000)
    assert.ok(performance.now() - started < 10_000)
    await serving[Symbol.asyncDispose]()
  })

  it('is idempotent, and the node then reports that it is closed', async () => {
    const serving = await ServingNode.start()
    const tree = await serving.node.createTree('a')
    const { address } = serving
    await Promise.all([serving.node.close(), serving.node.close()])
    const has = (code: string) => (error: CausewayError) => error.code === code
    await assert.rejects(serving.node.sync(tree, address), has('CLOSED'))
    await assert.rejects(serving.node.createTree('b'), has('CLOSED'))
    await assert.rejects(serving.node.listen(), has('CLOSED'))
    await serving[Symbol.asyncDispose]()
  })

  it('leaves nothing open, so the process ends on its own', async () => {
    const script = testModule('test/kit/serve-and-stop.ts')
    const child = spawn(process.execPath, [...loader, script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    const [code] = await once(child, 'close')
    assert.equal(code, 0)
    assert.equal(output, 'synced and closed\n')
  })
})
