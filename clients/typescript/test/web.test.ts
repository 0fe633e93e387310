/** What the client does in a browser, with Node's fetch in place of a browser's. It needs the built package. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { write } from '../../../test/kit/policy.ts'
import { projectFile } from '../../../test/kit/project.ts'
import { ServingNode } from '../../../test/kit/serving-node.ts'
import type * as Api from '../src/index.ts'

const { connect, Key }: typeof Api = await import(projectFile('clients/typescript/dist/browser.js'))
const { fetch } = globalThis

/** The claims of each token that was shown. */
const shown: Record<string, unknown>[] = []

beforeEach(() => {
  shown.length = 0
  globalThis.fetch = (input, init) => {
    const [, token] = new Headers(init?.headers).get('authorization')?.split('.') ?? []
    if (token !== undefined) shown.push(JSON.parse(Buffer.from(token, 'base64url').toString()))
    return fetch(input, init)
  }
})
afterEach(() => {
  globalThis.fetch = fetch
})

describe('A client over fetch', () => {
  it('shows one token to all connections, and the next one when half of its life is over', async () => {
    await using serving = await ServingNode.start()
    const tree = await serving.node.createTree('t')
    const key = Key.generate()
    await serving.node.grant(tree, key.peer, write)
    let lateMs = 0
    const clock = { ...systemClock, now: () => Date.now() + lateMs }
    await using client = connect(serving.address, { key, clock })
    const store = client.stores.open(tree, 's')
    await Promise.all(Array.from({ length: 8 }, (_, n) => store.put(`${n}`, n)))
    assert.ok(shown.length >= 16)
    assert.equal(new Set(shown.map(({ jti }) => jti)).size, 1)
    const [{ jti, iat, exp, ...claims } = {}] = shown
    assert.deepEqual(claims, { iss: key.peer, aud: serving.node.peer, binding: '', reusable: true })
    lateMs = (1_000 * (Number(exp) - Number(iat))) / 2
    assert.equal((await store.get('3'))?.value, 3)
    assert.notEqual(shown.at(-1)!.jti, jti)
  })

  it('names the host over TLS, and nothing that could be used again over plain HTTP', async () => {
    const binding = async (address: string, insecure = false) => {
      let sent = new Uint8Array(0)
      globalThis.fetch = async (_input, init) => {
        sent = init!.body as Uint8Array<ArrayBuffer>
        throw new TypeError('fetch failed')
      }
      await assert.rejects(connect(address, { key: Key.generate(), insecure }).peer(), {
        code: 'DISCONNECTED',
      })
      return Buffer.from(sent).toString('latin1')
    }
    assert.match(await binding('https://Node.Example:8080'), /host:node\.example$/)
    assert.match(await binding('http://192.0.2.1', true), /insecure$/)
    const unasked = connect('http://192.0.2.1', { key: Key.generate() }).peer()
    await assert.rejects(unasked, { code: 'UNREACHABLE', message: /plain HTTP that leaves this machine/ })
    for (const address of [
      'http://localhost:1',
      'http://app.localhost',
      'http://127.1.2.3',
      'http://[::1]:80',
    ])
      assert.doesNotMatch(await binding(address), /insecure|host:/)
  })

  it('tells a node that is away from other failures, also within an answer', async () => {
    const serving = await ServingNode.start()
    const tree = await serving.node.createTree('t')
    await using client = connect(serving.address, { key: Key.fromSeed(serving.operator.seed) })
    const over = new AbortController()
    const watch = client.trees.watch(tree, { signal: over.signal })
    assert.equal((await watch.next()).value?.entries.length, 1)
    await serving[Symbol.asyncDispose]()
    await assert.rejects(client.trees.get(tree), { code: 'DISCONNECTED' })
    const next = watch.next()
    over.abort()
    assert.equal((await next).done, true)
    await client[Symbol.asyncDispose]()
    await assert.rejects(client.trees.get(tree), { code: 'CLOSED' })
  })

  it('has no files, and dials only what a browser can', async () => {
    await assert.rejects(Key.open('app.key'), { code: 'UNIMPLEMENTED' })
    await assert.rejects(connect('iroh:endpoint').peer(), { code: 'NO_TRANSPORT' })
  })
})
