/**
 * Signatures of pages: the threads and the pool return the same verdicts, on every golden vector too, and every call
 * gets them whatever happens to a thread. Idle threads end, and keep no process alive.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js'
import fc from 'fast-check'
import { expandBytes, readEntryVectors } from '../../../conformance/vectors/format.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { verifyEd25519 } from '../../../src/dag/crypto.ts'
import { type Entry, entryDomain, plainEntry, readEntry, type VerifiedEntry } from '../../../src/dag/entry.ts'
import { hexToBytes } from '../../../src/dag/hex.ts'
import { formatId, type TreeId } from '../../../src/dag/id.ts'
import { type PeerId, withDomain } from '../../../src/dag/identity.ts'
import { plainBody } from '../../../src/dag/outlined-body.ts'
import { verifyAll } from '../../../src/store/verify/verify.ts'
import { Forged, VerifyThreads } from '../../../src/store/verify/verify-threads.ts'
import { prng, shapes, TreeBuilder } from '../../kit/entries.ts'
import { tempFolder } from '../../kit/peers.ts'
import { loader, projectFile, testModule } from '../../kit/project.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const page = shapes.random(200, 6, prng(7)).map(({ signed }) => readEntry(signed))

/** Returns the same entry with a signature that differs in one bit. */
function spoilt({ signed, ...entry }: Entry, bit: number): Entry {
  const signature = new Uint8Array(signed.signature)
  signature[bit >> 3]! ^= 1 << (bit & 7)
  return { ...entry, signed: { body: signed.body, signature } }
}

/** Returns an entry's body signed with this key and this R, by their secret scalars. */
function signedBy(entry: Entry, a: bigint, r: bigint, key: Uint8Array, first: Uint8Array): Entry {
  const { Fn } = ed25519.Point
  const { body } = entry.signed
  const hash = createHash('sha512').update(first).update(key).update(withDomain(entryDomain, body)).digest()
  const k = Fn.create(BigInt(`0x${Buffer.from(hash.reverse()).toString('hex')}`))
  const signature = Buffer.concat([first, Fn.toBytes(Fn.add(r, Fn.mul(k, a)))])
  return {
    ...entry,
    body: { ...entry.body, author: Buffer.from(key).toString('hex') as PeerId },
    signed: { body, signature },
  }
}

/** Returns threads that run a module of this text instead of their own. */
async function threadsOf(text: string) {
  const folder = await tempFolder()
  const file = join(folder.path, 'thread.mjs')
  writeFileSync(file, text)
  const threads = new VerifyThreads({ file: pathToFileURL(file) })
  return { threads, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

describe('the threads that verify', () => {
  it('refuse exactly the invalid signatures, page by page, of all sizes', async () => {
    const threads = new VerifyThreads()
    const anyPage = fc.array(fc.record({ at: fc.nat(page.length - 1), bit: fc.option(fc.nat(511)) }))
    await fc.assert(
      fc.asyncProperty(fc.array(anyPage, { minLength: 1, maxLength: 4 }), async (pages) => {
        const results = await Promise.all(
          pages
            .filter((entries) => entries.length > 0)
            .map(async (entries) => ({
              entries,
              holds: await threads.check(
                entries.map(({ at, bit }) => (bit === null ? page[at]! : spoilt(page[at]!, bit))),
              ),
            })),
        )
        for (const { entries, holds } of results)
          assert.deepEqual(
            [...holds],
            entries.map(({ bit }) => (bit === null ? 1 : 0)),
          )
      }),
    )
  })

  it('say how many entries wait for them', async () => {
    const threads = new VerifyThreads()
    const pages = [1, 2, 3, 4, 5, 6].map(() => threads.check(page))
    // Each thread takes two parts.
    assert.ok(threads.waiting >= 6 * page.length - 2 * limits.verifyThreads * limits.verifyPart)
    await Promise.all(pages)
    assert.equal(threads.waiting, 0)
  })

  it('agree with Node on every golden vector', async () => {
    const vectors = readEntryVectors()
    const entries = [...vectors.valid, ...vectors.invalid].flatMap((vector) => {
      const signed = { body: expandBytes(vector.body), signature: hexToBytes(vector.signature) }
      try {
        return readEntry(signed)
      } catch {
        return []
      }
    })
    const refused = vectors.invalid.filter(({ decidedBy }) => decidedBy === 'signature')
    assert.ok(refused.length > 0)
    const expected = await Promise.all(
      entries.map(({ body, signed }) =>
        verifyEd25519(body.author, withDomain(entryDomain, signed.body), signed.signature),
      ),
    )
    assert.ok(expected.includes(false))
    const holds = await new VerifyThreads().check(entries)
    assert.deepEqual(Array.from(holds, Boolean), expected)
  })

  it('read every usual entry as readEntry does, and leave the others', async () => {
    const vectors = readEntryVectors()
    const signed = [...vectors.valid, ...vectors.invalid].flatMap((vector) => {
      const entry = { body: expandBytes(vector.body), signature: hexToBytes(vector.signature) }
      return entry.signature.length === 64 ? [entry] : []
    })
    const threads = new VerifyThreads()
    const counts = { valid: 0, forged: 0, left: 0 }
    for (const tree of new Set(vectors.valid.map(({ fields, id }) => (fields.tree ?? id) as TreeId)))
      for (const [index, read] of (await threads.read(tree, signed)).entries()) {
        if (read === undefined) {
          counts.left++
          continue
        }
        const entry = readEntry(signed[index]!)
        const { body, signature } = entry.signed
        const holds = await verifyEd25519(entry.body.author, withDomain(entryDomain, body), signature)
        assert.equal(read instanceof Forged, !holds)
        const found = read instanceof Forged ? read.entry : read
        assert.deepEqual({ ...found, body: plainBody(found.body) }, entry)
        for (const field of ['parents', 'height', 'author', 'policy', 'tree'] as const)
          assert.deepEqual(found.body[field], entry.body[field])
        counts[holds ? 'valid' : 'forged']++
      }
    assert.ok(
      Object.values(counts).every((count) => count > 0),
      JSON.stringify(counts),
    )
  })

  it('read entries of any size, page by page, and reuse buffers meanwhile', async () => {
    const tree = new TreeBuilder()
    for (let index = 0; index < 3 * limits.verifyPart; index++)
      tree.add(undefined, { payload: 'x'.repeat(index % 50 === 0 ? limits.verifyPartBytes : index) })
    const entries = tree.entries.slice(1)
    const threads = new VerifyThreads()
    const pages = await Promise.all(
      [entries, entries.slice(0, 5), entries].map((each) =>
        threads.read(
          tree.root.id,
          each.map(({ signed }) => signed),
        ),
      ),
    )
    for (const [index, read] of pages.entries())
      assert.deepEqual(
        read.map((entry) => plainEntry(entry as VerifiedEntry)),
        index === 1 ? entries.slice(0, 5) : entries,
      )
    assert.deepEqual(await threads.read(tree.root.id, []), [])
    assert.equal(threads.waiting, 0)
  })

  it('agree with Node if a key or R has a part of small order, which libraries judge differently', async () => {
    const { BASE, Fn } = ed25519.Point
    const [a, r] = [Fn.create(0x1234_5678_9abc_def1n), Fn.create(0xfedc_ba98_7654_3211n)]
    const forged = ED25519_TORSION_SUBGROUP.flatMap((hex) => {
      const torsion = ed25519.Point.fromHex(hex)
      const pure = [BASE.multiply(a), BASE.multiply(r)] as const
      const mixed = [pure[0].add(torsion), pure[1].add(torsion)] as const
      // Several bodies each, because the verdict may depend on the hash.
      return page.slice(0, 16).flatMap((entry) =>
        [
          [mixed[0], pure[1]],
          [pure[0], mixed[1]],
          [mixed[0], mixed[1]],
        ].map(([key, first]) => signedBy(entry, a, r, key!.toBytes(), first!.toBytes())),
      )
    })
    const expected = await Promise.all(
      forged.map(({ body, signed }) =>
        verifyEd25519(body.author, withDomain(entryDomain, signed.body), signed.signature),
      ),
    )
    assert.ok(expected.includes(true) && expected.includes(false))
    assert.deepEqual(Array.from(await new VerifyThreads().check(forged), Boolean), expected)
  })

  it('return nothing for no entries', async () => {
    const threads = new VerifyThreads()
    assert.equal((await threads.check([])).length, 0)
    assert.equal(threads.running, 0)
  })

  it('accept entries of any size, and reuse buffers afterwards', async () => {
    const tree = new TreeBuilder()
    for (const size of [1, limits.verifyPartBytes - 400, limits.verifyPartBytes, limits.entryBodyBytes - 400])
      tree.add([tree.root], { payload: 'x'.repeat(size) })
    const entries = tree.entries.map(({ signed }) => readEntry(signed))
    const threads = new VerifyThreads()
    for (let round = 0; round < 3; round++) {
      const holds = await threads.check([...entries, spoilt(entries.at(-1)!, 100), ...entries])
      assert.deepEqual([...holds], [1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1])
    }
  })

  it(`end if no page has come for ${limits.verifyThreadIdleMs} ms, and start again with the next`, async () => {
    const clock = new VirtualClock()
    const threads = new VerifyThreads({ clock })
    assert.equal(threads.running, 0)
    for (let round = 0; round < 2; round++) {
      await threads.check(page)
      assert.ok(threads.running > 0 && threads.running <= limits.verifyThreads)
      await clock.advance(limits.verifyThreadIdleMs - 1)
      assert.ok(threads.running > 0)
      await clock.advance(1)
      assert.equal(threads.running, 0)
    }
  })

  it('keep no process alive, even if their idle time never ends', async () => {
    const module = pathToFileURL(testModule('src/store/verify/verify-threads.ts'))
    const entries = pathToFileURL(testModule('test/kit/entries.ts'))
    const script = `
      const { VerifyThreads } = await import('${module}')
      const { shapes, prng } = await import('${entries}')
      const threads = new VerifyThreads({ clock: { setTimer: () => () => {} } })
      const holds = await threads.check(shapes.random(100, 4, prng(1)))
      console.log(holds.reduce((sum, one) => sum + one))`
    const child = spawn(process.execPath, [...loader, '--input-type=module', '-e', script], {
      cwd: projectFile('.'),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [[output], [code]] = await Promise.all([once(child.stdout, 'data'), once(child, 'exit')])
    assert.equal(String(output), '101\n')
    assert.equal(code, 0)
  })
})

describe('verifyAll', () => {
  const bad = new Set([3, 77, 199])
  const mixed = page.map((entry, index) => (bad.has(index) ? spoilt(entry, index) : entry))
  const check = (verdicts: Awaited<ReturnType<typeof verifyAll>>, entries: readonly Entry[]) => {
    for (const [index, verdict] of verdicts.entries())
      if (bad.has(index)) {
        assert.ok(verdict instanceof CausewayError)
        assert.equal(verdict.code, 'ENTRY_SIGNATURE')
        assert.match(verdict.message, new RegExp(formatId(entries[index]!.id)))
      } else assert.equal(verdict, entries[index])
    assert.equal(verdicts.length, entries.length)
  }

  it('returns a verdict for each entry, in order', async () => {
    check(await verifyAll(mixed), mixed)
    assert.deepEqual(await verifyAll([]), [])
  })

  it('starts no thread for a few entries', async () => {
    const threads = new VerifyThreads()
    check(await verifyAll(mixed.slice(0, limits.verifyAlone), threads), mixed.slice(0, limits.verifyAlone))
    assert.equal(threads.running, 0)
    check(
      await verifyAll(mixed.slice(0, limits.verifyAlone + 1), threads),
      mixed.slice(0, limits.verifyAlone + 1),
    )
    assert.ok(threads.running > 0)
  })

  for (const [what, text] of [
    ['cannot load its library', `import 'there-is-no-such-library'`],
    [
      'throws',
      `import { parentPort } from 'node:worker_threads'\nparentPort.on('message', () => { throw new Error('no') })`,
    ],
    [
      'ends',
      `import { parentPort } from 'node:worker_threads'\nparentPort.on('message', () => process.exit())`,
    ],
    [
      'has no memory left',
      `import { parentPort } from 'node:worker_threads'\nconst all = []\nparentPort.on('message', () => { for (;;) all.push(new Array(1e5).fill('full')) })`,
    ],
  ] as const)
    it(`returns verdicts if a thread ${what}, and starts no thread again`, async () => {
      await using broken = await threadsOf(text)
      const { threads } = broken
      const warned = once(process, 'warning')
      const verdicts = await Promise.all([verifyAll(mixed, threads), verifyAll(mixed, threads)])
      assert.match((await warned)[0].message, /^Signatures are verified by Node alone/)
      for (const each of verdicts) check(each, mixed)
      assert.equal(threads.running, 0)
      assert.equal(threads.available, false)
      check(await verifyAll(mixed, threads), mixed)
      await assert.rejects(threads.check(page))
      assert.equal(threads.running, 0)
    })
})
