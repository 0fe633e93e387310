/** A tree may be named by its name where only one tree has it. */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { treeArgument } from '../../../src/cli/trees/tree-argument.ts'
import { formatId, idToBytes } from '../../../src/dag/id.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { Sandbox } from '../../kit/command.ts'

describe('The tree that an argument names', () => {
  let node: Node
  const find = async (text: string) =>
    Buffer.from(await treeArgument({ trees: createClient(TreeService, node.rpc()) }, text)).toString('hex')
  before(async () => {
    node = await createNode()
  })
  after(() => node.close())

  it('is the one with this name or id', async () => {
    const tree = await node.createTree('my notes')
    await node.createTree('my notes too')
    assert.deepEqual([await find('my notes'), await find(formatId(tree))], [tree, tree])
  })

  it('is one that is not here, by its id', async () => {
    const elsewhere = idToBytes('ab'.repeat(32) as never)
    assert.equal(await find(formatId('ab'.repeat(32) as never)), Buffer.from(elsewhere).toString('hex'))
  })

  it('is none if no tree has the name', async () => {
    await assert.rejects(find('My notes'), {
      code: 'INVALID_ARGUMENT',
      message: /"My notes".*`causeway tree list`/,
    })
    await assert.rejects(find(''), { code: 'INVALID_ARGUMENT' })
  })

  it('is none if several have the name: the error lists them, but not without end', async () => {
    const trees = [await node.createTree('twice'), await node.createTree('twice')].map(formatId)
    await assert.rejects(find('twice'), (error: Error & { code: string; data: { candidates: string } }) => {
      assert.equal(error.code, 'INVALID_ARGUMENT')
      assert.deepEqual(error.data.candidates.split(' ').toSorted(), trees.toSorted())
      return trees.every((tree) => error.message.includes(`${tree} (1 entry)`))
    })
    for (let count = 0; count < 10; count++) await node.createTree('twice')
    await assert.rejects(find('twice'), (error: Error) => {
      assert.match(error.message, /^12 trees are named "twice".*, 4 more\.$/)
      return error.message.length < 1000
    })
  })
})

it('commands take the name of a tree, and show names before ids', async () => {
  await using box = await Sandbox.create()
  const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'my notes'])
  const { entry } = await box.json<{ entry: string }>('a', ['commit', 'my notes', '--store', 'text'], 'hello')
  const policy = await box.json<{ tree: string }>('a', ['policy', 'my notes'])
  assert.equal(policy.tree, tree)
  const { stdout } = await box.run('a', ['log', 'my notes'])
  assert.match(
    stdout,
    new RegExp(`^\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d  this node +1  ${entry}  text: hello\\n`),
  )
  const { entries } = await box.json<{ entries: { authorName: string }[] }>('a', [
    'log',
    tree,
    '--limit',
    '1',
  ])
  assert.equal(entries[0]!.authorName, 'this node')
  const again = await box.run('a', ['tree', 'create', 'my notes'])
  assert.equal(again.code, 0)
  assert.match(again.stderr, /^causeway: Another tree here has the name "my notes" too: name each [^\n]*\n$/)
  const wrong = await box.run('a', ['tips', 'notes'])
  assert.deepEqual([wrong.code, wrong.stdout], [2, ''])
  assert.match(
    wrong.stderr,
    /^causeway: Expected the id of a tree or the name of one [^\n]*"notes"[^\n]*\(INVALID_ARGUMENT\)\n$/,
  )
})
