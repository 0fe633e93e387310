/**
 * The built package: it decides every golden vector alike in Node and as browsers have it, with WebCrypto and without it,
 * and a browser's bundle of it needs no Node and stays small.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { before, describe, it } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expandBytes, readEntryVectors } from '../../../conformance/vectors/format.ts'
import { bytesToHex } from '../../../src/dag/hex.ts'
import { projectFile } from '../../../test/kit/project.ts'

/** A program on the package's public API. It answers in JSON, so that no object crosses between realms. */
const program = `
  import { connect, decodeBody, encodeBody, formatTicket, Key, parseTicket, readEntry, verifyEntry } from '@causeway-sync/client'
  const bytes = (hex) =>
    Uint8Array.from({ length: hex.length / 2 }, (_, at) => parseInt(hex.slice(2 * at, 2 * at + 2), 16))
  const decide = async ({ body, signature }) => {
    try {
      const { id } = await verifyEntry(readEntry({ body: bytes(body), signature: bytes(signature) }))
      const again = encodeBody(decodeBody(bytes(body)))
      const isSame = again.length * 2 === body.length && bytes(body).every((byte, at) => byte === again[at])
      return isSame ? id : 'encoded otherwise'
    } catch (error) {
      return error.code ?? String(error)
    }
  }
  globalThis.decide = async (vectors) => JSON.stringify(await Promise.all(JSON.parse(vectors).map(decide)))
  globalThis.sign = async () => {
    const key = Key.fromSeed('01'.repeat(32))
    const entry = await key.signEntry({
      tree: 'aa'.repeat(32), parents: ['aa'.repeat(32)], height: 1, createdAtMs: 2,
      changes: [{ store: 's', kind: '', payload: new Uint8Array(1) }],
    })
    await verifyEntry(entry)
    return entry.id
  }
  globalThis.fetch = async () => { throw new TypeError('away') }
  globalThis.dial = () => connect('http://localhost:1').peer().catch((error) => error.code ?? String(error))
  globalThis.ticket = (text) => formatTicket(parseTicket(text))
`

/** Bundles it as a program of a browser, or of Node. */
async function bundle(platform: 'browser' | 'node', { minify = false } = {}) {
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: projectFile('clients/typescript'), loader: 'js' },
    ...{ bundle: true, write: false, format: 'iife', target: 'es2022', logLevel: 'silent' },
    ...{ platform, minify, tsconfigRaw: {} },
  })
  return outputFiles[0]!.text
}

const { valid, invalid } = readEntryVectors()
const decided = [
  ...valid.map((vector) => ({ ...vector, verdict: vector.id })),
  ...invalid
    .filter(({ decidedBy }) => decidedBy === 'body' || decidedBy === 'signature')
    .map((vector) => ({ ...vector, verdict: vector.code as string })),
]
const given = JSON.stringify(
  decided.map(({ body, signature }) => ({ body: bytesToHex(expandBytes(body)), signature })),
)
const noEd25519 = {
  getRandomValues: (bytes: Uint8Array) => crypto.getRandomValues(bytes),
  subtle: { importKey: () => Promise.reject(new Error('no')) },
}

describe('The package in a browser', () => {
  let script = ''
  before(async () => {
    script = await bundle('browser')
  })

  for (const [where, native] of [
    ['with WebCrypto', crypto],
    ['with a WebCrypto that has no Ed25519', noEd25519],
  ] as const)
    it(`decides every vector, and signs, ${where}`, async () => {
      // No Symbol.dispose, no Buffer and no process either.
      const realm = createContext({
        ...{
          TextEncoder,
          TextDecoder,
          AbortController,
          AbortSignal,
          URL,
          URLSearchParams,
          Headers,
          performance,
        },
        ...{ btoa, atob, setTimeout, clearTimeout, crypto: native },
      })
      runInContext(script, realm)
      const verdicts: string[] = JSON.parse(await realm.decide(given))
      assert.deepEqual(
        decided.map(({ name }, index) => `${name}: ${verdicts[index]}`),
        decided.map(({ name, verdict }) => `${name}: ${verdict}`),
      )
      const { Key } = await import('../src/index.ts')
      const own = await Key.fromSeed('01'.repeat(32)).signEntry({
        ...{ tree: 'aa'.repeat(32) as never, parents: ['aa'.repeat(32) as never], height: 1, createdAtMs: 2 },
        changes: [{ store: 's', kind: '', payload: new Uint8Array(1) }],
      })
      assert.equal(await realm.sign(), own.id)
      const ticket = `causeway:?db=bafkrei${'a'.repeat(52)}&pr=http://a:1`
      assert.equal(realm.ticket(ticket), ticket)
      assert.equal(await realm.dial(), 'DISCONNECTED')
    })

  it('is sent in at most 100 KB', async () => {
    const { length } = gzipSync(await bundle('browser', { minify: true }))
    assert.ok(length < 100_000, `${length}`)
  })

  it('has no dependency that is native', () => {
    const { dependencies } = JSON.parse(readFileSync(projectFile('clients/typescript/package.json'), 'utf8'))
    const lock = JSON.parse(readFileSync(projectFile('package-lock.json'), 'utf8'))
    const pending = Object.keys(dependencies)
    // Ends: each package is looked at once.
    for (const name of pending) {
      const { hasInstallScript, dependencies: further = {} } = lock.packages[`node_modules/${name}`]
      assert.equal(hasInstallScript, undefined, name)
      for (const next of Object.keys(further)) if (!pending.includes(next)) pending.push(next)
    }
  })
})
