/**
 * The states of a link: every transition of the table happens by some method, no method makes another one, and a method
 * that does not fit the state is refused.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { LinkRun } from '../../src/dispatcher/link-run.ts'
import { type LinkState, nextStates } from '../../src/dispatcher/link-states.ts'
import { defaultSettings, type LinkSettings } from '../../src/peer/links.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'

const { root } = new TreeBuilder()
const linkOf = (settings: Partial<LinkSettings> = {}) => ({
  tree: root.id,
  peer: testIdentity(1).peer,
  settings: { ...defaultSettings, ...settings },
})
const newRun = (settings: Partial<LinkSettings> = {}) => new LinkRun(linkOf(settings))

const now = 1_000
const busy = new CausewayError('RESOURCE_EXHAUSTED', 'Later.', { data: { retryAfterMs: 500 } })
const noTree = new CausewayError('UNKNOWN_TREE', 'The tree is not here.')
const unreadable = new CausewayError('FORBIDDEN', 'The peer may not read it.', { data: { withheld: true } })
const oldVersion = new CausewayError('INCOMPATIBLE', 'It speaks another version.')

/** Every method that may change the state. */
const events: Readonly<Record<string, (run: LinkRun) => unknown>> = {
  started: (run) => run.started(now),
  finished: (run) => run.finished(),
  unfinished: (run) => run.unfinished(now, 0.5),
  interrupted: (run) => run.interrupted(),
  failed: (run) => run.failed(busy, now, 0.5),
  'failed permanently': (run) => run.failed(noTree, now, 0.5),
  succeeded: (run) => run.succeeded(now),
  withhold: (run) => run.withhold(unreadable, now, 0.5),
  park: (run) => run.park(oldVersion),
  retryNow: (run) => run.retryNow(),
  becameVisible: (run) => run.becameVisible(),
  askAgain: (run) => run.askAgain(now + 2 * limits.hiddenRetryMs),
  linkChanged: (run) => run.linkChanged(linkOf({ paused: true })),
}

/** Links in each state, with every history by which two events lead there that matters to the next event. */
const histories: Readonly<Record<LinkState, readonly (readonly string[])[]>> = {
  idle: [[]],
  running: [['started'], ['started', 'failed', 'started']],
  backoff: [
    ['started', 'failed'],
    ['started', 'unfinished'],
  ],
  parked: [
    ['park'],
    ['withhold'],
    ['started', 'failed permanently'],
    ['started', 'failed', 'started', 'failed permanently'],
  ],
  parking: [
    ['started', 'park'],
    ['started', 'withhold'],
  ],
}
const states = Object.keys(nextStates) as LinkState[]

function runAfter(history: readonly string[]): LinkRun {
  const run = newRun()
  for (const event of history) events[event]!(run)
  return run
}

/** What each event does to a link in each state; events that are refused have no next state. */
const outcomes = states.flatMap((from) =>
  histories[from].flatMap((history) =>
    Object.keys(events).map((event) => {
      const run = runAfter(history)
      assert.equal(run.state, from)
      try {
        events[event]!(run)
        return { from, event, run, to: run.state, refusal: undefined }
      } catch (refusal) {
        return { from, event, run, to: undefined, refusal }
      }
    }),
  ),
)

describe('the table of states', () => {
  for (const from of states)
    for (const to of nextStates[from])
      it(`allows ${from} to ${to}, and some event leads there`, () => {
        assert.ok(outcomes.some((outcome) => outcome.from === from && outcome.to === to))
      })

  it('names every transition that an event makes', () => {
    for (const { from, event, to } of outcomes)
      assert.ok(
        to === undefined || to === from || nextStates[from].includes(to),
        `${event}: ${from} to ${to}`,
      )
  })

  it('refuses a session that starts while parked or beside another, and the end of one that never started', () => {
    const refused = new Map<string, Set<LinkState>>()
    for (const { from, event, refusal } of outcomes) {
      if (refusal === undefined) continue
      assert.ok(refusal instanceof CausewayError && refusal.code === 'INTERNAL')
      refused.set(event, (refused.get(event) ?? new Set()).add(from))
    }
    const noSession = new Set<LinkState>(['idle', 'backoff', 'parked'])
    assert.deepEqual(
      refused,
      new Map<string, Set<LinkState>>([
        ['finished', noSession],
        ['unfinished', noSession],
        ['interrupted', noSession],
        ['failed', noSession],
        ['failed permanently', noSession],
        ['started', new Set<LinkState>(['running', 'parked', 'parking'])],
      ]),
    )
  })

  it('is left as it was by what it refuses', () => {
    for (const { from, run, refusal } of outcomes) if (refusal !== undefined) assert.equal(run.state, from)
    const run = newRun()
    assert.throws(() => run.failed(busy, now, 0.5), { code: 'INTERNAL' })
    assert.deepEqual([run.attempts, run.lastError], [0, undefined])
  })
})

describe('in every state', () => {
  it('a session is under way exactly while running or parking', () => {
    for (const { run } of outcomes)
      assert.equal(run.active, run.state === 'running' || run.state === 'parking')
  })

  it('there is a reason exactly while parked or parking', () => {
    for (const { run } of outcomes)
      assert.equal(run.parked !== undefined, run.state === 'parked' || run.state === 'parking')
  })

  it('a wanted session is due only from idle, and from backoff when its wait is over', () => {
    for (const state of states)
      for (const history of histories[state]) {
        const run = runAfter(history)
        run.want()
        const dueAt = run.dueAt(undefined)
        if (state === 'idle') assert.equal(dueAt, Number.NEGATIVE_INFINITY)
        else if (state === 'backoff') assert.ok(dueAt > now && dueAt <= now + 500)
        // A tree that the peer does not show is asked for again, seldom.
        else
          assert.equal(
            dueAt,
            run.hidden && state === 'parked' ? now + limits.hiddenRetryMs : Number.POSITIVE_INFINITY,
          )
        run.linkChanged(linkOf({ paused: true }))
        assert.equal(run.dueAt(undefined), Number.POSITIVE_INFINITY)
      }
  })
})

describe('a session', () => {
  it('that fails or is interrupted leaves the link wanting one, and one that finishes does not', () => {
    for (const [event, wanted] of [
      ['failed', true],
      ['failed permanently', true],
      ['interrupted', true],
      ['unfinished', true],
      ['finished', false],
    ] as const) {
      const run = newRun()
      run.want()
      assert.equal(run.started(now).wanted, true)
      assert.equal(run.wanted, false)
      events[event]!(run)
      assert.equal(run.wanted, wanted, event)
    }
  })

  it('is aborted when its link is paused', () => {
    const run = newRun()
    const { signal } = run.started(now)
    run.linkChanged(linkOf())
    assert.equal(signal.aborted, false)
    run.linkChanged(linkOf({ paused: true }))
    assert.equal(signal.aborted, true)
    assert.equal(run.state, 'running')
  })

  it('with a neighbour is due for what is not known of it, and not for what its watch tells it', () => {
    const run = newRun()
    run.confirmLater(now)
    const [unknown, news] = [
      { from: 0, sinceMs: 1 },
      { from: 3, sinceMs: 1 },
    ]
    assert.equal(run.dueAt(unknown, { told: true }), Number.NEGATIVE_INFINITY)
    assert.equal(run.dueAt(news, { told: true }), Number.POSITIVE_INFINITY)
    assert.equal(run.dueAt(news), Number.NEGATIVE_INFINITY)
  })

  it('that is passive starts only if it was asked for, once', () => {
    const run = newRun()
    run.placed('passive')
    assert.equal(run.dueAt({ from: 3, sinceMs: 1 }), Number.POSITIVE_INFINITY)
    assert.equal(run.live, false)
    run.want()
    assert.equal(run.dueAt(undefined), Number.NEGATIVE_INFINITY)
    run.started(now)
    run.interrupted()
    assert.equal(run.dueAt(undefined), Number.POSITIVE_INFINITY)
    run.placed('neighbour')
    assert.equal(run.live, true)
  })

  it('does not start while an event of the watch is applied', () => {
    const run = newRun()
    run.want()
    run.eventStarted(5, now)
    assert.equal(run.dueAt(undefined), Number.POSITIVE_INFINITY)
    assert.throws(() => run.eventStarted(6, now), { code: 'INTERNAL' })
    run.eventEnded()
    assert.equal(run.dueAt(undefined), Number.NEGATIVE_INFINITY)
    assert.throws(() => run.eventEnded(), { code: 'INTERNAL' })
  })

  it('that confirms is due a while after entries moved, once, and only on a live link', () => {
    const run = newRun()
    run.eventStarted(1, now)
    run.eventEnded()
    run.confirmLater(now + 5_000)
    assert.equal(run.dueAt(undefined), now + limits.confirmMs)
    run.confirmed()
    assert.equal(run.dueAt(undefined), Number.POSITIVE_INFINITY)
    const pushOnly = newRun({ pull: false })
    pushOnly.confirmLater(now)
    assert.equal(pushOnly.dueAt(undefined), Number.POSITIVE_INFINITY)
  })

  it('that confirms stays due if an event brought entries while the session compared what was there before', () => {
    const run = newRun()
    const end = () => {
      run.confirmed()
      run.finished()
    }
    run.started(now)
    run.eventStarted(1, now)
    run.eventEnded()
    run.comparing()
    end()
    assert.equal(run.dueAt(undefined), Number.POSITIVE_INFINITY, 'the event came before')
    run.started(now)
    run.comparing()
    run.eventStarted(2, now)
    run.eventEnded()
    end()
    assert.equal(run.dueAt(undefined), now + limits.confirmMs, 'the event came meanwhile')
  })
})

describe('a hidden tree', () => {
  it('is tried immediately when it appears after the first refusal, and keeps its wait after more', () => {
    const run = newRun()
    run.started(now)
    run.failed(noTree, now, 0.5)
    run.becameVisible()
    assert.equal(run.state, 'idle')
    run.started(now)
    run.failed(noTree, now, 0.5)
    run.becameVisible()
    assert.equal(run.state, 'backoff')
  })
})
