/**
 * Writes compact.json: `npx tsx conformance/vectors/make-compact.ts`. Everything follows from fixed seeds, so the file
 * stays the same byte for byte; a test checks that.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CausewayError } from '../../src/base/errors.ts'
import { idOf, type SignedEntry } from '../../src/dag/entry.ts'
import { bytesToHex } from '../../src/dag/hex.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { readCompactPage } from '../../src/rpc/compact/read-page.ts'
import { writeCompactPage } from '../../src/rpc/compact/write-page.ts'
import { TreeBuilder, testIdentity } from '../../test/kit/entries.ts'
import { grant, policyChange, write } from '../../test/kit/policy.ts'
import { projectFile } from '../../test/kit/project.ts'

export const compactFile = projectFile('conformance/vectors/compact.json')

const about = [
  'Golden vectors of compact pages (docs/protocol.md, rules Z), for implementations in any language. Bytes are lowercase hex.',
  'pages: for the tree, compact is read as these entries, byte for byte. A writer may write other bytes that are read alike.',
  'malformed: for the tree, compact is refused with the code.',
]

const payload = (text: string) => new TextEncoder().encode(text)

/** A tree with merges, two authors, a policy, nonces, names that repeat, and an entry without changes. */
function grown() {
  const tree = new TreeBuilder({ seed: 'compact' })
  const other = testIdentity(1)
  const left = tree.add([tree.root])
  const right = tree.add([tree.root], { author: other, nonce: payload('a nonce') })
  const merge = tree.add([left, right], { changes: [] })
  const granted = tree.add([merge], { changes: policyChange([grant(other, write)]) })
  const many = [
    { store: 'log', kind: 'add', payload: payload('one') },
    { store: 'files', kind: '', payload: payload('two') },
    { store: 'log', kind: 'add', payload: new Uint8Array(0) },
    { store: 'files', kind: '', payload: payload('three') },
  ]
  const after = tree.add([granted], { author: other, changes: many, createdAtMs: 1 })
  tree.add([after, left], { nonce: payload('again') })
  return tree
}

export function makeCompactVectors(): string {
  const { root, entries } = grown()
  const signed = entries.map((entry) => entry.signed)
  const foreign = new TreeBuilder({ seed: 'another tree' }).add().signed
  const odd: SignedEntry = { body: payload('no body'), signature: payload('no signature') }
  const page = (name: string, some: readonly SignedEntry[]) => ({
    name,
    tree: root.id,
    compact: bytesToHex(writeCompactPage(root.id, some)),
    entries: some.map((entry) => ({
      body: bytesToHex(entry.body),
      signature: bytesToHex(entry.signature),
      id: idOf(entry),
    })),
  })
  const whole = writeCompactPage(root.id, signed)
  const one = writeCompactPage(root.id, signed.slice(1, 2))
  const malformed = [
    ['no bytes', new Uint8Array(0)],
    ['a page without its end', whole.slice(0, -1)],
    ['a byte after the page', Uint8Array.of(...one, 0)],
    ['one byte fewer than it states', one.with(1, one[1]! + 1)],
    ['one byte more than it states', one.with(1, one[1]! - 1)],
    ['a parent before the tree', one.with(68, 2)],
    ['an author before the first', one.with(70, 1)],
    ['a height below 0', one.with(69, 1)],
    ['1,025 entries', Uint8Array.of(0x81, 8, 0)],
    ['two entries of 262,145 bytes', Uint8Array.of(2, 0x81, 0x80, 16)],
    ['273 bytes of four', Uint8Array.of(1, 0x91, 2, 0)],
  ] as const
  const file = {
    about,
    pages: [
      page('a whole tree', signed),
      page('its last entries', signed.slice(-3)),
      page('one entry', signed.slice(1, 2)),
      page('entries that are none, and of another tree', [signed[1]!, odd, foreign, signed[2]!]),
    ],
    malformed: malformed.map(([name, bytes]) => ({
      ...{ name, tree: root.id, compact: bytesToHex(bytes), code: codeOf(root.id, bytes) },
    })),
  }
  return `${JSON.stringify(file, undefined, 2)}\n`
}

/** Returns the code of the error that these bytes cause; 'none' if they are a page. */
export function codeOf(tree: TreeId, bytes: Uint8Array): string {
  try {
    readCompactPage(tree, bytes)
    return 'none'
  } catch (error) {
    return CausewayError.from(error).code
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(compactFile, makeCompactVectors())
