/**
 * The examples in Python and Go, which know Causeway only by its contract: each writes to one of two linked nodes with a
 * key of its own. `.ci/polyglot` prepares them and runs this suite, with POLYGLOT=required; without what it prepares,
 * the tests are skipped.
 */
import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { StoreService } from '../../gen/causeway/v1/store_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { parseId } from '../../src/index.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import { dialLocal } from '../../src/transport/local.ts'
import { Sandbox } from '../kit/command.ts'
import { codeBlocks, readDocument } from '../kit/markdown.ts'
import { projectFile } from '../kit/project.ts'
import { LyingNode, lies } from './lying-node.ts'

interface Example {
  readonly language: string
  readonly source: string
  /** The program that is started, with what stands before its own arguments. */
  readonly command: readonly [string, ...string[]]
  /** What `.ci/polyglot` makes, beside the program. */
  readonly stubs: string
}

const examples: readonly Example[] = [
  {
    language: 'Python',
    source: projectFile('examples/python/notes.py'),
    command: [projectFile('examples/python/.venv/bin/python'), projectFile('examples/python/notes.py')],
    stubs: projectFile('examples/python/causeway'),
  },
  {
    language: 'Go',
    source: projectFile('examples/go/notes.go'),
    command: [projectFile('examples/go/notes')],
    stubs: projectFile('examples/go/causeway'),
  },
]

/** Why an example cannot run here, or false. With POLYGLOT=required it must run. */
function missing({ language, command, stubs }: Example): string | false {
  if (process.env.POLYGLOT === 'required' || [command[0], stubs].every(existsSync)) return false
  return `the example in ${language} is not prepared: run .ci/polyglot`
}

/** Two linked nodes with a tree, and the key of a program that may write to it. */
class Lab {
  readonly sandbox: Sandbox
  tree = ''
  author = ''
  /** Both nodes, as the programs name them: PEER@HOST:PORT. */
  names: string[] = []

  constructor(sandbox: Sandbox) {
    this.sandbox = sandbox
  }

  async start(): Promise<void> {
    const { sandbox } = this
    const served = await Promise.all(['here', 'there'].map((data) => sandbox.serve(data)))
    this.names = served.map(({ ready: { peer, addresses } }) => `${peer}@${new URL(addresses[0]!).host}`)
    this.tree = (await sandbox.json<{ tree: string }>('here', ['tree', 'create', 'shared'])).tree
    this.author = (await sandbox.json<{ peer: string }>('app', ['id'])).peer
    await sandbox.json('here', ['grant', this.tree, this.author, 'write'])
    await sandbox.json('here', ['grant', this.tree, served[1]!.ready.peer, 'read'])
    const { ticket } = await sandbox.json<{ ticket: string }>('here', ['ticket', this.tree])
    await sandbox.json('there', ['sync', ticket])
    await sandbox.json('there', ['link', ticket])
  }

  /** Runs an example until it ends, as its README says. */
  async run({ command: [program, ...args] }: Example, text: string, names = this.names): Promise<string> {
    const env = {
      ...process.env,
      KEY: readFileSync(join(this.sandbox.folder('app'), 'identity.key'), 'utf8').trim(),
    }
    const all = [...args, this.tree, text, ...names]
    return (await promisify(execFile)(program, all, { env, timeout: 60_000 })).stdout
  }

  /** What a node itself says is in the store, each with its author. */
  async notes(data: string): Promise<string[]> {
    const connection = new RpcConnection((await dialLocal(this.sandbox.folder(data)))!, {
      clock: systemClock,
    })
    try {
      const request = { tree: Buffer.from(parseId(this.tree), 'hex'), store: 'notes' }
      const { items } = await connection.client(StoreService).list(request)
      return items.map(
        ({ value }) => `${Buffer.from(value!.author).toString('hex')}: ${Buffer.from(value!.value)}`,
      )
    } finally {
      connection.close()
    }
  }
}

describe('a program in another language', () => {
  let lab: Lab
  before(async () => {
    lab = new Lab(await Sandbox.create())
    if (!examples.every(missing)) await lab.start()
  })
  after(() => lab.sandbox[Symbol.asyncDispose]())

  for (const example of examples) {
    it(`puts, watches and reads a note at two nodes, in ${example.language}`, {
      skip: missing(example),
    }, async () => {
      const text = `Grüße aus ${example.language}`
      const [here, there] = lab.names
      assert.equal(
        await lab.run(example, text),
        `watched: ${text}\nread at ${here}: ${text}\nread at ${there}: ${text}\n`,
      )
      for (const data of ['here', 'there'])
        assert.ok((await lab.notes(data)).includes(`${lab.author}: ${text}`), data)
    })

    it(`signs nothing but what it asked for, in ${example.language}`, {
      skip: missing(example),
    }, async () => {
      await using node = new LyingNode(Buffer.from(lab.author, 'hex'))
      const names = [`${'0'.repeat(64)}@${await node.listen()}`]
      await assert.rejects(lab.run(example, 'nothing', names), /This node keeps nothing/)
      assert.equal(node.signed.splice(0).length, 1)
      for (const lie of lies)
        await assert.rejects(
          lab.run(example, lie, names),
          lie === 'a byte too few' ? /DecodeError|cannot parse/ : /prepared another entry|clock is not ours/,
          lie,
        )
      assert.deepEqual(node.signed, [])
    })

    it(`has at most 60 lines, of which docs/clients.md shows the main ones, in ${example.language}`, () => {
      const lines = readFileSync(example.source, 'utf8').trimEnd().split('\n')
      assert.ok(lines.length <= 60, `${lines.length}`)
      const long = lines.filter((line) => line.length > 120)
      assert.deepEqual(long, [])
      const page = readDocument('docs/clients.md')
      const shown = codeBlocks(
        page.slice(page.indexOf(`\n## ${example.language}\n`), page.indexOf('\n## Errors\n')),
      )
        .filter(({ language }) => language === example.language.toLowerCase())
        .flatMap(({ code }) => code.trimEnd().split('\n'))
      assert.ok(shown.length >= 10, `${shown.length}`)
      const there = new Set(lines.map((line) => line.trim()))
      const others = shown.filter((line) => !there.has(line.trim()))
      assert.deepEqual(others, [])
    })
  }
})
