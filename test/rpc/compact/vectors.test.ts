/** The vectors of compact pages: the file is what its generator writes, and a reader in Python agrees about each. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { codeOf, compactFile, makeCompactVectors } from '../../../conformance/vectors/make-compact.ts'
import { bytesToHex, hexToBytes } from '../../../src/dag/hex.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { readCompactPage } from '../../../src/rpc/compact/read-page.ts'
import { projectFile } from '../../kit/project.ts'

interface Vector {
  readonly name: string
  readonly tree: TreeId
  readonly compact: string
}
interface Vectors {
  readonly pages: readonly (Vector & { entries: readonly { body: string; signature: string }[] })[]
  readonly malformed: readonly (Vector & { code: string })[]
}

const text = readFileSync(compactFile, 'utf8')

test('the file is what the generator writes, and is read as it says', () => {
  assert.ok(
    text === makeCompactVectors(),
    'If the change of format is intended, run npx tsx conformance/vectors/make-compact.ts.',
  )
  const { pages, malformed } = JSON.parse(text) as Vectors
  for (const { name, tree, compact, entries } of pages)
    assert.deepEqual(
      readCompactPage(tree, hexToBytes(compact)).map(({ body, signature }) => [
        bytesToHex(body),
        bytesToHex(signature),
      ]),
      entries.map(({ body, signature }) => [body, signature]),
      name,
    )
  for (const { name, tree, compact, code } of malformed) {
    assert.notEqual(code, 'none', name)
    assert.equal(codeOf(tree, hexToBytes(compact)), code, name)
  }
})

test('a reader in Python, written from the document, agrees', () => {
  const checked = execFileSync('python3', [projectFile('conformance/vectors/check_compact.py')], {
    encoding: 'utf8',
  })
  assert.match(checked, /^4 pages and 11 malformed ones hold\.\n$/)
})
