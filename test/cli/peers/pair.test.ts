/** `causeway pair` as two people run it, each at a running node: what they see, answer and get, and its exit codes. */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { createNode, type Node } from '../../../src/node/node.ts'
import { Sandbox } from '../../kit/command.ts'
import { MemoryLan } from '../../kit/lan.ts'

interface Line {
  readonly event: string
  readonly digits?: string
  readonly peer?: string
  readonly name?: string
  readonly given?: { name: string; permission: string } | null
  readonly taken?: { name: string; permission: string } | null
}

const linesOf = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

describe('causeway pair', () => {
  let box: Sandbox
  const nodes: Node[] = []
  before(async () => {
    box = await Sandbox.create()
    const ether = new MemoryLan()
    for (const name of ['a', 'b']) {
      const http = { host: '127.0.0.1', port: 0 }
      const node = await createNode({ data: box.folder(name), http, lan: ether.at('127.0.0.1') })
      await node.listen()
      await node.listenControl()
      nodes.push(node)
    }
  })
  after(async () => {
    for (const node of nodes.splice(0)) await node.close(0)
    await box[Symbol.asyncDispose]()
  })

  /** Runs it on both with these answers. */
  const both = (a: string, b: string, ...args: string[]) =>
    Promise.all([
      box.run('a', ['pair', '--name', 'desk', ...args], a),
      box.run('b', ['pair', '--name', 'laptop', ...args.filter((arg) => arg === '--json')], b),
    ])

  it('keeps nothing after a no on one side, or without an answer, and exits with 1', async () => {
    for (const answers of [
      ['yes\n', 'no\n'],
      ['', 'yes\n'],
    ] as const) {
      const ran = await both(answers[0], answers[1], '--json')
      for (const { code, stderr, stdout } of ran) {
        assert.equal(code, 1, stderr)
        assert.match(stderr, /said no\. Nothing was kept\. \(ACCESS_REJECTED\)/)
        assert.deepEqual(
          linesOf(stdout).map(({ event }) => event),
          ['waiting', 'found'],
        )
      }
    }
    assert.deepEqual(
      nodes.flatMap(({ peers }) => peers.list()),
      [],
    )
  })

  it('shows the digits to people, asks, and says what they have got', async () => {
    const [a, b] = await both('y\n', 'y\n')
    for (const { code, stderr } of [a, b]) {
      assert.equal(code, 0, stderr)
      assert.match(stderr, /run `causeway pair` there too/)
      assert.match(stderr, /Does the other machine show the same digits\? \[y\/N\]/)
    }
    const digits = /^ {4}(\d{3} \d{3})$/m
    assert.ok(digits.test(a.stdout))
    assert.equal(digits.exec(a.stdout)![1], digits.exec(b.stdout)![1])
    assert.match(a.stdout, new RegExp(`Paired with “laptop” \\(${nodes[1]!.peer}\\)\\.\n$`))
    assert.match(b.stdout, new RegExp(`Paired with “desk” \\(${nodes[0]!.peer}\\)\\.\n$`))
  })

  it('shares a tree by its name with a right, and prints a line of JSON for each event', async () => {
    const tree = await nodes[0]!.createTree('diary')
    const ran = await both('yes\n', 'yes\n', '--json', '--tree', 'diary', '--permission', 'read')
    const [a, b] = ran.map(({ stdout }) => linesOf(stdout))
    for (const lines of [a!, b!])
      assert.deepEqual(
        lines.map(({ event }) => event),
        ['waiting', 'found', 'paired'],
      )
    assert.equal(a![1]!.digits, b![1]!.digits)
    assert.deepEqual([a![2]!.given?.name, a![2]!.given?.permission, a![2]!.taken], ['diary', 'read', null])
    assert.deepEqual([b![2]!.taken?.name, b![2]!.given], ['diary', null])
    assert.deepEqual(nodes[1]!.linkedTrees(nodes[0]!.peer), [tree])
  })

  it('needs a running node, and a tree that is there', async () => {
    const missing = await box.run('a', ['pair', '--tree', 'nowhere'])
    assert.equal(missing.code, 2)
    await box.run('c', ['id'])
    const alone = await box.run('c', ['pair'])
    assert.equal(alone.code, 1)
    assert.match(alone.stderr, /start `causeway serve --quic` first\. \(NOT_STARTED\)/)
  })
})
