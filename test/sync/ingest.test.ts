/**
 * Ingest takes in pages from any source: it stores valid entries, names invalid ones, refuses their descendants, and
 * enforces limits before it does any work.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { Permission, PolicyKeySchema, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { plainEntry, policyStore, readEntry, type SignedEntry, verifyEntry } from '../../src/dag/entry.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { formatId, type TreeId } from '../../src/dag/id.ts'
import { encodePolicyChange } from '../../src/dag/policy/change.ts'
import { shapes, TreeBuilder, testIdentity, tipsOf } from '../kit/entries.ts'
import { assertSame, idsOf, openPeer, signedOf } from '../kit/peers.ts'

function forged(signed: SignedEntry): SignedEntry {
  return { ...signed, signature: signed.signature.with(0, signed.signature[0]! ^ 1) }
}

/** Returns the code and the message of the error that an entry has by itself, or undefined if it has none. */
async function refusalOf(signed: SignedEntry, tree: TreeId): Promise<string | undefined> {
  try {
    const entry = readEntry(signed)
    if (entry.tree !== tree)
      return `ENTRY_TREE The entry ${formatId(entry.id)} belongs to the tree ${formatId(entry.tree)}, not to ${formatId(tree)}.`
    await verifyEntry(entry)
    return undefined
  } catch (error) {
    return `${(error as CausewayError).code} ${(error as CausewayError).message}`
  }
}

function codesOf(refused: readonly { index: number; error: CausewayError }[]) {
  return refused.map(({ index, error }) => [index, error.code])
}

describe('ingest', () => {
  it('stores pages in the order in which they came, however they overlap', async () => {
    const entries = shapes.linear(500)
    const tree = entries[0]!.id
    await using peer = await openPeer()
    const pages = []
    for (let start = 0; start < entries.length; start += 20)
      pages.push(peer.ingest.page(tree, signedOf(entries.slice(start, start + 25))))
    const outcomes = await Promise.all(pages)
    assert.ok(outcomes.every(({ refused }) => refused.length === 0))
    assert.equal(
      outcomes.reduce((sum, { added }) => sum + added.length, 0),
      entries.length,
    )
    await using whole = await openPeer(entries)
    await assertSame(tree, peer.store, whole.store)
  })

  it('stores the valid entries of a page, names the invalid ones, and refuses their descendants', async () => {
    const builder = new TreeBuilder()
    const [a, b, c] = builder.chain(builder.root, 3)
    const side = builder.add([builder.root])
    const merge = builder.add([c!, side])
    const onSide = builder.add([side])
    const page = [
      builder.root.signed,
      a!.signed,
      forged(b!.signed),
      c!.signed,
      side.signed,
      { body: new Uint8Array([255]), signature: new Uint8Array(64) },
      merge.signed,
      onSide.signed,
      a!.signed,
    ]
    await using peer = await openPeer()
    const outcome = await peer.ingest.page(builder.root.id, page)
    assert.deepEqual(codesOf(outcome.refused), [
      [2, 'ENTRY_SIGNATURE'],
      [3, 'ENTRY_MISSING_PARENT'],
      [5, 'ENTRY_MALFORMED'],
      [6, 'ENTRY_MISSING_PARENT'],
    ])
    assert.deepEqual(outcome.refused[1]!.error.data, { parent: b!.id })
    assert.equal(outcome.known, 1)
    const kept = [builder.root, a!, side, onSide]
    assert.deepEqual(
      outcome.added.map(({ id }) => id),
      kept.map(({ id }) => id),
    )
    assert.deepEqual(await peer.store.tips(builder.root.id), tipsOf(kept))
  })

  it('says of each entry of a large page what readEntry, its signature and the store say', async () => {
    const builder = new TreeBuilder()
    const tree = builder.root.id
    const change = (store: string, payload: Uint8Array = new Uint8Array(1)) => ({
      changes: [{ store, kind: '', payload }],
    })
    const known = builder.chain(builder.root, 4)
    const chain = builder.chain(known[3]!, 3 * limits.verifyAlone)
    const unusual = builder.add(undefined, change('größe'))
    const key = create(PolicyKeySchema, {
      peer: hexToBytes(testIdentity(1).peer),
      permission: Permission.ADMIN,
    })
    const policy = encodePolicyChange({ treeName: '', publicAccess: PublicAccess.UNSPECIFIED, keys: [key] })
    const grant = builder.add(undefined, change(policyStore, policy))
    const last = builder.chain(grant, 3)
    const orphan = builder.chain(last[2]!, 2)[1]!
    const { body, signature } = last[2]!.signed
    const page = [
      ...signedOf([known[3]!, ...chain, unusual, grant, ...last, chain[0]!]),
      ...[grant.signed, last[0]!.signed, unusual.signed].map(forged),
      { body, signature: signature.subarray(1) },
      { body: body.subarray(1), signature },
      { body: body.slice(0, -1), signature },
      ...signedOf(shapes.linear(40, { seed: 'theirs' }).slice(20)),
      orphan.signed,
    ]
    await using peer = await openPeer([builder.root, ...known])
    const outcome = await peer.ingest.page(tree, page)
    const texts = outcome.refused.map(
      ({ index, error }) => [index, `${error.code} ${error.message}`] as const,
    )
    const expected: (readonly [number, string])[] = []
    for (const [index, signed] of page.entries()) {
      const text = await refusalOf(signed, tree)
      if (text !== undefined) expected.push([index, text])
    }
    assert.match(texts.pop()![1], /^ENTRY_MISSING_PARENT/)
    assert.deepEqual(texts, expected)
    assert.equal(outcome.known, 2)
    const added = [...chain, unusual, grant, ...last]
    assert.deepEqual(outcome.added.map(plainEntry), added)
    await using whole = await openPeer([builder.root, ...known, ...added])
    await assertSame(tree, peer.store, whole.store)
  })

  it('refuses entries of another tree, even if that tree is stored here', async () => {
    const [mine, theirs] = [shapes.linear(3), shapes.linear(3, { seed: 'theirs' })]
    await using peer = await openPeer(mine)
    const page = () => peer.ingest.page(mine[0]!.id, signedOf(theirs))
    const expected = theirs.map((_, index) => [index, 'ENTRY_TREE'])
    assert.deepEqual(codesOf((await page()).refused), expected)
    await peer.ingest.page(theirs[0]!.id, signedOf(theirs))
    assert.deepEqual(codesOf((await page()).refused), expected)
    assert.equal(peer.store.tree(mine[0]!.id)!.count, mine.length)
  })

  it('refuses a forged copy of a stored entry', async () => {
    const entries = shapes.linear(3)
    await using peer = await openPeer(entries)
    const { refused, known } = await peer.ingest.page(entries[0]!.id, [forged(entries[1]!.signed)])
    assert.deepEqual(codesOf(refused), [[0, 'ENTRY_SIGNATURE']])
    assert.equal(known, 0)
    assert.deepEqual(
      await idsOf(peer.store, entries[0]!.id),
      entries.map(({ id }) => id),
    )
  })

  it('enforces the limits of a page before it reads an entry', async () => {
    await using peer = await openPeer()
    const [root] = shapes.linear(0)
    const junk = { body: new Uint8Array(limits.pageBytes / 2), signature: new Uint8Array(64) }
    const refused = (error: unknown) => error instanceof CausewayError && error.code === 'LIMIT_EXCEEDED'
    const many = Array.from({ length: limits.pageEntries + 1 }, () => root!.signed)
    await assert.rejects(peer.ingest.page(root!.id, many), refused)
    await assert.rejects(peer.ingest.page(root!.id, [junk, junk]), refused)
    const huge = { body: new Uint8Array(100_000_000), signature: new Uint8Array(64) }
    const outcome = await peer.ingest.page(root!.id, [huge])
    assert.deepEqual(codesOf(outcome.refused), [[0, 'ENTRY_TOO_LARGE']])
    assert.equal(peer.store.tree(root!.id), undefined)
  })

  it('fails pages in flight with CLOSED when the store closes, and leaves no rejection unhandled', async () => {
    const entries = shapes.linear(400)
    const peer = await openPeer(entries.slice(0, 1))
    const unhandled: unknown[] = []
    const note = (error: unknown) => unhandled.push(error)
    process.on('unhandledRejection', note)
    const pages = []
    for (let start = 1; start < entries.length; start += 10)
      pages.push(peer.ingest.page(entries[0]!.id, signedOf(entries.slice(start, start + 10))))
    const settled = Promise.allSettled(pages)
    await peer.store.close()
    // A height that is known makes `unknown` read the closed database while the lane is still busy.
    const late = peer.ingest.page(entries[0]!.id, signedOf(entries.slice(0, 1)))
    for (const outcome of [...(await settled), ...(await Promise.allSettled([late]))])
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'CLOSED')
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    assert.deepEqual(unhandled, [])
  })
})
