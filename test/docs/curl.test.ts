/**
 * The commands of docs/clients.md, as they stand there: a shell with curl and xxd lists trees and runs a SyncTree over plain
 * HTTP/1.1, and buf does the same over gRPC with the proto files; at a node's own port, and through `causeway tunnel` at a
 * node that listens on QUIC alone. Then all of its blocks in order, in the shell of somebody who runs a node.
 */
import { strict as assert } from 'node:assert'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { EntryBodySchema } from '../../gen/causeway/v1/entry_pb.ts'
import { idToBytes, parseId } from '../../src/dag/id.ts'
import { Sandbox } from '../kit/command.ts'
import { shapes } from '../kit/entries.ts'
import { codeBlocks, readDocument } from '../kit/markdown.ts'
import { tempFolder } from '../kit/peers.ts'
import { projectRoot } from '../kit/project.ts'
import { type NamedTransport, ServingNode, transports } from '../kit/serving-node.ts'

const missing = (...tools: string[]) => {
  const absent = tools.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0)
  return absent.length > 0 && `${absent.join(' and ')} not installed`
}

/** A stream of Connect over HTTP/1.1 carries messages with five bytes before each: 00, then the length. */
export const curlCommands = {
  listTrees: `curl -s --json '{}' -H "authorization: Bearer $(npx causeway token)" \\
  $NODE/causeway.v1.TreeService/ListTrees`,
  syncTree: `message='{"tree":"'$TREE'"}'
(printf '00%08x' \${#message} | xxd -r -p; printf %s "$message") |
  curl -s --data-binary @- -H 'content-type: application/connect+json' $NODE/causeway.v1.SyncService/SyncTree |
  tr '\\0' '\\n' | LC_ALL=C grep -ao '{.*}'`,
}

export const bufCommands = {
  listTrees: `npx buf curl --schema proto --protocol grpc --http2-prior-knowledge \\
  -H "authorization: Bearer $(npx causeway token)" -d '{}' $NODE/causeway.v1.TreeService/ListTrees`,
  syncTree: `npx buf curl --schema proto --protocol grpc --http2-prior-knowledge \\
  -d '{"tree":"'$TREE'"}' $NODE/causeway.v1.SyncService/SyncTree`,
}

interface Answer {
  readonly header?: { status: string; count: string }
  readonly page?: { entries: { body: string }[] }
}

const page = readDocument('docs/clients.md')

it('The commands stand in docs/clients.md to the letter', () => {
  for (const command of [...Object.values(curlCommands), ...Object.values(bufCommands)])
    assert.ok(page.includes(command), command)
})

it('The blocks of docs/clients.md run in order', { skip: missing('curl', 'xxd') }, async () => {
  await using box = await Sandbox.create()
  const { tree } = await box.json<{ tree: string }>('node', ['tree', 'create', 'notes', '--public', 'read'])
  await box.serve('node')
  const script = codeBlocks(page)
    .filter(({ language }) => language === 'sh')
    .map(({ code }) => code)
    .join('')
  const env = { ...process.env, CAUSEWAY_DATA: box.folder('node') }
  const { status, stdout, stderr } = spawnSync('sh', ['-e', '-c', script], {
    cwd: projectRoot,
    env,
    encoding: 'utf8',
  })
  assert.deepEqual([status, stderr], [0, ''])
  const id = Buffer.from(idToBytes(parseId(tree))).toString('base64')
  // By POST, by GET and by gRPC they list the tree; the first and the last sync it.
  assert.equal(stdout.split(`"id":"${id}"`).length + stdout.split(`"id": "${id}"`).length - 2, 3, stdout)
  assert.equal(stdout.split('SYNC_STATUS_DELTA').length - 1, 2, stdout)
})

/** What a node's address is to a shell. */
interface Way {
  readonly name: string
  readonly transport: NamedTransport
  lead(box: Sandbox, address: string): Promise<string>
}

const ways: readonly Way[] = [
  { name: 'over HTTP', transport: transports[0]!, lead: async (_, address) => address },
  {
    name: 'through a tunnel over QUIC',
    transport: transports.find(({ name }) => name === 'QUIC')!,
    async lead(box, address) {
      const args = ['tunnel', address, '--listen', '127.0.0.1:0', '--relay', 'off', '--json']
      const lines = createInterface({ input: box.spawn('tunnel', args).stdout! })
      const [line] = await once(lines, 'line')
      const ready = JSON.parse(line as string)
      assert.deepEqual([ready.event, ready.address], ['ready', address])
      return ready.url
    },
  },
]

for (const way of ways)
  describe(`From a shell ${way.name}`, () => {
    const all = shapes.twoBranches(40)
    let serving: ServingNode
    let folder: Awaited<ReturnType<typeof tempFolder>>
    let box: Sandbox
    let url: string
    before(async () => {
      folder = await tempFolder()
      box = await Sandbox.create()
      serving = await ServingNode.start(way.transport, { data: folder.path })
      const { trees } = await serving.dial()
      await trees.submitEntries({ tree: idToBytes(all[0]!.id), entries: all.map(({ signed }) => signed) })
      url = await way.lead(box, serving.address)
    })
    after(async () => {
      await box[Symbol.asyncDispose]()
      await serving[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    })

    const treeText = Buffer.from(idToBytes(all[0]!.id)).toString('base64')
    async function run(command: string): Promise<string> {
      const env = { ...process.env, NODE: url, TREE: treeText, CAUSEWAY_DATA: folder.path }
      const shell = spawn('sh', ['-c', command], { cwd: projectRoot, env, stdio: ['ignore', 'pipe', 'pipe'] })
      const output = { stdout: '', stderr: '' }
      shell.stdout.on('data', (chunk) => (output.stdout += chunk))
      shell.stderr.on('data', (chunk) => (output.stderr += chunk))
      const [code] = await once(shell, 'close')
      assert.equal(code, 0, output.stderr)
      return output.stdout
    }
    function checkAnswers(answers: readonly Answer[]): void {
      assert.equal(answers[0]!.header!.status, 'SYNC_STATUS_DELTA')
      assert.equal(answers[0]!.header!.count, String(all.length))
      const bodies = answers.flatMap(({ page }) => page?.entries ?? []).map(({ body }) => body)
      assert.equal(bodies.length, all.length)
      const heights = bodies.map((body) => fromBinary(EntryBodySchema, Buffer.from(body, 'base64')).height)
      assert.deepEqual(
        heights,
        heights.toSorted((a, b) => Number(a - b)),
      )
    }

    it('curl lists trees', { skip: missing('curl') }, async () => {
      const { trees } = JSON.parse(await run(curlCommands.listTrees))
      assert.deepEqual(
        trees.map(({ id, name }: { id: string; name: string }) => [id, name]),
        [[treeText, 'test']],
      )
    })

    it('curl runs a SyncTree over HTTP/1.1', { skip: missing('curl', 'xxd') }, async () => {
      const lines = (await run(curlCommands.syncTree)).trim().split('\n')
      assert.equal(lines.at(-1), '{}')
      checkAnswers(lines.slice(0, -1).map((line) => JSON.parse(line)))
    })

    it('buf curl lists trees and runs a SyncTree over gRPC', async () => {
      const { trees } = JSON.parse(await run(bufCommands.listTrees))
      assert.equal(trees[0].id, treeText)
      const documents = (await run(bufCommands.syncTree)).trim().split(/\n(?=\{)/)
      checkAnswers(documents.map((document) => JSON.parse(document)))
    })
  })
