/**
 * The dispatcher against peers in the same process and in virtual time: a commit reaches every linked peer without
 * being asked for, through absence, restarts and failures, and no peer delays another.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { backoffCeilingMs } from '../../src/base/backoff.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { assertSame } from '../kit/peers.ts'
import { Lab, type LabNode } from './lab.ts'

let lab: Lab
beforeEach(() => {
  lab = new Lab()
})
afterEach(() => lab.close())

/** Returns two nodes that are equal in a tree; the first has the link. */
async function pair(settings = {}) {
  const tree = new TreeBuilder()
  const a = await lab.node(tree.root)
  const b = await lab.node(tree.root)
  await a.link(tree.root.id, b, settings)
  await lab.clock.settle()
  assert.equal(a.status(tree.root.id, b).inSync, true)
  return { tree: tree.root.id, a, b }
}

/** Whether the nodes have the same number of entries of a tree: cheap, and enough for sets that only grow. */
const even = (tree: TreeId, ...nodes: LabNode[]) =>
  new Set(nodes.map((node) => node.store.tree(tree)?.count)).size === 1

describe('a live peer', () => {
  it('gets a commit immediately, by one push and no session', async () => {
    const { tree, a, b } = await pair()
    const [remote] = a.remotes
    const requests = remote!.requests.length
    await a.commit(tree, 'hello')
    await lab.clock.settle()
    await assertSame(tree, a.store, b.store)
    assert.equal(remote!.requests.length, requests)
    assert.equal(remote!.sends, 1)
    assert.equal(a.outbox.size, 0)
  })

  it('sends its commit immediately, with no session and nothing sent back', async () => {
    const { tree, a, b } = await pair()
    const [remote] = a.remotes
    const requests = remote!.requests.length
    await b.commit(tree, 'hello')
    await lab.clock.settle()
    await assertSame(tree, a.store, b.store)
    assert.equal(remote!.requests.length, requests)
    assert.equal(remote!.sends, 0)
    assert.equal(a.outbox.size, 0)
  })

  it('passes entries on: A and C are never connected', async () => {
    const tree = new TreeBuilder()
    const [a, b, c] = [await lab.node(tree.root), await lab.node(), await lab.node()]
    await b.link(tree.root.id, a)
    await c.link(tree.root.id, b)
    await lab.clock.settle()
    await assertSame(tree.root.id, a.store, b.store, c.store)
    await a.commit(tree.root.id, 'from a')
    await c.commit(tree.root.id, 'from c')
    await lab.clock.settle()
    await assertSame(tree.root.id, a.store, b.store, c.store)
    assert.equal(a.store.tree(tree.root.id)!.count, 3)
    assert.equal(a.dials + c.remotes.filter((remote) => remote === undefined).length, 0)
    assert.deepEqual([b.outbox.size, c.outbox.size], [0, 0])
  })

  it('may write at the same moment as we do', async () => {
    const { tree, a, b } = await pair()
    for (let round = 0; round < 20; round++) {
      await Promise.all([a.commit(tree, `a ${round}`), b.commit(tree, `b ${round}`)])
      if (round % 3 === 0) await lab.clock.settle()
    }
    await lab.clock.until(() => a.store.tree(tree)!.count === 41 && even(tree, a, b), 5_000)
    await assertSame(tree, a.store, b.store)
    assert.equal(a.outbox.size, 0)
  })
})

describe('a watch that falls silent', () => {
  /** A link to a peer whose watches send nothing, as behind a proxy that holds streams back. */
  async function muted() {
    const tree = new TreeBuilder()
    const a = await lab.node(tree.root)
    const b = await lab.node(tree.root)
    lab.reach(b).muted = true
    await a.link(tree.root.id, b)
    await lab.clock.advance(limits.watchSilenceMs - 1_000)
    assert.deepEqual([a.dials, a.watches, a.status(tree.root.id, b).polled], [1, 1, ''])
    return { tree: tree.root.id, a, b }
  }

  it('is replaced by polls, and the status says so', async () => {
    const { tree, a, b } = await muted()
    await b.commit(tree, 'kept back')
    // It was said to be in sync while nothing came.
    await lab.clock.advance(2_000)
    await assertSame(tree, a.store, b.store)
    const { inSync, polled, parked, attempts } = a.status(tree, b)
    assert.deepEqual({ inSync, parked, attempts }, { inSync: true, parked: '', attempts: 0 })
    assert.match(polled, /Nothing has come from a watch of the peer for 40 s/)
    for (let round = 0; round < 10; round++) {
      await b.commit(tree, `round ${round}`)
      await lab.clock.advance(limits.pollIntervalMs + 1_000)
      await assertSame(tree, a.store, b.store)
    }
    // The connection is the first one, and a watch is tried on it all the while.
    assert.equal(a.dials, 1)
    assert.ok(a.watches <= 2 + (10 * (limits.pollIntervalMs + 1_000)) / limits.watchSilenceMs, `${a.watches}`)
  })

  it('is live again with the first message of a later one', async () => {
    const { tree, a, b } = await muted()
    lab.reach(b).muted = false
    await lab.clock.advance(2_000)
    assert.deepEqual([a.dials, a.watches, a.status(tree, b).polled], [1, 2, ''])
    await b.commit(tree, 'heard')
    await lab.clock.settle()
    await assertSame(tree, a.store, b.store)
  })

  it('leads to a new connection if the peer does not answer sessions either', async () => {
    const { tree, a, b } = await muted()
    lab.reach(b).state = 'stuck'
    await lab.clock.advance(limits.sessionSilenceMs + 2_000)
    assert.notEqual(a.status(tree, b).lastError, undefined)
    lab.reach(b).state = 'up'
    lab.reach(b).muted = false
    await lab.clock.until(() => a.status(tree, b).lastError === undefined)
    assert.equal(a.dials, 2)
    assert.equal(a.status(tree, b).polled, '')
  })

  it('is not tried again and again if the peer says at once that it took too long', async () => {
    const tree = new TreeBuilder()
    const [a, b] = [await lab.node(tree.root), await lab.node(tree.root)]
    lab.reach(b).error = new CausewayError('TIMEOUT', 'It took too long.')
    await a.link(tree.root.id, b)
    await lab.clock.advance(600_000)
    assert.ok(a.watches < 30, `${a.watches} watches`)
  })
})

describe('a tree that the peer does not show at first', () => {
  it('is in sync once the peer has it, even if it came while we were cut off', async () => {
    const tree = new TreeBuilder()
    const a = await lab.node(tree.root)
    const b = await lab.node()
    await a.link(tree.root.id, b)
    await lab.clock.settle()
    assert.match(a.status(tree.root.id, b).parked, /not here/)
    lab.set(b, 'refused')
    await lab.clock.settle()
    await b.store.append(tree.root.id, [tree.root])
    lab.set(b, 'up')
    await lab.clock.until(() => a.status(tree.root.id, b).inSync, limits.backoffCapMs)
    assert.equal(a.outbox.size, 0)
  })

  it('is in sync even if it comes between the refusal and the first event of the watch', async () => {
    const tree = new TreeBuilder()
    const a = await lab.node(tree.root)
    const b = await lab.node(tree.root)
    let refused = 0
    lab.reach(b).hooks = {
      request: (request) => {
        if (refused++ === 0) throw new CausewayError('UNKNOWN_TREE', 'The tree is not here.')
        return request
      },
    }
    await a.link(tree.root.id, b)
    await lab.clock.until(() => a.status(tree.root.id, b).inSync, 10_000)
    assert.ok(refused > 0)
  })

  it('is asked for ever more rarely if the peer announces it and then refuses it', async () => {
    const tree = new TreeBuilder()
    const a = await lab.node(tree.root)
    const b = await lab.node(tree.root)
    await b.commit(tree.root.id, 'that a lacks')
    let asked = 0
    lab.reach(b).hooks = {
      request: () => {
        asked++
        throw new CausewayError('UNKNOWN_TREE', 'The tree is not here.')
      },
    }
    await a.link(tree.root.id, b)
    await lab.clock.advance(600_000)
    assert.ok(asked > 1 && asked < 40, `asked ${asked} times in ten minutes`)
  })

  it('is missed soon by a link that was in sync, if the peer has lost its store', async () => {
    const { tree, a, b } = await pair()
    await b.lose()
    await lab.clock.until(() => a.status(tree, b).parked !== '', 2 * limits.confirmMs)
    assert.equal(a.status(tree, b).inSync, false)
  })

  it('is asked for again seldom, though nothing has changed', async () => {
    const { tree, a, b } = await pair()
    lab.reach(b).watch = false
    await b.lose()
    await lab.clock.until(() => a.status(tree, b).parked !== '', 2 * limits.confirmMs)
    const before = a.dispatcher.counters.sessions
    await lab.clock.advance(0.7 * limits.hiddenRetryMs)
    assert.equal(a.dispatcher.counters.sessions, before)
    await lab.clock.advance(0.6 * limits.hiddenRetryMs)
    assert.equal(a.dispatcher.counters.sessions, before + 1)
  })
})

describe('a peer that is away', () => {
  it('gets everything when it is back, in one session, from one mark', async () => {
    const { tree, a, b } = await pair()
    lab.set(b, 'refused')
    for (let index = 0; index < 10; index++)
      await Promise.all(Array.from({ length: 1000 }, (_, inner) => a.commit(tree, `${index} ${inner}`)))
    assert.equal(a.outbox.size, 1)
    const status = a.status(tree, b)
    assert.deepEqual([status.inSync, status.peerBehind], [false, 10_000])
    await lab.clock.advance(30_000)
    const before = a.dispatcher.counters.sessions
    lab.set(b, 'up')
    const took = await lab.clock.until(() => even(tree, a, b))
    assert.ok(took <= limits.backoffCapMs, `It took ${took} ms.`)
    await lab.clock.until(() => a.outbox.size === 0, 1_000)
    assert.equal(a.dispatcher.counters.sessions - before, 1)
    assert.equal(a.remotes.at(-1)!.requests.length, 1)
    assert.equal(b.store.tree(tree)!.count, 10_001)
    assert.equal(a.outbox.size, 0)
    assert.equal(a.status(tree, b).inSync, true)
  })

  it('is dialled ever more rarely, up to the cap, and at random moments', async () => {
    const { tree, a } = await pair()
    const { peer } = testIdentity(999)
    await a.link(tree, peer)
    await lab.clock.settle()
    const waits: number[] = []
    let last = lab.clock.monotonic()
    for (let attempts = 1; attempts <= 24; attempts++) {
      const dials = a.dials
      await lab.clock.until(() => a.dials > dials)
      await lab.clock.settle()
      const wait = lab.clock.monotonic() - last
      last = lab.clock.monotonic()
      assert.ok(wait <= backoffCeilingMs(attempts) + 1, `${wait} ms after ${attempts} failures`)
      waits.push(wait)
    }
    const late = waits.slice(12)
    assert.ok(new Set(late.map(Math.round)).size > 8, 'The waits have no jitter.')
    const mean = late.reduce((sum, wait) => sum + wait, 0) / late.length
    assert.ok(mean > limits.backoffCapMs / 5, `The waits do not grow: ${mean} ms on average.`)
    const status = a.status(tree, peer)
    assert.equal(status.lastError!.code, 'UNREACHABLE')
    assert.ok(status.attempts >= 24 && status.nextAttemptMs > lab.clock.now())
  })

  it('is dialled immediately when it contacts us, and after short waits again once it answered', async () => {
    const { tree, a, b } = await pair()
    lab.set(b, 'refused')
    await lab.clock.advance(600_000)
    await a.commit(tree, 'while away')
    lab.set(b, 'up')
    a.dispatcher.peerContacted(b.peer)
    await lab.clock.settle()
    await assertSame(tree, a.store, b.store)
    lab.set(b, 'refused')
    const dials = a.dials
    const took = await lab.clock.until(() => a.dials > dials)
    assert.ok(took <= limits.backoffBaseMs, `${took} ms: the answer did not reset the backoff.`)
  })

  it('is dialled after short waits again once it gave a sign of life', async () => {
    const { a, b } = await pair()
    lab.set(b, 'refused')
    await lab.clock.advance(600_000)
    lab.set(b, 'up')
    await lab.clock.until(() => a.connections.size === 1)
    lab.set(b, 'refused')
    const dials = a.dials
    const took = await lab.clock.until(() => a.dials > dials)
    assert.ok(took <= limits.backoffBaseMs, `${took} ms: the sign of life did not reset the backoff.`)
  })

  it('shows no failure once it answers, even if nothing is new', async () => {
    const { tree, a, b } = await pair()
    lab.set(b, 'refused')
    await lab.clock.advance(60_000)
    assert.equal(a.status(tree, b).lastError!.code, 'UNREACHABLE')
    lab.set(b, 'up')
    const attemptsSeen: number[] = []
    const stop = a.dispatcher.onStatus(({ attempts }) => attemptsSeen.push(attempts))
    await lab.clock.until(() => a.connections.size === 1)
    await lab.clock.settle()
    stop()
    const { attempts, lastError, inSync } = a.status(tree, b)
    assert.deepEqual([attempts, lastError, inSync, attemptsSeen.at(-1)], [0, undefined, true, 0])
  })

  it('delays no other peer, whatever is wrong with it', async () => {
    const { tree, a, b } = await pair()
    const others: LabNode[] = []
    for (const state of ['refused', 'silent', 'stuck'] as const) {
      const node = await lab.node()
      lab.set(node, state)
      await a.link(tree, node)
      others.push(node)
    }
    await lab.clock.advance(60_000)
    await a.commit(tree, 'news')
    await lab.clock.settle()
    await assertSame(tree, a.store, b.store)
    assert.equal(a.outbox.size, others.length)
  })

  it('does not hold up other peers, even if many are away', async () => {
    const { tree, a } = await pair()
    const dead = limits.redialsAtOnce + limits.dialsAtOnce
    for (let index = 0; index < dead; index++) {
      const { peer } = testIdentity(1000 + index)
      lab.reach(peer).state = 'silent'
      await a.link(tree, peer)
    }
    // By then every one of them has failed often enough to be a redial, and all slots for redials are taken.
    await lab.clock.advance(
      limits.redialAttempts * 3 * (limits.dialTimeoutMs + limits.dialHandshakeTimeoutMs),
    )
    const fresh = await lab.node(new TreeBuilder().root)
    await a.link(tree, fresh)
    await a.commit(tree, 'news')
    await lab.clock.settle()
    await assertSame(tree, a.store, fresh.store)
  })

  it('is dialled on the same beat as the others that are away', async () => {
    const { tree, a, b } = await pair()
    lab.set(b, 'refused')
    for (let index = 0; index < 20; index++) await a.link(tree, testIdentity(1000 + index).peer)
    await lab.clock.advance(10 * limits.backoffCapMs)
    const moments = new Set<number>()
    for (let before = a.dials; moments.size < 20; before = a.dials) {
      await lab.clock.until(() => a.dials > before)
      moments.add(lab.clock.monotonic())
    }
    // A wait that is shorter than a beat, by chance, ends when it ends.
    const between = [...moments].filter((at) => at % limits.retryBeatMs !== 0)
    assert.ok(between.length <= 4, `${between.length} of ${moments.size} moments are on no beat.`)
  })

  it('costs one attempt a wait, even if calls fail before the connection reports its end', async () => {
    const { tree, a, b } = await pair()
    lab.reach(b).lateEndMs = 1_000
    lab.set(b, 'refused')
    await a.commit(tree, 'news')
    await lab.clock.settle()
    assert.ok(a.status(tree, b).attempts <= 2, `${a.status(tree, b).attempts} attempts at one moment`)
    lab.set(b, 'up')
    await lab.clock.until(() => even(tree, a, b))
  })

  it('is not watched on a connection that has ended, even before that is reported', async () => {
    const { a, b } = await pair()
    lab.reach(b).lateEndMs = 1_000
    const { watches } = a
    lab.set(b, 'refused')
    // No settle() here: in a tight loop it would never return.
    for (let turn = 0; turn < 100; turn++) await null
    assert.equal(a.watches, watches)
    lab.set(b, 'up')
    await lab.clock.until(() => a.watches > watches)
  })

  it('may die in the middle of a session', async () => {
    const { tree, a, b } = await pair()
    lab.set(b, 'refused')
    for (let index = 0; index < 3; index++)
      await Promise.all(Array.from({ length: 1024 }, (_, inner) => a.commit(tree, `${index} ${inner}`)))
    let pages = 0
    lab.reach(b).hooks = {
      send: async (_, deliver) => {
        const outcome = await deliver()
        if (++pages % 2 === 0) {
          lab.set(b, 'refused')
          throw new CausewayError('DISCONNECTED', 'It died after it stored a page.')
        }
        return outcome
      },
    }
    for (let round = 0; round < 10 && !even(tree, a, b); round++) {
      lab.set(b, 'up')
      await lab.clock.advance(limits.backoffCapMs)
    }
    await assertSame(tree, a.store, b.store)
    assert.ok(pages > 2)
  })
})

describe('a restart', () => {
  it('of the sender delivers what was left', async () => {
    const { tree, a, b } = await pair()
    lab.set(b, 'refused')
    await a.commit(tree, 'left behind')
    await a.close(0)
    assert.equal(lab.clock.pendingTimers, 0)
    lab.set(b, 'up')
    await a.open()
    assert.equal(a.outbox.size, 1)
    await lab.clock.settle()
    await assertSame(tree, a.store, b.store)
    assert.equal(a.outbox.size, 0)
  })

  it('of the receiver delivers what it missed', async () => {
    const { tree, a, b } = await pair()
    await b.close(0)
    await a.commit(tree, 'while it was down')
    await lab.clock.advance(1000)
    await b.open()
    await lab.clock.until(() => even(tree, a, b))
  })

  it('of a receiver that lost its latest entries brings it up to date again', async () => {
    const tree = new TreeBuilder()
    const [a, b] = [await lab.node(tree.root), await lab.node(tree.root)]
    await a.link(tree.root.id, b)
    await a.commit(tree.root.id, 'delivered')
    await lab.clock.settle()
    assert.deepEqual([a.outbox.size, b.store.tree(tree.root.id)!.count], [0, 2])
    await b.close(0)
    await b.db.open()
    await b.db.clear()
    await b.open()
    await b.store.append(tree.root.id, [tree.root])
    await lab.clock.until(() => even(tree.root.id, a, b))
    await lab.clock.until(() => a.outbox.size === 0, 1_000)
  })

  it('first delivers what it can', async () => {
    const { tree, a, b } = await pair()
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    lab.reach(b).hooks = { send: (_, deliver) => held.then(() => deliver()) }
    lab.set(b, 'refused')
    lab.set(b, 'up')
    await lab.clock.until(() => a.status(tree, b).attempts === 0 && a.connections.size === 1)
    await a.commit(tree, 'just before the stop')
    await lab.clock.settle()
    const closing = a.dispatcher.close(5_000)
    await lab.clock.settle()
    release()
    await closing
    assert.equal(a.outbox.size, 0)
    assert.equal(b.store.tree(tree)!.count, 2)
  })

  it('waits for a stuck peer no longer than its grace, and keeps the mark', async () => {
    const { tree, a, b } = await pair()
    lab.reach(b).state = 'stuck'
    await a.commit(tree, 'never taken')
    await lab.clock.settle()
    const closing = a.dispatcher.close(5_000)
    await lab.clock.advance(5_000)
    await closing
    assert.equal(a.outbox.size, 1)
    assert.equal(lab.clock.pendingTimers, 0)
  })
})

describe('errors that waiting does not heal', () => {
  it('park the link, and its status says why', async () => {
    const { tree, a, b } = await pair()
    lab.reach(b).error = new CausewayError('FORBIDDEN', 'You may not write here.')
    await a.commit(tree, 'refused')
    await lab.clock.settle()
    const { parked, lastError, nextAttemptMs, inSync } = a.status(tree, b)
    assert.deepEqual([parked, lastError?.code], ['You may not write here.', 'FORBIDDEN'])
    assert.deepEqual([nextAttemptMs, inSync], [0, false])
    const tried = a.dispatcher.counters.directPushes
    await lab.clock.advance(3_600_000)
    assert.equal(a.dispatcher.counters.directPushes, tried)
    delete lab.reach(b).error
    a.dispatcher.peerContacted(b.peer)
    await lab.clock.settle()
    await assertSame(tree, a.store, b.store)
    assert.equal(a.status(tree, b).parked, '')
  })

  it('other errors are retried', async () => {
    const { tree, a, b } = await pair()
    lab.reach(b).error = new CausewayError('STORE_FULL', 'The disk is full.')
    await a.commit(tree, 'later')
    await lab.clock.advance(60_000)
    assert.ok(a.status(tree, b).attempts > 3)
    delete lab.reach(b).error
    await lab.clock.until(() => even(tree, a, b), limits.backoffCapMs)
  })

  it('a pull that failed is retried as well', async () => {
    const tree = new TreeBuilder()
    const [a, b] = [await lab.node(tree.root), await lab.node(tree.root)]
    let failing = false
    lab.reach(b).hooks = {
      request: (request) => {
        if (failing) throw new CausewayError('STORE_FULL', 'The disk is full.')
        return request
      },
    }
    await a.link(tree.root.id, b)
    await lab.clock.until(() => a.outbox.size === 0)
    failing = true
    // Too large for an event of the watch.
    await b.commit(tree.root.id, 'x'.repeat(limits.inlineBytes + 1))
    await lab.clock.until(() => a.status(tree.root.id, b).attempts > 2)
    failing = false
    await lab.clock.until(() => even(tree.root.id, a, b), limits.backoffCapMs)
  })

  it('a link whose tree the peer lacks stays parked until the peer has it', async () => {
    const tree = new TreeBuilder()
    const [a, b] = [await lab.node(tree.root), await lab.node()]
    await a.link(tree.root.id, b)
    await lab.clock.settle()
    assert.match(a.status(tree.root.id, b).parked, /not here/)
    await a.commit(tree.root.id, 'news')
    await lab.clock.settle()
    assert.match(a.status(tree.root.id, b).parked, /not here/)
    await b.store.append(tree.root.id, [tree.root])
    await lab.clock.until(() => even(tree.root.id, a, b))
    await lab.clock.until(() => a.status(tree.root.id, b).parked === '', 1_000)
  })
})

describe('many trees of one peer', () => {
  it('take turns, and a small change does not wait for them', async () => {
    const trees = Array.from({ length: limits.sessionsPerPeer + 3 }, (_, seed) => new TreeBuilder({ seed }))
    const [a, b] = [await lab.node(), await lab.node()]
    const small = new TreeBuilder({ seed: 'small' })
    for (const node of [a, b]) await node.store.append(small.root.id, [small.root])
    await a.link(small.root.id, b)
    await lab.clock.settle()
    let holding = true
    let held = 0
    let most = 0
    const release: (() => void)[] = []
    lab.reach(b).hooks = {
      send: async (entries, deliver) => {
        if (entries.length < 50 || !holding) return deliver()
        most = Math.max(most, ++held)
        await new Promise<void>((resolve) => release.push(resolve))
        held--
        return deliver()
      },
    }
    lab.set(b, 'refused')
    for (const { root } of trees) for (const node of [a, b]) await node.store.append(root.id, [root])
    for (const tree of trees) {
      await a.link(tree.root.id, b)
      tree.chain(tree.root, 300)
      await a.store.append(tree.root.id, tree.entries)
    }
    lab.set(b, 'up')
    a.dispatcher.peerContacted(b.peer)
    await lab.clock.settle()
    assert.equal(most, limits.sessionsPerPeer)
    await a.commit(small.root.id, 'small news')
    await lab.clock.settle()
    await assertSame(small.root.id, a.store, b.store)
    holding = false
    for (const go of release) go()
    await lab.clock.until(() => trees.every(({ root }) => even(root.id, a, b)))
    for (const { root } of trees) await assertSame(root.id, a.store, b.store)
  })

  it('are followed by several watches if they are too many for one', async () => {
    const trees = Array.from({ length: limits.watchTrees + 1 }, (_, seed) => new TreeBuilder({ seed }))
    const [a, b] = [await lab.node(), await lab.node()]
    for (const { root } of trees) for (const node of [a, b]) await node.store.append(root.id, [root])
    await a.book.add(b.peer, { addresses: ['lab:b'] })
    for (const { root } of trees)
      await a.links.set(root.id, b.peer, {
        ...a.links.list()[0]?.settings,
        onCommit: true,
        intervalSeconds: 0,
        pull: true,
        push: true,
        paused: false,
        blobs: false,
      })
    await a.close(0)
    await a.open()
    await lab.clock.settle()
    for (const { root } of trees) await b.commit(root.id, 'news')
    await lab.clock.until(() => trees.every(({ root }) => even(root.id, a, b)))
  })
})

describe('settings', () => {
  it('pull only: what is written here stays here', async () => {
    const { tree, a, b } = await pair({ push: false })
    await a.commit(tree, 'ours')
    await b.commit(tree, 'theirs')
    await lab.clock.advance(1000)
    assert.deepEqual([a.store.tree(tree)!.count, b.store.tree(tree)!.count], [3, 2])
    assert.equal(a.outbox.size, 0)
  })

  it('push only: what is written there stays there', async () => {
    const { tree, a, b } = await pair({ pull: false })
    await b.commit(tree, 'theirs')
    await a.commit(tree, 'ours')
    await lab.clock.advance(1000)
    assert.deepEqual([a.store.tree(tree)!.count, b.store.tree(tree)!.count], [2, 3])
    assert.equal(a.outbox.size, 0)
    assert.equal(a.status(tree, b).inSync, true)
    // More than a direct push carries takes a session, which must not pull either.
    lab.set(b, 'refused')
    await Promise.all(Array.from({ length: 300 }, (_, index) => a.commit(tree, `ours ${index}`)))
    lab.set(b, 'up')
    a.dispatcher.peerContacted(b.peer)
    await lab.clock.until(() => a.outbox.size === 0)
    assert.deepEqual([a.store.tree(tree)!.count, b.store.tree(tree)!.count], [302, 303])
  })

  it('push only closes the connection when nothing needs it', async () => {
    const { tree, a } = await pair({ pull: false })
    await a.commit(tree, 'ours')
    await lab.clock.settle()
    assert.equal(a.connections.size, 1)
    await lab.clock.advance(limits.connectionIdleMs + 1)
    assert.equal(a.connections.size, 0)
    assert.equal(lab.clock.pendingTimers, 0)
  })

  it('paused: nothing moves, the mark stays, and resuming delivers', async () => {
    const { tree, a, b } = await pair()
    await a.link(tree, b, { paused: true })
    await a.commit(tree, 'later')
    await b.commit(tree, 'later too')
    await lab.clock.advance(600_000)
    assert.equal(b.store.tree(tree)!.count, 2)
    assert.equal(a.status(tree, b).parked, 'The link is paused.')
    assert.equal(a.outbox.size, 1)
    await a.link(tree, b, { paused: false })
    await lab.clock.settle()
    await assertSame(tree, a.store, b.store)
  })

  it('interval: a session every so many seconds, and none on commit', async () => {
    const { tree, a, b } = await pair({ onCommit: false, intervalSeconds: 60 })
    await a.commit(tree, 'ours')
    await b.commit(tree, 'theirs')
    await lab.clock.advance(59_000)
    assert.deepEqual([a.store.tree(tree)!.count, b.store.tree(tree)!.count], [2, 2])
    await lab.clock.advance(2_000)
    await assertSame(tree, a.store, b.store)
    const sessions = a.dispatcher.counters.sessions
    await lab.clock.advance(300_000)
    assert.equal(a.dispatcher.counters.sessions - sessions, 5)
  })

  it('a peer that cannot be watched is asked at intervals', async () => {
    const tree = new TreeBuilder()
    const [a, b] = [await lab.node(tree.root), await lab.node(tree.root)]
    lab.reach(b).watch = false
    await a.link(tree.root.id, b)
    await lab.clock.settle()
    await b.commit(tree.root.id, 'theirs')
    await lab.clock.advance(limits.pollIntervalMs + 1000)
    await assertSame(tree.root.id, a.store, b.store)
    assert.match(a.status(tree.root.id, b).polled, /cannot be watched/)
  })
})

describe('flush', () => {
  it('waits until everything is delivered', async () => {
    const { tree, a, b } = await pair()
    lab.set(b, 'refused')
    await lab.clock.advance(600_000)
    await a.commit(tree, 'news')
    const flushed = a.dispatcher.flush({ timeoutMs: 10_000 })
    await lab.clock.settle()
    lab.set(b, 'up')
    await lab.clock.advance(10_000)
    assert.deepEqual(await flushed, [])
    await assertSame(tree, a.store, b.store)
  })

  it('returns what is left when its time is over', async () => {
    const { tree, a, b } = await pair()
    lab.set(b, 'refused')
    await a.commit(tree, 'news')
    const flushed = a.dispatcher.flush({ timeoutMs: 5_000 })
    await lab.clock.advance(5_000)
    const [left, ...more] = await flushed
    assert.deepEqual([left!.tree, left!.peer, more.length], [tree, b.peer, 0])
    assert.equal(left!.lastError!.code, 'UNREACHABLE')
  })

  it('does not wait for a parked link', async () => {
    const { tree, a, b } = await pair()
    lab.reach(b).error = new CausewayError('FORBIDDEN', 'No.')
    await a.commit(tree, 'news')
    const flushed = a.dispatcher.flush({ timeoutMs: 3_600_000 })
    await lab.clock.settle()
    assert.equal((await flushed)[0]!.parked, 'No.')
  })
})

describe('links and peers', () => {
  it('a blocked peer is left alone until it is unblocked', async () => {
    const { tree, a, b } = await pair()
    await a.dispatcher.blockPeer(b.peer, true)
    assert.equal(a.connections.size, 0)
    await a.commit(tree, 'not for it')
    await lab.clock.advance(600_000)
    assert.equal(b.store.tree(tree)!.count, 1)
    assert.equal(a.status(tree, b).parked, 'The peer is blocked.')
    await a.dispatcher.blockPeer(b.peer, false)
    await lab.clock.settle()
    await assertSame(tree, a.store, b.store)
  })

  it('unlinking leaves no mark and no timer', async () => {
    const { tree, a, b } = await pair()
    lab.set(b, 'refused')
    await a.commit(tree, 'news')
    assert.equal(await a.dispatcher.unlink(tree, b.peer), true)
    assert.equal(await a.dispatcher.unlink(tree, b.peer), false)
    await lab.clock.settle()
    await a.commit(tree, 'more')
    assert.deepEqual([a.outbox.size, a.links.size, lab.clock.pendingTimers], [0, 0, 0])
    assert.deepEqual(a.dispatcher.status(), [])
    await a.link(tree, b)
    await a.dispatcher.removePeer(b.peer)
    assert.deepEqual([a.outbox.size, a.links.size, a.book.size], [0, 0, 0])
    await assert.rejects(a.dispatcher.link(tree, b.peer), { code: 'UNKNOWN_PEER' })
  })
})

describe('a peer without an address', () => {
  it('is not dialled, has a status that says so, and is in sync once its call shows it', async () => {
    const tree = new TreeBuilder()
    const [a, b] = [await lab.node(tree.root), await lab.node()]
    const { id } = tree.root
    await a.book.add(b.peer)
    await a.dispatcher.link(id, b.peer)
    await lab.clock.advance(10 * limits.backoffCapMs)
    const { attempts, nextAttemptMs, parked } = a.status(id, b)
    assert.deepEqual([a.dials, attempts, nextAttemptMs], [0, 0, 0])
    assert.match(parked, /waits for the peer to contact us/)
    await b.link(id, a)
    await lab.clock.settle()
    await a.commit(id, 'by the watch')
    await lab.clock.settle()
    await assertSame(id, a.store, b.store)
    assert.equal(a.status(id, b).inSync, false)
    const asked = b.remotes[0]!.requests.length
    await lab.clock.advance(limits.confirmMs)
    assert.equal(a.status(id, b).inSync, true)
    assert.equal(b.remotes[0]!.requests.length, asked + 1)
    await lab.clock.advance(10 * limits.confirmMs)
    assert.deepEqual([b.remotes[0]!.requests.length, a.dials, a.outbox.size], [asked + 1, 0, 0])
  })

  it('is dialled as soon as it has one', async () => {
    const tree = new TreeBuilder()
    const [a, b] = [await lab.node(tree.root), await lab.node(tree.root)]
    await a.book.add(b.peer)
    await a.dispatcher.link(tree.root.id, b.peer)
    await a.book.add(b.peer, { addresses: ['lab:b'] })
    a.dispatcher.peerContacted(b.peer)
    await lab.clock.settle()
    assert.deepEqual([a.dials, a.status(tree.root.id, b).parked], [1, ''])
  })

  it('is in sync when its watch starts with both sides equal', async () => {
    const tree = new TreeBuilder()
    const [a, b] = [await lab.node(tree.root), await lab.node(tree.root)]
    await b.link(tree.root.id, a)
    await lab.clock.settle()
    await b.close(0)
    await a.book.add(b.peer)
    await a.dispatcher.link(tree.root.id, b.peer)
    assert.equal(a.status(tree.root.id, b).inSync, false)
    await b.open()
    await lab.clock.settle()
    assert.deepEqual([a.status(tree.root.id, b).inSync, b.remotes.at(-1)!.requests.length], [true, 0])
  })
})

describe('status', () => {
  it('is reported with every change', async () => {
    const { tree, a, b } = await pair()
    const reports: string[] = []
    const stop = a.dispatcher.onStatus(({ inSync, active, peerBehind }) =>
      reports.push(`${inSync ? 'in sync' : 'behind'} ${peerBehind} ${active ? 'active' : ''}`.trim()),
    )
    lab.set(b, 'refused')
    await a.commit(tree, 'one')
    await lab.clock.settle()
    await a.commit(tree, 'two')
    await lab.clock.settle()
    lab.set(b, 'up')
    a.dispatcher.peerContacted(b.peer)
    await lab.clock.settle()
    stop()
    assert.deepEqual([...new Set(reports)], ['behind 1', 'behind 2', 'behind 2 active', 'in sync 0'])
    const { oldestPendingMs, lastSuccessMs, attempts } = a.status(tree, b)
    assert.deepEqual([oldestPendingMs, attempts], [0, 0])
    assert.ok(lastSuccessMs > 0)
  })
})
