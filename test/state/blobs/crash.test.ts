/**
 * Kills a process while it puts blobs, and while it fetches one. Whatever the moment, what was put is whole, what was cut
 * goes on, and nothing is counted that is not there. KILL_RUNS sets the number of moments.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { createNode } from '../../../src/node/node.ts'
import { chunk, collect, pieces, seededBytes } from '../../kit/blobs.ts'
import { below, prng, testIdentity } from '../../kit/entries.ts'
import { tempFolder } from '../../kit/peers.ts'
import { loader, testModule } from '../../kit/project.ts'

const child = testModule('test/state/blobs/crash-child.ts')
const runs = Number(process.env.KILL_RUNS ?? 2)
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)

/** Runs the child, and kills it after so many lines. Returns these. */
async function killAfter(lines: number, args: readonly string[]): Promise<string[]> {
  const running = spawn(process.execPath, [...loader, child, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(running, 'exit')
  const said: string[] = []
  for await (const line of createInterface({ input: running.stdout })) {
    said.push(line)
    if (said.length === lines) running.kill('SIGKILL')
  }
  assert.deepEqual(await exited, [null, 'SIGKILL'])
  return said
}

/** Expects each file of a tree to have a record, and each record a file, but for what a kill may leave: few. */
async function filesOf(folder: string, tree: TreeId): Promise<number> {
  return (await readdir(join(folder, 'blobs', tree)).catch(() => [])).length
}

describe('a process that is killed', () => {
  it(`while it puts blobs keeps those that it has named, ${runs} times`, async (test) => {
    test.diagnostic(`seed ${seed}`)
    const random = prng(seed)
    await using folder = await tempFolder()
    const open = () => createNode({ data: folder.path, identity: testIdentity(7), background: false })
    const first = await open()
    const tree = await first.createTree('t')
    await first.close()
    const named = new Map<string, number>()
    for (let run = 0; run < runs; run++) {
      for (const line of await killAfter(2 + below(random, 30), ['put', folder.path, tree])) {
        const [, key, number] = /^put (k(\d+)) /.exec(line) ?? []
        if (key !== undefined) named.set(key, Number(number))
      }
      await using node = await open()
      for (const [key, from] of named) {
        const found = await node.stores.open(tree, 'files').getStream(key)
        assert.ok((await collect(found!.stream)).equals(seededBytes(1_500_000, from)), key)
      }
      assert.deepEqual((await node.verify(tree)).problems, [])
      assert.deepEqual(await readdir(join(folder.path, 'blobs')).then((names) => names.sort()), [tree])
    }
  })

  it(`while it fetches a blob goes on with what it has, ${runs} times`, async () => {
    const random = prng(seed + 1)
    await using folder = await tempFolder()
    await using alice = await createNode({ http: { host: '127.0.0.1', port: 0 } })
    await alice.listen()
    const tree = await alice.createTree('t')
    await alice.grant(tree, testIdentity(7).peer, Permission.READ)
    const bytes = seededBytes(24 * chunk + 5)
    await alice.stores.open(tree, 'files').putStream('large', pieces(bytes))
    let before = 0
    for (let run = 0; run < runs; run++) {
      // The chunks that are here already are read in no time.
      await killAfter(before + 1 + below(random, 5), ['get', folder.path, tree, alice.createTicket(tree)])
      const now = await filesOf(folder.path, tree)
      assert.ok(now >= before && (run > 0 || now < 26), `${before} chunks, then ${now}`)
      // With many runs it is all there before the last one.
      if (now === 26) break
      before = Math.max(0, now - 1)
    }
    await using node = await createNode({ data: folder.path, identity: testIdentity(7) })
    const found = await node.stores.open(tree, 'files').getStream('large')
    assert.ok((await collect(found!.stream)).equals(bytes))
    assert.deepEqual((await node.verify(tree)).problems, [])
    assert.equal(await filesOf(folder.path, tree), 26)
  })
})
