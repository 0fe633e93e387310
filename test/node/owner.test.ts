/** Processes over one database that has no lock: one is its owner, and nothing that it acknowledged is lost. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import type { TreeId } from '../../src/dag/id.ts'
import { createNode } from '../../src/node/node.ts'
import { auditTree } from '../../src/store/audit/audit.ts'
import { testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { loader, testModule } from '../kit/project.ts'
import { openShared, SharedHost } from '../kit/shared-level.ts'

/** Long enough for a busy machine to give four signs of life. */
const leaseMs = 2_000
const shortLeaseMs = 200

/** A process with a node, and what it says next. */
class Child implements AsyncDisposable {
  readonly process: ChildProcess
  private readonly said: string[] = []
  private heard = () => {}

  constructor(host: SharedHost, lease: number) {
    this.process = fork(testModule('test/node/owner-child.ts'), [`${lease}`], {
      ...{ execArgv: [...loader], serialization: 'advanced' },
    })
    host.serve(this.process)
    this.process.on('message', ({ said }: { said?: string }) => {
      if (said === undefined) return
      this.said.push(said)
      this.heard()
    })
  }

  async next(): Promise<string> {
    while (this.said.length === 0)
      await new Promise<void>((resolve) => {
        this.heard = resolve
      })
    return this.said.shift()!
  }

  /** Commits, and returns the id or the code of the error. */
  commit(tree: string, text: string): Promise<string> {
    this.process.send({ commit: { tree, text } })
    return this.next()
  }

  close(): Promise<string> {
    this.process.send({ close: true })
    return this.next()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const exited = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await exited
  }
}

/** Opens the database here, after a lease of an owner that has not closed it, and checks that the tree is whole and holds these entries, each with its arrival. */
async function expectAll(host: SharedHost, tree: string, ids: readonly string[]): Promise<void> {
  // The timers of a lease keep no process alive.
  const alive = setInterval(() => {}, 1_000)
  await using node = await createNode({
    ...{ database: openShared(host.client()), identity: testIdentity(1), background: false },
  })
  clearInterval(alive)
  const arrivals = await node.store.arrivals(tree as TreeId, 0, 1_000)
  assert.deepEqual(
    arrivals.map(({ id }) => id),
    [tree, ...ids],
  )
  assert.deepEqual((await auditTree(node.store, tree as TreeId)).problems, [])
}

describe('processes over one database without a lock', () => {
  it('a second one gets STORE_LOCKED, the first goes on, and gives way when it is killed', async () => {
    const host = new SharedHost()
    await using first = new Child(host, leaseMs)
    const tree = await first.next()
    const ids = [await first.commit(tree, 'one')]
    {
      await using second = new Child(host, leaseMs)
      assert.equal(await second.next(), 'STORE_LOCKED')
    }
    ids.push(await first.commit(tree, 'two'))
    await first[Symbol.asyncDispose]()
    using _ = limited({ ownerLeaseMs: shortLeaseMs })
    await expectAll(host, tree, ids)
  })

  it('one that was stopped finds another owner when it wakes, and what both acknowledged is there', async () => {
    using _ = limited({ ownerLeaseMs: shortLeaseMs })
    const host = new SharedHost()
    await using first = new Child(host, shortLeaseMs)
    const tree = await first.next()
    const ids = [await first.commit(tree, 'one'), await first.commit(tree, 'two')]
    first.process.kill('SIGSTOP')
    await using second = new Child(host, shortLeaseMs)
    assert.equal(await second.next(), tree)
    ids.push(await second.commit(tree, 'three'))
    first.process.kill('SIGCONT')
    assert.equal(await first.commit(tree, 'lost'), 'STORE_LOCKED')
    ids.push(await second.commit(tree, 'four'))
    assert.equal(await second.close(), 'closed')
    await expectAll(host, tree, ids)
  })
})
