/**
 * The client in a real Chromium: a page of another origin reads, writes and watches a private tree at a node on this
 * machine, over plain HTTP/1.1 and over TLS with HTTP/2. It needs the built package; `.ci/browser` installs Chromium.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { build } from 'esbuild'
import { PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../../../../src/dag/id.ts'
import { parsePeerId } from '../../../../src/dag/identity.ts'
import { createNode, type Node } from '../../../../src/node/node.ts'
import { write } from '../../../../test/kit/policy.ts'
import { missingTool, projectFile } from '../../../../test/kit/project.ts'
import { testCertificate } from '../../../../test/kit/serving-node.ts'
import { TcpProxy } from '../../../../test/kit/tcp-proxy.ts'
import { chromium, Page } from './chromium.ts'

const missing = process.env.CHROMIUM === undefined && missingTool(chromium)
const port = 0

async function bundlePage(page: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [projectFile(`clients/typescript/test/browser/${page}`)],
    // As users have it: without the paths that lead to its sources.
    tsconfigRaw: {},
    ...{ bundle: true, write: false, format: 'esm', platform: 'browser', target: 'es2022' },
  })
  return outputFiles[0]!.text
}

describe('A page in Chromium', { skip: missing }, () => {
  it('reads, writes and watches a private tree with a key that WebCrypto keeps', async () => {
    const trees: TreeId[] = []
    await using page = await Page.serve(await bundlePage('page.ts'), {
      '/tasks': () => [
        { address: plainProxy.address, peer: plain.peer, tree: trees[0] },
        {
          address: secureProxy.address.replace('http://127.0.0.1', 'https://localhost'),
          peer: secure.peer,
          tree: trees[1],
        },
      ],
      '/grant': async (body) => {
        const { peer } = body as { peer: string }
        for (const [index, node] of nodes.entries()) await node.grant(trees[index]!, parsePeerId(peer), write)
      },
      '/cut': () => {
        plainProxy.cut()
        secureProxy.cut()
      },
      '/write': async () => {
        for (const [index, node] of nodes.entries())
          await node.stores.open(trees[index]!, 'notes').put('third', 'from the node')
      },
    })
    const options = { corsOrigins: [page.origin], allowedHosts: ['localhost'] }
    const http = { host: '127.0.0.1', port }
    await using plain = await createNode({ http, ...options })
    await using secure = await createNode({ http: { ...http, tls: testCertificate }, ...options })
    const nodes = [plain, secure]
    for (const node of nodes) {
      await node.listen()
      const tree = await node.createTree('private')
      trees.push(tree)
      await node.stores.open(tree, 'notes').put('first', 'Hello')
    }
    await using plainProxy = await TcpProxy.before(plain)
    await using secureProxy = await TcpProxy.before(secure)
    const results = (await page.run()) as object[]
    const expected = {
      ...{ before: 'UNKNOWN_TREE', first: 'Hello', author: true, value: { from: 'a page' }, sent: 1 },
      ...{ watched: ['first', 'second', 'third'], extractable: false, own: true, signed: 2 },
    }
    assert.deepEqual(results, [
      // The root, the note, the grant; then what the page wrote, what the node wrote, and what the page signed.
      { ...expected, counts: [3, 6] },
      // The key of the first task was granted here too.
      { ...expected, counts: [5, 8] },
    ])
  })

  it('of any origin reads public trees where a node allows all, and nothing elsewhere', async () => {
    const nodes: Node[] = []
    await using page = await Page.serve(await bundlePage('stranger.ts'), {
      '/tasks': () => nodes.map((node) => node.addresses()[0]),
    })
    await using open = await createNode({ http: { host: '127.0.0.1', port }, corsOrigins: ['*'] })
    await using closed = await createNode({ http: { host: '127.0.0.1', port } })
    for (const node of [open, closed]) {
      await node.listen()
      nodes.push(node)
      const tree = await node.createTree('public', PublicAccess.READ)
      await node.stores.open(tree, 's').put('a', 1)
      await node.createTree('private')
    }
    const [names, notFound] = [['public'], 5]
    assert.deepEqual(await page.run(), [
      // A call with a token does not leave the browser.
      { names, entries: 2, proven: 'DISCONNECTED', byGrpcWeb: names, unknown: notFound, byGet: 1 },
      'DISCONNECTED',
    ])
  })
})
