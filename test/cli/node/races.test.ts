/**
 * Processes that want the same data folder at the same moment: a command waits for the one that has it, goes through a
 * node as soon as that listens, and in the end says who has it.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { whenFree } from '../../../src/cli/context.ts'
import { holderOf } from '../../../src/node/holder.ts'
import { createNode } from '../../../src/node/node.ts'
import { Sandbox } from '../../kit/command.ts'
import { limited } from '../../kit/limited.ts'

const nobody = async () => undefined

async function locked(opening: Promise<unknown>): Promise<CausewayError> {
  const error = await opening.then(
    () => assert.fail('It opened.'),
    (thrown) => thrown,
  )
  assert.ok(error instanceof CausewayError && error.code === 'STORE_LOCKED', String(error))
  return error
}

describe('Commands that start together', () => {
  it('all succeed, and so does the node that starts with them', async () => {
    await using box = await Sandbox.create({ processes: true })
    for (const data of ['a', 'b']) {
      const serving = box.serve(data)
      const ids = await Promise.all([1, 2, 3].map(() => box.json<{ peer: string }>(data, ['id'])))
      const { ready, child, closed } = await serving
      assert.deepEqual(
        ids.map(({ peer }) => peer),
        ids.map(() => ready.peer),
      )
      child.kill('SIGTERM')
      assert.deepEqual(await closed, [0, null])
    }
  })

  it('write one after another if no node runs', async () => {
    await using box = await Sandbox.create({ processes: true })
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    const texts = ['1', '2', '3', '4']
    await Promise.all(texts.map((text) => box.json('a', ['commit', tree, '--store', 's'], text)))
    const { count } = await box.json<{ count: number }>('a', ['tips', tree])
    assert.equal(count, 1 + texts.length)
  })

  it('wait while a node stops', async () => {
    await using box = await Sandbox.create({ processes: true })
    const { child, closed } = await box.serve('a')
    child.kill('SIGTERM')
    await box.json('a', ['id'])
    await closed
  })
})

describe('A folder that stays open', () => {
  it('is refused with the process that has it', async () => {
    await using box = await Sandbox.create()
    const { child } = await box.serve('a')
    const data = box.folder('a')
    assert.equal(holderOf(data), child.pid)
    using _ = limited({ storeLockPatienceMs: 100, storeLockPollMs: 10 })
    const error = await locked(whenFree(data, nobody, () => createNode({ data })))
    assert.equal(error.data.pid, child.pid)
    assert.match(
      error.message,
      new RegExp(`process ${child.pid} .*wait until it ends or stop it.* has waited`),
    )
    const second = await box.run('a', ['serve'])
    assert.match(
      second.stderr,
      new RegExp(
        `A node already serves .* \\(process ${child.pid}\\); commands go through it.*\\(STORE_LOCKED\\)\n$`,
      ),
    )
  })

  it('is named as open in this process, if it is', async () => {
    await using box = await Sandbox.create()
    const data = box.folder('a')
    const node = await createNode({ data, background: false })
    assert.match((await locked(createNode({ data }))).message, /^This process has/)
    await node.close()
    assert.equal(holderOf(data), undefined)
  })

  it('is opened although a killed process has left its id, which another process has now', async () => {
    await using box = await Sandbox.create()
    const data = box.folder('a')
    await mkdir(data)
    const child = box.spawn('b', ['serve'])
    await once(child.stdout!, 'data')
    await writeFile(`${data}/node.pid`, `${child.pid}\n`)
    using _ = limited({ storeLockPatienceMs: 100, storeLockPollMs: 10 })
    await (await whenFree(data, nobody, () => createNode({ data, background: false }))).close()
    await writeFile(`${data}/node.pid`, 'nonsense')
    assert.equal(holderOf(data), undefined)
  })
})
