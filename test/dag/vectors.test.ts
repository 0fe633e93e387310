/**
 * The golden vectors: the file is what its generator writes, both implementations of the primitives reach the verdict
 * of every vector, and so does a program in another language that shares no code with this one.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { ed25519 } from '@noble/curves/ed25519.js'
import {
  entriesFile,
  expandBytes,
  expandList,
  type InvalidVector,
  readEntryVectors,
} from '../../conformance/vectors/format.ts'
import { makeEntryVectors } from '../../conformance/vectors/make-entries.ts'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../src/base/errors.ts'
import * as nodeCrypto from '../../src/dag/crypto.ts'
import * as webCrypto from '../../src/dag/crypto.web.ts'
import { checkParents, entryDomain, readEntry, readRoot, verifyEntry } from '../../src/dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import { formatId, parseId, type TreeId } from '../../src/dag/id.ts'
import { createIdentity, withDomain } from '../../src/dag/identity.ts'
import { LoosePolicy } from '../kit/policy.ts'
import { projectFile } from '../kit/project.ts'

const vectors = readEntryVectors()
const signedOf = (vector: { body: InvalidVector['body']; signature: string }) => ({
  body: expandBytes(vector.body),
  signature: expandBytes(vector.signature),
})

/** Returns the policy of a tree with all of its valid vectors. */
function policyOf(tree: TreeId): LoosePolicy {
  const policy = new LoosePolicy()
  for (const vector of vectors.valid) {
    if (vector.alone) continue
    const entry = readEntry(signedOf(vector))
    if (entry.tree === tree) policy.take(entry)
  }
  return policy
}

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run()
    return 'none'
  } catch (error) {
    assert.ok(error instanceof CausewayError, String(error))
    return error.code
  }
}

describe('entry vectors', () => {
  test('the file is what the generator writes, byte for byte', () => {
    assert.ok(
      readFileSync(entriesFile, 'utf8') === makeEntryVectors(),
      'If the change of format is intended, run npx tsx conformance/vectors/make-entries.ts.',
    )
  })

  test('names are distinct, and every code that the DAG throws has a vector', () => {
    const names = [...vectors.valid, ...vectors.invalid].map((vector) => vector.name)
    assert.equal(new Set(names).size, names.length)
    assert.ok(vectors.invalid.length >= 30)
    const codes = new Set(vectors.invalid.map((vector) => vector.code))
    assert.deepEqual([...codes].sort(), [
      'ENTRY_AUTHOR',
      'ENTRY_CHANGES',
      'ENTRY_FORBIDDEN',
      'ENTRY_HEIGHT',
      'ENTRY_MALFORMED',
      'ENTRY_MISSING_PARENT',
      'ENTRY_NONCE',
      'ENTRY_NOT_CANONICAL',
      'ENTRY_PARENTS',
      'ENTRY_POLICY',
      'ENTRY_ROOT',
      'ENTRY_SIGNATURE',
      'ENTRY_TOO_LARGE',
      'ENTRY_TREE',
      'ENTRY_VERSION',
    ])
  })

  test('valid ones read as described, in place and signed', async () => {
    const known = new Map<string, { tree: TreeId; height: number }>()
    for (const vector of vectors.valid) {
      const entry = await verifyEntry(readEntry(signedOf(vector)))
      assert.equal(entry.id, vector.id, vector.name)
      assert.equal(formatId(entry.id), vector.cid)
      assert.equal(parseId(vector.cid), vector.id)
      assert.deepEqual(
        {
          ...entry.body,
          tree: entry.body.tree ?? null,
          changes: entry.body.changes.map((change) => ({ ...change, payload: bytesToHex(change.payload) })),
          nonce: bytesToHex(entry.body.nonce),
        },
        {
          ...vector.fields,
          changes: expandList(vector.fields.changes).map((change) => ({
            ...change,
            payload: bytesToHex(expandBytes(change.payload)),
          })),
        },
        vector.name,
      )
      if (vector.root !== undefined) {
        const { name, publicAccess } = readRoot(entry)
        assert.deepEqual({ name, publicAccess: PublicAccess[publicAccess] }, vector.root)
      }
      if (!vector.alone)
        checkParents(
          entry,
          entry.body.parents.map((id) => known.get(id)),
        )
      known.set(entry.id, { tree: entry.tree, height: entry.body.height })
    }
  })

  for (const vector of vectors.invalid)
    test(`${vector.code}: ${vector.name}`, async () => {
      const signed = signedOf(vector)
      if (vector.decidedBy === 'body') {
        assert.equal(await codeOf(() => readEntry(signed)), vector.code)
        return
      }
      const entry = readEntry(signed)
      if (vector.decidedBy === 'signature') {
        assert.equal(await codeOf(() => verifyEntry(entry)), vector.code)
        return
      }
      await verifyEntry(entry)
      if (vector.decidedBy === 'policy') {
        const policy = policyOf(entry.tree)
        assert.equal(await codeOf(() => policy.take(entry)), vector.code)
        return
      }
      const known = new Map(
        vector.known!.map(({ id, tree, height }) => [id, { tree: tree as TreeId, height }]),
      )
      const parents = entry.body.parents.map((id) => known.get(id))
      assert.equal(await codeOf(() => checkParents(entry, parents)), vector.code)
    })

  test('the void ones, and no others, are void once all are present', () => {
    const trees = new Set(
      vectors.valid.filter(({ alone }) => !alone).map(({ fields, id }) => fields.tree ?? id),
    )
    assert.deepEqual(
      [...trees].flatMap((tree) => policyOf(tree as TreeId).voids()).sort(),
      vectors.valid
        .filter((vector) => vector.void)
        .map(({ id }) => id)
        .sort(),
    )
  })

  test('Node, WebCrypto and noble give the same verdicts, hashes and signatures', async () => {
    for (const vector of [...vectors.valid, ...vectors.invalid]) {
      const { body, signature } = signedOf(vector)
      const author = 'fields' in vector ? vector.fields.author : authorIn(body)
      const message = withDomain(entryDomain, body)
      const verdict = await nodeCrypto.verifyEd25519(author, message, signature)
      if ('fields' in vector) assert.equal(verdict, true, vector.name)
      if ('code' in vector && vector.code === 'ENTRY_SIGNATURE') assert.equal(verdict, false, vector.name)
      assert.equal(await webCrypto.verifyEd25519(author, message, signature), verdict, vector.name)
      assert.equal(webCrypto.verifyPortable(author, message, signature), verdict, vector.name)
      assert.equal(webCrypto.sha256Hex(signature, body), nodeCrypto.sha256Hex(signature, body))
      if ('fields' in vector && vector.seed !== null) {
        const seed = hexToBytes(vector.seed)
        const key = webCrypto.importEd25519(seed)
        assert.equal(key.publicKeyHex, author)
        assert.deepEqual(bytesToHex(key.sign(message)), vector.signature)
        assert.deepEqual(bytesToHex(createIdentity(seed).sign(entryDomain, body)), vector.signature)
      }
    }
  })

  test('libraries disagree on the cofactor vector', () => {
    const vector = vectors.invalid.find(
      ({ name }) => name === 'a signature that holds only with the cofactor',
    )!
    const { body, signature } = signedOf(vector)
    const author = hexToBytes(authorIn(body))
    const message = withDomain(entryDomain, body)
    assert.ok(ed25519.verify(signature, message, new Uint8Array(author), { zip215: false }))
  })

  test('a program in Python agrees', (t) => {
    const probe = spawnSync('python3', ['-c', 'import cryptography'], { encoding: 'utf8' })
    if (probe.status !== 0) return t.skip('python3 with the module cryptography is not here')
    const script = projectFile('conformance/vectors/check_entries.py')
    const said = execFileSync('python3', [script, entriesFile], { encoding: 'utf8' })
    assert.match(said, new RegExp(`^${vectors.valid.length} valid and ${vectors.invalid.length} invalid`))
  })
})

/**
 * Returns the author's 32 bytes, or a fixed key if the body names none, so that there is always a verdict to compare.
 */
function authorIn(body: Uint8Array): string {
  const hex = bytesToHex(body.subarray(0, 20_000))
  return /2a20([0-9a-f]{64})/.exec(hex)?.[1] ?? '11'.repeat(32)
}
