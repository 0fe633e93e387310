/**
 * The hint of the last equality: it is found, replaced, distinguished from others, and never takes more than its slots.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { TreeId } from '../../src/dag/id.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import { LastEqual } from '../../src/peer/last-equal.ts'
import { openMemory } from '../../src/store/database/open.ts'

const hash = (text: string | Buffer) => createHash('sha256').update(text).digest('hex')
const peer = (n: number) => hash(`peer ${n}`) as PeerId
const tree = hash('tree') as TreeId
const one = { tipsDigest: hash('one'), count: 1 }
const two = { tipsDigest: hash('two'), count: Number.MAX_SAFE_INTEGER }

describe('the last equality', () => {
  it('is found by tree and peer, and replaced', async () => {
    const hints = new LastEqual(await openMemory())
    assert.equal(await hints.get(tree, peer(1)), undefined)
    await hints.set(tree, peer(1), one)
    assert.deepEqual(await hints.get(tree, peer(1)), one)
    assert.equal(await hints.get(tree, peer(2)), undefined)
    assert.equal(await hints.get(hash('other') as TreeId, peer(1)), undefined)
    await hints.set(tree, peer(1), two)
    assert.deepEqual(await hints.get(tree, peer(1)), two)
  })

  it('gives way to another in its slot, and is then unknown', async () => {
    const db = await openMemory()
    const hints = new LastEqual(db)
    const slotOf = (n: number) => hash(Buffer.from(peer(n) + tree, 'hex')).slice(0, 4)
    const seen = new Map<string, number>()
    let n = 0
    for (; !seen.has(slotOf(n)); n++) seen.set(slotOf(n), n)
    const earlier = seen.get(slotOf(n))!
    await hints.set(tree, peer(earlier), one)
    await hints.set(tree, peer(n), two)
    assert.equal(await hints.get(tree, peer(earlier)), undefined)
    assert.deepEqual(await hints.get(tree, peer(n)), two)
    const slots = db.sublevel<string, Buffer>('equal', { keyEncoding: 'utf8', valueEncoding: 'buffer' })
    assert.equal((await slots.keys().all()).length, 1)
    const record = (await slots.get(slotOf(n)))!
    await slots.put(slotOf(n), record.subarray(0, -8))
    assert.equal(await hints.get(tree, peer(n)), undefined)
  })
})
