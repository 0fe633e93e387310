/** Texts that take the square of their size: they are refused by name and once, and hold nobody up. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as Y from 'yjs'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { allUpdates } from '../../../src/state/text/changes.ts'
import { TextJudge } from '../../../src/state/text/judge.ts'
import { type TextRequest, TextThreads } from '../../../src/state/text/text-threads.ts'
import { clientOf } from '../../../src/state/text/update.ts'
import { TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { addUpdates, Editor, openTextStore, squareUpdates, textChange, textKey } from '../../kit/texts.ts'
import { until } from '../../kit/until.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const [alice, mallory] = [testIdentity(1), testIdentity(2)]
const session = new Uint8Array(16).fill(1)
const other = { store: 'notes', key: 'other' }
const testTree = 'ab'.repeat(32) as TreeId

/** What `squareUpdates` may take here, and how many items take far more. */
const most = { textComparisons: 20_000 }
const items = 60

/** A tree with a text that takes too many comparisons, and another one of a few letters. */
function costlyTree() {
  const tree = new TreeBuilder({ publicAccess: PublicAccess.WRITE })
  const typed = new Editor(alice).edit((text) => text.insert(0, 'hello'))
  const [change] = [textChange(session, typed)]
  tree.add([tree.root], { author: alice, changes: [{ ...change!, store: 'letters' }] })
  const updates = squareUpdates(clientOf(mallory.peer, session), 8, items)
  return { tree, hostile: addUpdates(tree, mallory, session, updates) }
}

/** Threads that count what they are asked. */
class CountingThreads extends TextThreads {
  begun = 0

  override compose(request: TextRequest) {
    const job = () => {
      const made = request.job()
      this.begun++
      return made
    }
    return super.compose({ ...request, job })
  }
}

describe('a text that costs too much', () => {
  it('is refused by name, while other texts are read', async () => {
    using _ = limited(most)
    const { tree, hostile } = costlyTree()
    await using store = await openTextStore(tree.entries)
    const ended: string[] = []
    const refused = assert
      .rejects(store.read(tree.root.id), (error: { code: string; data: object; message: string }) => {
        const { store, key } = textKey
        const { entry, ...data } = error.data as { entry: string }
        assert.equal(error.code, 'LIMIT_EXCEEDED')
        const max = most.textComparisons
        assert.deepEqual(data, { tree: tree.root.id, store, key, max, bound: 'comparisons' })
        assert.ok(hostile.some(({ id }) => id === entry))
        assert.match(
          error.message,
          /key "body" in store "notes" of tree bafk\S+ takes more than 20000 comparisons/,
        )
        return true
      })
      .then(() => ended.push('refused'))
    const letters = { store: 'letters', key: textKey.key }
    assert.equal(await store.texts.read(tree.root.id, letters), 'hello')
    ended.push('read')
    await refused
    // Were it composed here, nothing else would be read meanwhile.
    assert.deepEqual(ended, ['read', 'refused'])
    assert.equal(await store.texts.read(tree.root.id, other), undefined)
  })

  it('is not tried again, unless it is another text', async () => {
    using _ = limited({ ...most, textsCostly: 2 })
    const { tree } = costlyTree()
    await using store = await openTextStore(tree.entries)
    await store.views.count(tree.root.id)
    const updates = await allUpdates({ views: store.views, tree: tree.root.id, key: textKey })
    let nowMs = 0
    const threads = new CountingThreads()
    const judge = new TextJudge(() => nowMs, threads)
    const refuse = (key: string, some = updates) =>
      assert.rejects(judge.compose(Y, tree.root.id, { store: 's', key }, some), { code: 'LIMIT_EXCEEDED' })
    await Promise.all([refuse('a'), refuse('a'), refuse('a')])
    await refuse('a')
    // Two threads may have begun at the same moment.
    const first = threads.begun
    assert.ok(first <= limits.textThreads, `${first}`)
    nowMs += limits.textCostlyMs
    await refuse('a')
    assert.equal(threads.begun, first)
    // Of more than so many, the oldest is forgotten.
    await refuse('b')
    await refuse('c')
    await refuse('b')
    assert.equal(threads.begun, first + 2)
    await refuse('a')
    assert.equal(threads.begun, first + 3)
    // A smaller one is another text, as after the tree was removed.
    const earliest = [...updates].sort((a, b) => a.height - b.height).slice(0, 2)
    const { text } = await judge.compose(Y, tree.root.id, { store: 's', key: 'a' }, earliest)
    assert.ok(text.length > 8 * items)
    judge.close()
  })

  it('is tried again after a while if its time was over, since the machine may have been busy', async () => {
    using _ = limited({ textWorkMs: 50, textComparisons: Number.MAX_SAFE_INTEGER })
    const client = clientOf(mallory.peer, session)
    const rank = { height: 1, id: testTree, isVoid: false }
    const updates = squareUpdates(client).map((bytes, index) => ({ ...rank, index, client, bytes }))
    let nowMs = 0
    const threads = new CountingThreads()
    const judge = new TextJudge(() => nowMs, threads)
    const refuse = () =>
      assert.rejects(judge.compose(Y, testTree, textKey, updates), ({ code, data }) => {
        assert.equal(code, 'LIMIT_EXCEEDED')
        assert.deepEqual(data, { tree: testTree, ...textKey, entry: testTree, max: 50, bound: 'time' })
        return true
      })
    await refuse()
    nowMs += limits.textCostlyMs - 1
    await refuse()
    assert.equal(threads.begun, 1)
    nowMs += 1
    await refuse()
    assert.equal(threads.begun, 2)
    judge.close()
  })

  it('is not opened, and one that becomes so is left as it was', async () => {
    using _ = limited({ ...most, textStepsHere: 10_000 })
    const { tree, hostile } = costlyTree()
    const before = tree.entries.slice(0, tree.entries.indexOf(hostile[1]!))
    await using store = await openTextStore(before)
    await using text = await store.texts.open(tree.root.id, textKey)
    const was = text.toString()
    const problems: { code: string; data: object }[] = []
    text.on('problem', (error) => problems.push(error))
    await store.add(hostile.slice(1))
    await until('it is refused', () => problems.length > 0)
    const [{ code, data }] = problems as [(typeof problems)[0]]
    assert.equal(code, 'LIMIT_EXCEEDED')
    assert.equal((data as { key: string }).key, textKey.key)
    assert.equal(text.toString(), was)
    await assert.rejects(store.texts.open(tree.root.id, textKey), { code: 'LIMIT_EXCEEDED' })
  })

  it('holds up nobody who closes the texts', async () => {
    using _ = limited({ textHereBytes: 1_000_000, textStepsHere: 0, textWorkMs: 1_000_000_000 })
    const { tree, hostile } = costlyTree()
    const file = new URL(
      `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'
      parentPort.on('message', () => { for (;;); })
      parentPort.postMessage({ ready: true })`)}`,
    )
    const threads = new CountingThreads({ file })
    await using store = await openTextStore(tree.entries.slice(0, tree.entries.indexOf(hostile[1]!)), threads)
    await store.texts.open(tree.root.id, textKey)
    using _onThread = limited({ textHereBytes: 0 })
    await store.add(hostile.slice(1))
    await until('a thread composes it', () => threads.begun > 0)
    await store.texts.close()
    assert.equal(threads.running, 0)
  })

  it('is found where its items wait for one that comes last', async () => {
    // It is opened without a thread, since a text is judged again only after a pause as long as that took.
    using _ = limited({ textStepsHere: 10_000, textHereBytes: 1_000_000 })
    // Without the first entry's string, no item can be shown.
    const late = new Editor(mallory, 2).edit((text) => text.insert(0, 'z'))
    const [first, ...waiting] = squareUpdates(clientOf(mallory.peer, session), 8, items)
    const apart = new TreeBuilder({ publicAccess: PublicAccess.WRITE })
    addUpdates(apart, mallory, session, waiting)
    addUpdates(apart, mallory, new Uint8Array(16).fill(2), [late])
    await using store = await openTextStore(apart.entries)
    await using text = await store.texts.open(apart.root.id, textKey)
    assert.equal(text.toString(), 'z')
    using _onThread = limited({ ...most, textHereBytes: 0 })
    const problems: string[] = []
    text.on('problem', ({ code }) => problems.push(code))
    await store.add(addUpdates(apart, mallory, session, [first!]))
    await until('it is refused', () => problems.length > 0)
    assert.deepEqual(problems, ['LIMIT_EXCEEDED'])
    assert.equal(text.toString(), 'z')
  })
})

describe('a large text', () => {
  it('is the same as one that is composed beside everything else', async () => {
    const tree = new TreeBuilder({ publicAccess: PublicAccess.WRITE })
    const editor = new Editor(alice)
    for (let count = 0; count < 20; count++)
      tree.add([tree.last], {
        author: alice,
        changes: editor.changes((text) => text.insert(count % 3, `${count} `.repeat(500))),
      })
    await using store = await openTextStore(tree.entries)
    const onThread = await store.read(tree.root.id)
    using _ = limited({ textHereBytes: 1_000_000 })
    assert.equal(await store.read(tree.root.id), onThread)
    assert.equal(onThread, editor.text.toString())
    await using text = await store.texts.open(tree.root.id, textKey)
    await store.add([
      tree.add([tree.last], { author: alice, changes: editor.changes((own) => own.delete(0, 9_000)) }),
    ])
    await until('the deletion is there', () => text.toString() === editor.text.toString())
  })
})

describe('the threads of texts', () => {
  const empty = () => ({
    clients: new Float64Array(0),
    voids: new Uint8Array(0),
    ends: new Uint32Array(0),
    bytes: new Uint8Array(0),
    most: 0,
  })
  const request = (tree: string, bytes = 1, job = empty): TextRequest => ({
    ...{ tree, bytes, job, pay: () => {}, refuse: (error) => error },
  })

  it('give trees their turns, and refuse what is too much for one, or for all', async () => {
    using _ = limited({ textThreads: 1, textJobsOfTree: 2, textWaitingJobBytes: 10 })
    const threads = new TextThreads()
    const begun: string[] = []
    const compose = (tree: string, bytes = 1) =>
      threads.compose(
        request(tree, bytes, () => {
          begun.push(tree)
          return empty()
        }),
      )
    // The first one has the thread.
    const all = [compose('a'), compose('a'), compose('a')]
    await assert.rejects(compose('a'), { code: 'RESOURCE_EXHAUSTED', retryAfterMs: limits.textWorkMs })
    all.push(compose('b'))
    await assert.rejects(compose('c', 8), { code: 'RESOURCE_EXHAUSTED' })
    all.push(compose('c', 7))
    await Promise.all(all)
    assert.deepEqual(begun, ['a', 'a', 'b', 'c', 'a'])
    assert.equal(threads.running, 1)
    // One that is larger than all may wait, if it waits alone.
    await compose('d', 100)
    threads.close()
    await assert.rejects(compose('d'), { code: 'CLOSED' })
  })

  it('let a tree that fills the room give way to one that has less waiting', async () => {
    using _ = limited({ textThreads: 1, textWaitingJobBytes: 10 })
    const threads = new TextThreads()
    // The first one has the thread.
    const begun = threads.compose(request('full'))
    const large = [4, 4, 2].map((bytes) => threads.compose(request('full', bytes)))
    const last = assert.rejects(large[2]!, { code: 'RESOURCE_EXHAUSTED' })
    const other = threads.compose(request('other', 2))
    await last
    // It gives up no more than leaves both as much.
    await assert.rejects(threads.compose(request('other', 5)), { code: 'RESOURCE_EXHAUSTED' })
    await Promise.all([begun, ...large.slice(0, 2), other])
    threads.close()
  })

  it('end when nothing has come for a while, and start again', async () => {
    const clock = new VirtualClock()
    const threads = new TextThreads({ clock })
    for (let round = 0; round < 2; round++) {
      await threads.compose(request('a'))
      assert.equal(threads.running, 1)
      await clock.advance(limits.textThreadIdleMs - 1)
      assert.equal(threads.running, 1)
      await clock.advance(1)
      assert.equal(threads.running, 0)
    }
    const waiting = threads.compose(request('a'))
    threads.close()
    await assert.rejects(waiting, { code: 'CLOSED' })
  })

  const broken = (code: string) =>
    new URL(
      `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'\n${code}`)}`,
    )
  const failing = async (code: string) => {
    const threads = new TextThreads({ file: broken(code) })
    const error = await threads.compose(request('a')).then(
      () => assert.fail('It was composed.'),
      (failed) => failed,
    )
    assert.equal(threads.running, 0)
    return error
  }

  it('fail alone: what comes next gets a thread of its own', async () => {
    assert.equal((await failing(`throw new Error('no')`)).code, 'INTERNAL')
    assert.equal((await failing(`process.exit()`)).code, 'INTERNAL')
  })

  it('are bound in their memory', async () => {
    using _ = limited({ textThreadMb: 16 })
    const full = `const all = []
      parentPort.on('message', () => { for (;;) all.push(new Array(1e5).fill('full')) })
      parentPort.postMessage({ ready: true })`
    assert.equal((await failing(full)).bound, 'memory')
  })
})
