/**
 * The DAG runs without Node: only its `crypto.ts` imports from `node:`, and a bundle of the built package reaches the
 * verdict of every golden vector in a realm without Buffer and process. The contract can be bundled too.
 */
import assert from 'node:assert/strict'
import { webcrypto } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { before, describe, test } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { expandBytes, readEntryVectors } from '../../conformance/vectors/format.ts'
import { bytesToHex } from '../../src/dag/hex.ts'
import { projectFile, projectRoot } from '../kit/project.ts'

const dag = projectFile('src/dag')

/** Reads, verifies and signs in the bundle. It answers in JSON, so that no object crosses between the realms. */
const program = `
  import { createIdentity, digestTips, formatId, parseId } from 'causeway-sync/dag'
  import { readEntry, signEntry, signRoot, verifyEntry } from 'causeway-sync/dag'
  const hexToBytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16))
  const attempt = async (vector) => {
    const signed = { body: hexToBytes(vector.body), signature: hexToBytes(vector.signature) }
    try {
      const entry = await verifyEntry(readEntry(signed))
      return formatId(entry.id) + (parseId(formatId(entry.id)) === entry.id ? '' : ' is not read back')
    } catch (error) {
      return error.code ?? String(error)
    }
  }
  globalThis.verdicts = async (vectors) => {
    const all = []
    for (const vector of JSON.parse(vectors)) all.push(await attempt(vector))
    return JSON.stringify(all)
  }
  globalThis.grow = async () => {
    const identity = createIdentity(new Uint8Array(32).fill(1))
    const nonce = new Uint8Array(16)
    const root = signRoot(identity, { name: 'browser', publicAccess: 1, createdAtMs: 1, nonce })
    const child = signEntry(identity, {
      tree: root.id, parents: [root.id], height: 1, createdAtMs: 2,
      changes: [{ store: 'café', kind: '', payload: nonce }],
    })
    await verifyEntry(readEntry(child.signed))
    if (createIdentity().peer === createIdentity().peer) throw new Error('not random')
    return JSON.stringify({ typeofBuffer: typeof Buffer, typeofProcess: typeof process, digest: digestTips([child.id]) })
  }
`

/** Bundles a program that imports from the built package, as its users do. Fails if it needs Node. */
async function bundleForBrowsers(contents: string) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: projectRoot, loader: 'js' },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
    logLevel: 'silent',
  })
  return outputFiles[0]!.text
}

describe('dag in a browser', () => {
  let bundle = ''
  before(async () => {
    bundle = await bundleForBrowsers(program)
  })

  test('only crypto.ts imports from Node', () => {
    const files = readdirSync(dag, { recursive: true, encoding: 'utf8' })
    for (const file of files.filter((name) => name.endsWith('.ts') && name !== 'crypto.ts'))
      assert.doesNotMatch(
        readFileSync(resolve(dag, file), 'utf8'),
        /from 'node:|import\('node:|require\(/,
        file,
      )
  })

  for (const [where, crypto] of [
    ['with WebCrypto', webcrypto],
    ['without it', undefined],
    [
      'with a WebCrypto that has no Ed25519',
      { subtle: { importKey: () => Promise.reject(new Error('no')) } },
    ],
  ] as const)
    test(`every vector gets its verdict ${where}`, async () => {
      const realm = createContext({ TextEncoder, TextDecoder, ...(crypto && { crypto }) })
      runInContext(bundle, realm)
      const vectors = readEntryVectors()
      const decided = [
        ...vectors.valid.map((vector) => ({ ...vector, verdict: vector.cid })),
        ...vectors.invalid
          .filter(({ decidedBy }) => decidedBy === 'body' || decidedBy === 'signature')
          .map((vector) => ({ ...vector, verdict: vector.code as string })),
      ]
      const given = decided.map(({ body, signature }) => ({ body: bytesToHex(expandBytes(body)), signature }))
      const { verdicts: decide } = realm
      const verdicts: string[] = JSON.parse(await decide!(JSON.stringify(given)))
      assert.deepEqual(
        decided.map(({ name }, index) => `${name}: ${verdicts[index]}`),
        decided.map(({ name, verdict }) => `${name}: ${verdict}`),
      )
    })

  test('a tree grows without Buffer and process, to the same ids as in Node', async () => {
    const realm = createContext({ TextEncoder, TextDecoder, crypto: webcrypto })
    runInContext(bundle, realm)
    const { grow } = realm
    const grown = JSON.parse(await grow!())
    assert.equal(grown.typeofBuffer, 'undefined')
    assert.equal(grown.typeofProcess, 'undefined')
    const { signEntry, signRoot } = await import('../../src/dag/entry.ts')
    const { createIdentity } = await import('../../src/dag/identity.ts')
    const { digestTips } = await import('../../src/dag/id.ts')
    const identity = createIdentity(new Uint8Array(32).fill(1))
    const nonce = new Uint8Array(16)
    const made = signRoot(identity, { name: 'browser', publicAccess: 1, createdAtMs: 1, nonce })
    const child = signEntry(identity, {
      tree: made.id,
      parents: [made.id],
      height: 1,
      createdAtMs: 2,
      changes: [{ store: 'café', kind: '', payload: nonce }],
    })
    assert.equal(grown.digest, digestTips([child.id]))
  })
})

describe('the contract in a browser', () => {
  test('names every service, and needs no Node', async () => {
    const named = "import { NodeService, StoreService, SyncService, TreeService } from 'causeway-sync/proto'"
    const listed =
      'JSON.stringify([NodeService, StoreService, SyncService, TreeService].map((s) => s.typeName))'
    const realm = createContext({ TextEncoder, TextDecoder })
    runInContext(await bundleForBrowsers(`${named}\nglobalThis.names = ${listed}`), realm)
    assert.deepEqual(
      JSON.parse(realm.names),
      ['Node', 'Store', 'Sync', 'Tree'].map((name) => `causeway.v1.${name}Service`),
    )
  })

  test('is where the public API of the node has no place', async () => {
    await assert.rejects(
      bundleForBrowsers("import { createNode } from 'causeway-sync'\ncreateNode()"),
      /node:/,
    )
  })
})
