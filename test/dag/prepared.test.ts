/** Prepared bodies: a client signs one that says what it asked for, and refuses every other with PROTOCOL. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { type EntryBody, encodeBody } from '../../src/dag/body.ts'
import { verifyEntry } from '../../src/dag/entry.ts'
import type { EntryId, TreeId } from '../../src/dag/id.ts'
import { type Asked, checkPrepared, signPrepared } from '../../src/dag/prepared.ts'
import { testIdentity } from '../kit/entries.ts'

const [own, other] = [testIdentity(1), testIdentity(2)]
const id = (byte: string) => byte.repeat(32) as EntryId & TreeId
const payload = new Uint8Array([1, 2, 3])
const change = { store: 'log', kind: 'add', payload }
const honest: EntryBody = {
  version: 1,
  tree: id('aa'),
  parents: [id('bb'), id('cc')],
  height: 7,
  author: own.peer,
  createdAtMs: 1_700_000_000_000,
  policy: [id('dd')],
  changes: [change, { ...change, kind: '' }],
  nonce: new Uint8Array(0),
}
const asked: Asked = {
  tree: id('aa'),
  author: own.peer,
  changes: honest.changes,
  parents: [id('cc'), id('bb')],
  nowMs: honest.createdAtMs,
}

function isRefused(bytes: Uint8Array, why: RegExp, question: Asked = asked): void {
  for (const attempt of [() => checkPrepared(bytes, question), () => signPrepared(own, bytes, question)])
    assert.throws(attempt, (error) => {
      assert.ok(error instanceof CausewayError)
      assert.equal(error.code, 'PROTOCOL')
      assert.match(error.message, why)
      return true
    })
}

describe('A prepared body', () => {
  it('is signed if it says what was asked for', async () => {
    const bytes = encodeBody(honest)
    assert.deepEqual(checkPrepared(bytes, asked), honest)
    assert.deepEqual(checkPrepared(bytes, { ...asked, parents: undefined }), honest)
    const named = { ...honest, nonce: payload }
    assert.deepEqual(checkPrepared(encodeBody(named), { ...asked, nonce: payload }), named)
    const { body, signed } = await verifyEntry(signPrepared(own, bytes, asked))
    assert.deepEqual(body, honest)
    assert.equal(signed.body, bytes)
  })

  const forgeries: Record<string, [Partial<EntryBody>, RegExp]> = {
    'is for another tree': [{ tree: id('ab') }, /for the tree/],
    'is for another key': [{ author: other.peer }, /for the key/],
    'has another change': [{ changes: [change, change] }, /other changes/],
    'has another store': [{ changes: [change, { ...change, kind: '', store: 'logs' }] }, /other changes/],
    'has a change less': [{ changes: [change] }, /other changes/],
    'has a change more': [{ changes: [...honest.changes, change] }, /other changes/],
    'has its changes in another order': [{ changes: [...honest.changes].reverse() }, /other changes/],
    'has another payload': [
      { changes: [change, { ...change, kind: '', payload: new Uint8Array([1, 2, 4]) }] },
      /other changes/,
    ],
    'has a longer payload': [
      { changes: [change, { ...change, kind: '', payload: new Uint8Array([1, 2, 3, 4]) }] },
      /other changes/,
    ],
    'has other parents': [{ parents: [id('bb'), id('ce')] }, /other parents/],
    'has fewer parents': [{ parents: [id('bb')] }, /other parents/],
    'has a nonce that nobody asked for': [{ nonce: new Uint8Array(16) }, /nonce/],
    'is dated too early': [{ createdAtMs: honest.createdAtMs - limits.preparedClockOffMs - 1 }, /dated/],
    'is dated too late': [{ createdAtMs: honest.createdAtMs + limits.preparedClockOffMs + 1 }, /dated/],
    'has no date': [{ createdAtMs: 0 }, /dated/],
    'is of another version': [{ version: 2 }, /version/],
    'has parents in the wrong order': [{ parents: [id('cc'), id('bb')] }, /ascending/],
    'has no parents': [{ parents: [] }, /has a parent/],
    'has no height': [{ height: 0 }, /height 0/],
    'is a root': [{ tree: undefined, parents: [], height: 0, policy: [] }, /nonce/],
  }
  for (const [name, [forged, why]] of Object.entries(forgeries))
    it(`is refused if it ${name}`, () => isRefused(encodeBody({ ...honest, ...forged }), why))

  it('is refused without the nonce that was asked for', () => {
    for (const nonce of [new Uint8Array(0), Uint8Array.of(1, 2, 4), Uint8Array.of(1, 2, 3, 0)])
      isRefused(encodeBody({ ...honest, nonce }), /nonce/, { ...asked, nonce: payload })
  })

  it('may be dated as far off as clocks are', () => {
    for (const off of [-limits.preparedClockOffMs, limits.preparedClockOffMs]) {
      const createdAtMs = honest.createdAtMs + off
      assert.equal(checkPrepared(encodeBody({ ...honest, createdAtMs }), asked).createdAtMs, createdAtMs)
    }
    isRefused(encodeBody(honest), /dated/, { ...asked, nowMs: Number.NaN })
  })

  it('is refused if it changes the policy, even if that was asked for', () => {
    // The change of nothing is an empty message.
    const changes = [{ store: '_policy', kind: '', payload: new Uint8Array(0) }]
    isRefused(encodeBody({ ...honest, changes }), /_policy/, { ...asked, changes })
  })

  it('is refused in any other encoding than the canonical one', () => {
    const bytes = encodeBody(honest)
    const doubled = Uint8Array.from([...bytes, 0x4a, 0])
    for (const [forged, why] of [
      // A field with its default value, a field of no version, a cut, and a number in more bytes than it needs.
      [doubled, /not valid/],
      [Uint8Array.from([...bytes, 0x52, 0]), /not valid/],
      [bytes.subarray(0, -1), /not valid/],
      [Uint8Array.from([0x08, 0x81, 0x00, ...bytes.subarray(2)]), /not valid/],
      [new Uint8Array(0), /not valid/],
      [new Uint8Array(limits.entryBodyBytes + 1), /at most/],
    ] as const)
      isRefused(forged, why)
  })
})
