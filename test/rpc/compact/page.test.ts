/**
 * Compact pages: whatever a page has comes back byte for byte, what is no page is a typed error, numbers out of range and
 * pages past a bound too, and a page of a real shape is as small as it is made for.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { encodeBody } from '../../../src/dag/body.ts'
import { entryBytes, idOf, type SignedEntry } from '../../../src/dag/entry.ts'
import { hexToBytes } from '../../../src/dag/hex.ts'
import type { EntryId, TreeId } from '../../../src/dag/id.ts'
import { readCompactPage } from '../../../src/rpc/compact/read-page.ts'
import { writeCompactPage } from '../../../src/rpc/compact/write-page.ts'
import { anyBody, mutations } from '../../kit/arbitrary.ts'
import { shapes, TreeBuilder, testIdentity } from '../../kit/entries.ts'

const tree = 'ab'.repeat(32) as TreeId
const plain = (entries: readonly SignedEntry[]) =>
  entries.map(({ body, signature }) => [Buffer.from(body), Buffer.from(signature)])

/** A page whose bodies name its tree and each other, or are anything else, canonical or not. */
const anyPage: fc.Arbitrary<SignedEntry[]> = fc
  .array(
    fc.record({
      body: anyBody,
      inTree: fc.boolean(),
      earlier: fc.array(fc.nat(), { maxLength: 3 }),
      like: fc.boolean(),
      signature: fc.uint8Array({ minLength: 64, maxLength: 64 }),
      odd: fc.option(fc.uint8Array({ maxLength: 80 }), { freq: 8, nil: undefined }),
      broken: fc.option(fc.nat(400), { freq: 8, nil: undefined }),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((drafts) => {
    const entries: SignedEntry[] = []
    for (const { body, inTree, earlier, like, signature, odd, broken } of drafts) {
      const parents = earlier.flatMap((index) => entries.at(index % 12) ?? []).map((entry) => idOf(entry))
      const first = drafts[0]!.body
      const encoded = encodeBody({
        ...body,
        ...(inTree && { tree, parents: [...body.parents, ...parents] }),
        ...(like && { author: first.author, changes: first.changes, policy: first.policy }),
      })
      if (broken !== undefined) encoded[broken % encoded.length]! ^= 1
      entries.push({ body: encoded, signature: odd ?? signature })
    }
    return entries
  })

test('every page comes back byte for byte, and its entries keep their ids', () => {
  fc.assert(
    fc.property(anyPage, fc.boolean(), (entries, withIds) => {
      const ids = entries.map(idOf)
      const bytes = writeCompactPage(tree, entries, withIds ? ids : undefined)
      const read = readCompactPage(tree, bytes)
      assert.deepEqual(plain(read), plain(entries))
      assert.deepEqual(read.map(idOf), ids)
      assert.deepEqual(
        plain(read).map(([body, signature]) => idOf({ body: body!, signature: signature! })),
        ids,
      )
    }),
    { numRuns: 300 },
  )
})

test('real entries are rebuilt, and the numbers in a page are smaller than what they stand for', () => {
  for (const shape of [shapes.linear(60), shapes.diamond(), shapes.twoBranches(40)]) {
    const entries = shape.map(({ signed }) => signed)
    const { id } = shape[0]!
    const bytes = writeCompactPage(id, entries)
    assert.deepEqual(plain(readCompactPage(id, bytes)), plain(entries))
    // The root goes as it is. Of another entry stay signature, payload, and some ten numbers.
    const rest = shape.slice(1).reduce((sum, { body }) => sum + 64 + body.changes[0]!.payload.length, 0)
    assert.ok(bytes.length < entryBytes(entries[0]!) + rest + 16 * shape.length + 200, String(bytes.length))
  }
})

/** The code of the error that these bytes cause; 'none' if they are a page. */
function codeOf(bytes: Uint8Array): string {
  try {
    readCompactPage(tree, bytes)
    return 'none'
  } catch (error) {
    assert.ok(error instanceof CausewayError, String(error))
    return `${error.code}: ${error.message}`
  }
}

test('any other bytes are a typed error, or a page that is no larger than it may be', () => {
  const page = writeCompactPage(
    tree,
    fc.sample(anyPage, { numRuns: 1, seed: 7 })[0]!.concat(fc.sample(anyPage, { numRuns: 1, seed: 8 })[0]!),
  )
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutations(page)), (bytes) => {
      const code = codeOf(bytes)
      if (code !== 'none') return assert.match(code, /^(PROTOCOL|LIMIT_EXCEEDED): /)
      const entries = readCompactPage(tree, bytes)
      const total = entries.reduce((sum, entry) => sum + entryBytes(entry), 0)
      assert.ok(total <= limits.compactGrowth * bytes.length)
    }),
    { numRuns: 2_000 },
  )
})

const zeros = (count: number) => Array<number>(count).fill(0)
/** Of an entry with one parent: the number of parents, the signature, the parent as new, and its height. */
const begun = [1, ...zeros(64), 0, ...zeros(32), 2]
/** The same up to its changes: the author as new, and the time. */
const authored = [...begun, 0, ...zeros(32), 2]

test('numbers out of range, bytes that do not add up, and pages past a bound', () => {
  const entry = 64 + 36 + 34 + 2 + 34 + 2
  const cases: [RegExp, number[]][] = [
    [/^none$/, [1, 0x80 | (entry % 128), 1, ...authored, 0]],
    [/ends with its last entry, got an end inside a number/, []],
    [/numbers up to 2\^53 - 1/, [1, ...Array<number>(7).fill(255), 127, 0]],
    [/numbers up to 2\^53 - 1/, [1, ...Array<number>(8).fill(255), 0]],
    [/at most 1024 entries, got 1025/, [0x81, 8, 0]],
    [/with 2 entries has at most 262144 bytes, got 262145/, [2, 0x81, 0x80, 16]],
    [/with 1 entries has at most 1048640 bytes, got 1048641/, [1, 0xc1, 0x80, 64]],
    [/of 4 bytes rebuilds to at most 272, got 273/, [1, 0x91, 2, 0]],
    [/states 170 bytes of entries, got more/, [1, 0xaa, 1, ...authored, 0]],
    [/states 173 bytes of entries, got 172/, [1, 0xad, 1, ...authored, 0]],
    [/ends with its last entry, got 1 bytes after it/, [1, 0xac, 1, ...authored, 0, 9]],
    [/at most 256 parents in an entry, got 257/, [1, 0xac, 1, 0x81, 2, ...zeros(64)]],
    [/a hash of those before, at most 1 back, got 2/, [1, 0xac, 1, 1, ...zeros(64), 2]],
    [/a hash of those before, at most 0 back, got 1/, [1, 0xac, 1, ...begun, 1]],
    [/each height from 0 to 2\^53 - 1, got -1/, [1, 0xac, 1, ...begun.slice(0, -1), 1]],
    [/each time from 0 to 2\^53 - 1, got -2/, [1, 0xac, 1, ...authored.slice(0, -1), 3, 0]],
    [/at most 64 policy entries in an entry, got 65/, [1, 0xac, 1, ...authored, 1, 65]],
    [/at most 1024 changes in an entry, got 1025/, [1, 0xac, 1, ...authored, 0x84, 0x20]],
    [/names of those before, at most 0 back, got 1/, [1, 0xac, 1, ...authored, 4, 1]],
    [/names of at most 132 bytes, got 133/, [1, 0xac, 1, ...authored, 4, 0, 0x85, 1]],
    [/got 1 bytes where 9 should be/, [1, 0xac, 1, ...authored, 4, 0, 9, 5]],
  ]
  for (const [expected, bytes] of cases) assert.match(codeOf(Uint8Array.from(bytes)), expected)
})

test('what has no number that fits goes as it is', () => {
  const builder = new TreeBuilder()
  const author = testIdentity(1)
  const late = builder.add([builder.root], { author, createdAtMs: Number.MAX_SAFE_INTEGER })
  const early = builder.add([late], { author, createdAtMs: 0 })
  const entries = [late.signed, early.signed]
  assert.deepEqual(
    plain(readCompactPage(builder.root.id, writeCompactPage(builder.root.id, entries))),
    plain(entries),
  )
  // Of another tree, nothing is left out.
  const other = writeCompactPage(tree, entries)
  assert.ok(other.length > entryBytes(entries[0]!) + entryBytes(entries[1]!))
  assert.deepEqual(plain(readCompactPage(tree, other)), plain(entries))
})

test('hashes that were ground to share their first bytes are found, or sent again', () => {
  const ground = Array.from({ length: 40 }, (_, index) => {
    const hash = hexToBytes('77'.repeat(32)).slice()
    hash[31] = index
    return hash
  })
  const hex = ground.map((hash) => Buffer.from(hash).toString('hex') as EntryId)
  const body = encodeBody({
    ...{ version: 1, tree, parents: hex, height: 1, author: 'cd'.repeat(32) as never, createdAtMs: 1 },
    ...{ policy: hex, changes: [], nonce: new Uint8Array(0) },
  })
  const entries = [{ body, signature: new Uint8Array(64) }]
  const bytes = writeCompactPage(tree, entries)
  assert.deepEqual(plain(readCompactPage(tree, bytes)), plain(entries))
  assert.ok(bytes.length < entryBytes(entries[0]!) - 15 * 33, String(bytes.length))
})
