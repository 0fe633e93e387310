/**
 * Joining between real processes, over HTTP and over QUIC, while each of them is killed in between: an approved node
 * receives the tree automatically, and a rejected one receives the reason.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { JoinTreeResponse } from '../../../gen/causeway/v1/node_pb.ts'
import { AccessStatus } from '../../../gen/causeway/v1/sync_pb.ts'
import { fromConnectError } from '../../../src/rpc/errors.ts'
import { tempFolder } from '../../kit/peers.ts'
import { ServeProcess } from '../../kit/serve-process.ts'

for (const quic of [false, true])
  describe(`Joining between processes over ${quic ? 'QUIC' : 'HTTP'}`, () => {
    let folder: Awaited<ReturnType<typeof tempFolder>>
    let [alice, bob]: ServeProcess[] = []
    before(async () => {
      folder = await tempFolder()
      const start = (name: string) => ServeProcess.start(join(folder.path, name), { quic })
      ;[alice, bob] = await Promise.all(['alice', 'bob'].map(start))
    })
    after(async () => {
      for (const each of [alice, bob]) await each?.[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    })
    const commit = (at: ServeProcess, tree: Uint8Array, text: string) =>
      at.trees.commit({ tree, changes: [{ store: 'log', kind: 'add', payload: Buffer.from(text) }] })
    /** Creates a private tree of Alice's and lets Bob request access to it. */
    const wish = async (permission: Permission) => {
      const made = await alice!.trees.createTree({ name: 'private', publicAccess: PublicAccess.NONE })
      const tree = made.tree!.id
      await commit(alice!, tree, 'before')
      const ticket = await alice!.ticket(tree)
      const ask = async (): Promise<JoinTreeResponse> => {
        for await (const standing of bob!.node.joinTree({ ticket, permission })) return standing
        throw new Error('There was no answer.')
      }
      const { status, request: id } = await ask()
      assert.equal(status, AccessStatus.PENDING)
      const stands = (how: RegExp) =>
        bob!.status((link) => Buffer.compare(link.tree, tree) === 0 && how.test(link.parked))
      await stands(/waits for an admin/)
      return { tree, id, permission, ask, stands }
    }
    const restart = async (...processes: ServeProcess[]) => {
      await Promise.all(processes.map((each) => each.end('SIGKILL')))
      await Promise.all(processes.map((each) => each.start()))
    }
    const code = (expected: string) => (error: unknown) => fromConnectError(error).code === expected

    it('continues automatically after the decision, even if each node is killed', async () => {
      const [one, other] = [await wish(Permission.WRITE), await wish(Permission.READ)]
      await restart(alice!, bob!)
      for (const { stands } of [one, other]) await stands(/waits for an admin/)
      const { requests } = await alice!.node.listAccessRequests({})
      assert.deepEqual(
        requests.map(({ id, permission }) => [id, permission]),
        [one, other].map(({ id, permission }) => [id, permission]),
      )
      // Alice decides while Bob is away, and is killed right after. One request is granted in part.
      await bob!.end('SIGKILL')
      await alice!.node.decideAccess({ id: one.id, permission: Permission.READ })
      await alice!.node.decideAccess({ id: other.id, reason: 'not you' })
      await restart(alice!)
      await bob!.start()
      assert.deepEqual((await bob!.has(one.tree, 3)).slice(1, 2), ['before'])
      await assert.rejects(commit(bob!, one.tree, 'not mine to write'), code('FORBIDDEN'))
      const { status, permission } = await one.ask()
      assert.deepEqual([status, permission], [AccessStatus.GRANTED, Permission.READ])
      await other.stands(/rejected .*not you/)
      const refused = await other.ask()
      assert.deepEqual([refused.status, refused.reason], [AccessStatus.REJECTED, 'not you'])
      for (const { id } of [one, other])
        await assert.rejects(alice!.node.decideAccess({ id }), code('ALREADY_DECIDED'))
    })

    it('syncs both ways immediately after the approval if both nodes run', async () => {
      const { tree, id } = await wish(Permission.WRITE)
      await alice!.node.decideAccess({ id, permission: Permission.WRITE })
      await bob!.has(tree, 3)
      await commit(bob!, tree, 'from bob')
      assert.deepEqual((await alice!.has(tree, 4)).slice(3), ['from bob'])
    })
  })
