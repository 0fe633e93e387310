/** What a key's history says that each entry did, and how it stands. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { add, del, put } from '../../conformance/vectors/state-case.ts'
import { systemClock } from '../../src/base/clock.ts'
import { idToBytes } from '../../src/dag/id.ts'
import { StateReader } from '../../src/state/reads.ts'
import { Views } from '../../src/state/view.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { TreeBuilder, testIdentity } from '../kit/entries.ts'
import { policyChange, revoke } from '../kit/policy.ts'
import { Editor, textKey } from '../kit/texts.ts'

describe('a history', () => {
  it('says what an entry did, void or not', async () => {
    const alice = testIdentity(1)
    const tree = new TreeBuilder()
    const { store, key } = textKey
    const nothing = put(key, '', [], { store, type: '' })
    const first = tree.add(undefined, { changes: [put(key, '1', [], { store })] })
    const name = idToBytes(first.id)
    tree.add(undefined, { changes: [del(key, [name], store)] })
    tree.add(undefined, { changes: [put(key, '2', [name], { store }), add(key, 5, [name], store)] })
    for (const changes of [
      [nothing],
      [del(key, [name], store)],
      [add(key, 7, [name], store)],
      new Editor(alice).changes((text) => text.insert(0, 'a')),
    ])
      tree.add(undefined, { author: alice, changes })
    tree.add(undefined, { changes: policyChange([revoke(alice)]) })
    tree.add(undefined, {
      changes: new Editor(testIdentity(0)).changes((text) => text.insert(0, 'b')),
    })
    const dag = await DagStore.open(await openMemory())
    const views = await Views.open(dag, systemClock)
    await dag.append(tree.root.id, tree.entries)
    await views.count(tree.root.id)
    const { rows } = await new StateReader(views).history(tree.root.id, textKey, undefined, 100)
    assert.deepEqual(
      rows.map(({ action, standing, added }) => [action, standing, added]),
      [
        ['text', 'change', undefined],
        ['text', 'void', undefined],
        ['add', 'void', 7n],
        ['delete', 'void', undefined],
        ['put', 'void', undefined],
        ['put', 'head', 5n],
        ['delete', 'change', undefined],
        ['put', 'replaced', undefined],
      ],
    )
    await dag.close()
  })
})
