/**
 * `causeway tree remove`: it asks on a terminal, needs --yes without one, and removes the tree on a folder and through a
 * running node.
 */
import { strict as assert } from 'node:assert'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, it } from 'node:test'
import type { CausewayError } from '../../../src/base/errors.ts'
import { confirm } from '../../../src/cli/trees/confirm.ts'
import { Sandbox } from '../../kit/command.ts'

describe('causeway tree remove', () => {
  it('removes nothing without a terminal or --yes', async () => {
    await using box = await Sandbox.create()
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    const { code, stdout, stderr } = await box.run('a', ['tree', 'remove', tree], 'y\n')
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^causeway: .*--yes.* \(INVALID_ARGUMENT\)\n$/)
    const { trees } = await box.json<{ trees: unknown[] }>('a', ['tree', 'list'])
    assert.equal(trees.length, 1)
  })

  it('removes a tree on a folder and through a node, once', async () => {
    await using box = await Sandbox.create()
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    const { tree: other } = await box.json<{ tree: string }>('a', ['tree', 'create', 'other'])
    await box.json('a', ['commit', tree, '--store', 's'], 'text')
    const removed = await box.json('a', ['tree', 'remove', tree, '--yes'])
    assert.deepEqual(removed, { tree, entries: 2 })
    await box.serve('a')
    const again = await box.run('a', ['tree', 'remove', tree, '--yes'])
    assert.equal(again.code, 1)
    assert.match(again.stderr, /\(UNKNOWN_TREE\)\n$/)
    const plain = await box.run('a', ['tree', 'remove', other, '--yes'])
    assert.deepEqual([plain.code, plain.stdout], [0, `Removed ${other} with 1 entry.\n`])
    assert.deepEqual(await box.json('a', ['tree', 'list']), { trees: [] })
  })
})

describe('A question', () => {
  /** Returns whether the answer counts as yes, and what was asked. */
  async function ask(answer: string, isTTY = true) {
    const [input, output] = [Object.assign(new PassThrough(), { isTTY }), new PassThrough()]
    input.end(answer)
    const yes = await confirm('Sure?', { input, output }).finally(() => output.end())
    return { yes, asked: await text(output) }
  }

  it('is answered by y or yes, and by nothing else', async () => {
    for (const answer of ['y\n', 'YES\n', ' yes \n']) assert.equal((await ask(answer)).yes, true, answer)
    for (const answer of ['n\n', '\n', 'yesterday\n', ''])
      assert.equal((await ask(answer)).yes, false, answer)
    assert.match((await ask('n\n')).asked, /Sure\? \[y\/N\] /)
  })

  it('is not asked without a terminal', async () => {
    await assert.rejects(ask('y\n', false), (error: CausewayError) => error.code === 'INVALID_ARGUMENT')
  })
})
