/** What updates of a text add up to, rule by rule. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as Y from 'yjs'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import type { Change } from '../../../src/dag/body.ts'
import type { VerifiedEntry } from '../../../src/dag/entry.ts'
import { effectsOf } from '../../../src/state/effects.ts'
import { encodeTextUpdate } from '../../../src/state/text/payload.ts'
import { clientOf, encodeUpdate, readUpdate, splitUpdate } from '../../../src/state/text/update.ts'
import { loadYjs } from '../../../src/state/text/yjs.ts'
import { TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { grant, policyChange, revoke, write } from '../../kit/policy.ts'
import { Editor, openTextStore, textChange, textKey } from '../../kit/texts.ts'

const [alice, bob] = [testIdentity(1), testIdentity(2)]

/** Returns a tree in which both may write. */
function textTree(): TreeBuilder {
  const tree = new TreeBuilder({ publicAccess: PublicAccess.NONE })
  tree.add([tree.root], { changes: policyChange([grant(alice, write), grant(bob, write)]) })
  return tree
}

async function textOf(tree: TreeBuilder, entries: readonly VerifiedEntry[] = tree.entries) {
  await using store = await openTextStore(entries)
  return await store.read(tree.root.id)
}

describe('a payload of a text', () => {
  const payload = { key: 'k', session: new Uint8Array(16).fill(7), update: Uint8Array.of(0, 0) }
  const texts = (bytes: Uint8Array) => {
    const changes: Change[] = [{ store: 's', kind: 'cw.yjs', payload: bytes }]
    return effectsOf(changes).get('s\0k')?.texts
  }

  it('is read in its one encoding', () => {
    assert.deepEqual(texts(encodeTextUpdate(payload)), [{ ...payload, index: 0 }])
    assert.equal(texts(Buffer.concat([encodeTextUpdate(payload), Uint8Array.of(0x20, 1)])), undefined)
  })

  it('counts for nothing past its bounds', () => {
    const largest = { ...payload, update: new Uint8Array(limits.textUpdateBytes) }
    assert.equal(texts(encodeTextUpdate(largest))!.length, 1)
    const wrong = [
      { ...payload, update: new Uint8Array(limits.textUpdateBytes + 1) },
      { ...payload, update: new Uint8Array(0) },
      { ...payload, session: new Uint8Array(limits.textSessionBytes - 1).fill(7) },
      { ...payload, session: new Uint8Array(limits.textSessionBytes + 1).fill(7) },
    ]
    for (const each of wrong) assert.equal(texts(encodeTextUpdate(each)), undefined)
  })
})

describe('an update of a text', () => {
  it('has a client that follows from the author and the session', () => {
    const client = clientOf(alice.peer, new Uint8Array(16).fill(1))
    assert.ok(Number.isSafeInteger(client))
    assert.notEqual(client, clientOf(alice.peer, new Uint8Array(16).fill(2)))
    assert.notEqual(client, clientOf(bob.peer, new Uint8Array(16).fill(1)))
  })

  it('counts for nothing with items of another client, whose deletes it may name', async () => {
    const tree = textTree()
    const [a, b] = [new Editor(alice), new Editor(bob)]
    const typed = a.edit((text) => text.insert(0, 'hello'))
    tree.add([tree.last], { author: alice, changes: [textChange(a.session, typed)] })
    // Bob takes the clocks that are Alice's next ones.
    const forged = new Editor(alice).take(typed).edit((text) => text.insert(5, ' forged'))
    tree.add([tree.last], { author: bob, changes: [textChange(a.session, forged)] })
    tree.add([tree.last], { author: bob, changes: [textChange(b.session, forged)] })
    const more = a.edit((text) => text.insert(5, ' world'))
    tree.add([tree.last], { author: alice, changes: [textChange(a.session, more)] })
    b.take(typed).take(more)
    tree.add([tree.last], { author: bob, changes: b.changes((text) => text.delete(0, 1)) })
    assert.equal(await textOf(tree), 'ello world')
  })

  it('counts for nothing with anything but pieces of the text', () => {
    const refused = (build: (doc: Y.Doc) => void): boolean => {
      const doc = new Y.Doc()
      build(doc)
      return readUpdate(Y, Y.encodeStateAsUpdate(doc), doc.clientID) === undefined
    }
    assert.equal(
      refused((doc) => doc.getText('text').insert(0, 'a', { bold: true })),
      false,
    )
    assert.ok(refused((doc) => doc.getText('other').insert(0, 'a')))
    assert.ok(refused((doc) => doc.getMap('text').set('a', 1)))
    assert.ok(refused((doc) => doc.getArray('text').insert(0, [new Y.Text('a')])))
    assert.ok(refused((doc) => doc.getArray('text').insert(0, [new Y.Doc()])))
    // What Yjs writes for items that it has forgotten: whoever wrote beside them would lose his text.
    assert.ok(
      refused((doc) => {
        doc.getArray('text').insert(0, [new Y.Text('a')])
        doc.getArray('text').delete(0, 1)
      }),
    )
    for (const [depth, isRefused] of [
      [limits.textJsonDepth, false],
      [limits.textJsonDepth + 1, true],
      // So deep that it can be read, and not written again.
      [30_000, true],
    ] as const) {
      const embed = Buffer.from('['.repeat(depth) + ']'.repeat(depth))
      const length = [(embed.length & 127) | 128, ((embed.length >> 7) & 127) | 128, embed.length >> 14]
      const update = [1, 1, 9, 0, 0x05, 1, 4, ...Buffer.from('text'), ...length, ...embed, 0]
      assert.equal(readUpdate(Y, Uint8Array.from(update), 9) === undefined, isRefused, `${depth}`)
    }
    assert.equal(readUpdate(Y, Uint8Array.of(1, 2, 3), 1), undefined)
    const ahead = Uint8Array.of(1, 1, 9, 0, 0x84, 9, 5, 1, 0x61, 0)
    assert.equal(readUpdate(Y, ahead, 9), undefined, 'an item beside a later one of its client')
    const empty = Uint8Array.of(1, 1, 9, 0, 0x04, 1, 4, ...Buffer.from('text'), 0, 0)
    assert.equal(readUpdate(Y, empty, 9), undefined, 'an item without a clock')
  })

  it('gives way to an earlier one with the same clocks, which keeps what others wrote beside it', async () => {
    const tree = textTree()
    const base = tree.last
    const [first, second, b] = [new Editor(alice), new Editor(alice), new Editor(bob)]
    const long = first.edit((text) => text.insert(0, '0123456789'))
    const one = tree.add([base], { author: alice, changes: [textChange(first.session, long)] })
    tree.add([one], {
      author: bob,
      changes: b.take(long).changes((text) => text.insert(10, '!')),
    })
    assert.equal(await textOf(tree), '0123456789!')
    // The other one comes later, but stands beside the first: of the same height, its id decides.
    const other = second.edit((text) => text.insert(0, 'ABC'))
    const two = tree.add([base], { author: alice, changes: [textChange(second.session, other)] })
    const expected = one.id < two.id ? '0123456789!' : 'ABC3456789!'
    assert.equal(await textOf(tree), expected)
    // The clocks past those that are taken count, as the last entry of all.
    const third = new Editor(alice).edit((text) => text.insert(0, 'abcdefghijkl'))
    tree.add([tree.last, ...tree.entries.slice(-2)], {
      author: alice,
      changes: [textChange(first.session, third)],
    })
    assert.match((await textOf(tree))!, /kl/)
    assert.match((await textOf(tree))!, /!/)
  })
})

describe('a large update of a text', () => {
  it('is split into parts that are small enough and say the same', () => {
    const ranges = Array.from({ length: 40_000 }, (_, index) => ({ from: 3 * index, to: 3 * index + 1 }))
    const update = encodeUpdate(Y, new Map(), new Map([[9, ranges]]))
    assert.ok(update.length > limits.textUpdateBytes)
    const parts = splitUpdate(Y, update, 1)
    assert.ok(parts.every(({ length }) => length > 0 && length <= limits.textUpdateBytes))
    assert.deepEqual(
      parts.flatMap((part) => readUpdate(Y, part, 1)!.deletes.get(9)!),
      ranges,
    )
    assert.deepEqual(splitUpdate(Y, parts[0]!, 1), [parts[0]], 'a small one stays whole')
  })
})

describe('a void update of a text', () => {
  /** Bob types into what Alice typed; Alice is revoked with her last accepted entry. */
  function revoked() {
    const tree = textTree()
    const granted = tree.last
    const [a, b] = [new Editor(alice), new Editor(bob)]
    const kept = a.edit((text) => text.insert(0, 'kept '))
    const one = tree.add([granted], { author: alice, changes: [textChange(a.session, kept)] })
    return { tree, a, b, kept, one }
  }

  it('is undone, and what others wrote into it stays', async () => {
    const { tree, a, b, kept, one } = revoked()
    const gone = a.edit((text) => text.insert(5, 'gone'))
    tree.add([one], { author: alice, changes: [textChange(a.session, gone)] })
    b.take(kept).take(gone)
    const beside = tree.add([tree.last], {
      author: bob,
      changes: b.changes((text) => text.insert(7, '-bob-')),
    })
    assert.equal(await textOf(tree), 'kept go-bob-ne')
    tree.add([beside, one], { changes: policyChange([revoke(alice, one)]) })
    assert.equal(await textOf(tree), 'kept -bob-')
  })

  it('deletes nothing', async () => {
    const { tree, a, one } = revoked()
    const deleted = a.edit((text) => text.delete(1, 3))
    const two = tree.add([one], { author: alice, changes: [textChange(a.session, deleted)] })
    assert.equal(await textOf(tree), 'k ')
    tree.add([two, one], { changes: policyChange([revoke(alice, one)]) })
    assert.equal(await textOf(tree), 'kept ')
  })

  it('deletes nothing where a standing one deletes the same', async () => {
    const { tree, a, b, kept, one } = revoked()
    const two = tree.add([one], { author: alice, changes: a.changes((text) => text.delete(0, 3)) })
    b.take(kept)
    const three = tree.add([one], { author: bob, changes: b.changes((text) => text.delete(2, 2)) })
    assert.equal(await textOf(tree), ' ')
    tree.add([two, three, one], { changes: policyChange([revoke(alice, one)]) })
    assert.equal(await textOf(tree), 'ke ')
  })

  it('takes no clocks of a standing one, wherever it says that it was written', async () => {
    const { tree, a, one } = revoked()
    const more = tree.add([one], { author: alice, changes: a.changes((text) => text.insert(5, 'too')) })
    assert.equal(await textOf(tree), 'kept too')
    tree.add([more], { changes: policyChange([revoke(alice, more)]) })
    // Alice, revoked, writes other content for the same clocks, below all that she wrote.
    const other = new Editor(alice).edit((text) => text.insert(0, 'forgeries'))
    tree.add([tree.entries[1]!], { author: alice, changes: [textChange(a.session, other)] })
    assert.equal(await textOf(tree), 'kept too')
  })

  it('stays undone when its author may write again, and what follows it counts', async () => {
    const { tree, a, one } = revoked()
    const two = tree.add([one], { author: alice, changes: a.changes((text) => text.insert(5, 'gone')) })
    tree.add([two, one], { changes: policyChange([revoke(alice, one)]) })
    assert.equal(await textOf(tree), 'kept ')
    tree.add([tree.last], { changes: policyChange([grant(alice, write)]) })
    tree.add([tree.last], { author: alice, changes: a.changes((text) => text.insert(9, '!')) })
    assert.equal(await textOf(tree), 'kept !')
  })
})

describe('texts', () => {
  it('are undefined for a key that has none', async () => {
    const tree = textTree()
    tree.add([tree.last], {
      author: alice,
      changes: new Editor(alice).changes((text) => text.insert(0, 'a')),
    })
    await using store = await openTextStore(tree.entries)
    assert.equal(await store.texts.read(tree.root.id, { ...textKey, key: 'other' }), undefined)
    assert.equal(await store.read(tree.root.id), 'a')
  })

  it('say what to install where Yjs is missing', async () => {
    await assert.rejects(
      loadYjs(() => Promise.reject(new Error('Cannot find package'))),
      { code: 'UNIMPLEMENTED', message: /npm install yjs/ },
    )
  })
})
