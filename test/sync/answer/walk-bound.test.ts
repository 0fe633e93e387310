/**
 * A walk whose cost depends on the asker's part of the DAG, or on a lie about its size, stops at its bound, and the
 * answer is found in another way.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import type { VerifiedEntry } from '../../../src/dag/entry.ts'
import { answerSync } from '../../../src/sync/answer/answer.ts'
import { runSession } from '../../../src/sync/ask/session.ts'
import type { SyncRequest } from '../../../src/sync/remote.ts'
import { assertFields } from '../../kit/assert-fields.ts'
import { prng, TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { LocalRemote } from '../../kit/local-remote.ts'
import { assertSame, openPeer } from '../../kit/peers.ts'

/**
 * A long line, and a short one beside it that stands on its root: to find the lower ones of that, a walk has to come
 * down all of the long line, which the asker has.
 */
function deepFork(length: number, beside = 2) {
  const builder = new TreeBuilder()
  const line = [builder.root, ...builder.chain(builder.root, length)]
  return {
    tree: builder.root.id,
    line,
    fork: builder.chain(builder.root, beside, { author: testIdentity(1) }),
  }
}

async function openCounting(entries: readonly VerifiedEntry[]) {
  const peer = await openPeer(entries)
  const lookupIn = peer.store.lookupIn.bind(peer.store)
  const counted = { peer, reads: 0 }
  peer.store.lookupIn = (tree, ids, snapshot) => {
    counted.reads += ids.length
    return lookupIn(tree, ids, snapshot)
  }
  return counted
}

/** Single records that an answer reads beside its walk: the tips that were asked, and what is sent. */
const few = 16

describe('a walk', () => {
  it('that costs much and finds little gives way to the sketch', async () => {
    const { tree, line, fork } = deepFork(3 * limits.walkReadsBase)
    await using asker = await openPeer(line)
    const counted = await openCounting([...line, ...fork])
    await using answerer = counted.peer
    const result = await runSession(asker, new LocalRemote(answerer), tree)
    await assertSame(tree, asker.store, answerer.store)
    assertFields(result, { equal: true, statuses: ['delta'], received: fork.length })
    assert.ok(counted.reads > limits.walkReadsBase, `${counted.reads} reads: the walk was not tried`)
    assert.ok(counted.reads <= limits.walkReadsBase + 4 * fork.length + few, `${counted.reads} reads`)
  })

  it('is not repeated from the haves', async () => {
    const difference = 120
    const { tree, line, fork } = deepFork(1500, difference)
    await using asker = await openPeer(line)
    const counted = await openCounting([...line, ...fork])
    await using answerer = counted.peer
    const result = await runSession(asker, new LocalRemote(answerer), tree)
    assertFields(result, { statuses: ['sketch', 'partial'], received: difference })
    assert.ok(counted.reads <= limits.walkReadsBase + 4 * difference + few, `${counted.reads} reads`)
  })

  it('stops at its bound however few entries the asker claims', async () => {
    const { tree, line, fork } = deepFork(limits.walkReads + 1000)
    await using asker = await openPeer(line)
    const counted = await openCounting([...line, ...fork])
    await using answerer = counted.peer
    let asked: SyncRequest | undefined
    const remote = new LocalRemote(answerer, { request: (request) => (asked ??= request) })
    await runSession(asker, remote, tree)
    counted.reads = 0
    // By its tips it has all of the line, by its count half of it.
    const ask = (count: number) => answerSync(answerer.store, { ...asked!, count }, prng(1))
    await (await ask(asked!.count - limits.walkReads / 2))[Symbol.asyncDispose]()
    assert.ok(counted.reads > limits.walkReads - few, `${counted.reads} reads: the walk was not tried`)
    assert.ok(counted.reads <= limits.walkReads + few, `${counted.reads} reads`)
    counted.reads = 0
    // Finding that many cannot end within the bound; its cells then betray it.
    await assert.rejects(ask(1), { code: 'PROTOCOL' })
    assert.ok(counted.reads <= few, `${counted.reads} reads`)
  })
})
