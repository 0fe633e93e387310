/**
 * Random editors, one of them an attacker, write into one text of a tree whose policy revokes and grants. However the
 * entries come, every store shows the text that its definition says, and a document that was open all the time shows it too.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as Y from 'yjs'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { VerifiedEntry } from '../../../src/dag/entry.ts'
import { allUpdates, readAll } from '../../../src/state/text/changes.ts'
import { clientOf } from '../../../src/state/text/update.ts'
import { below, type Prng, prng, shuffleParentsFirst, TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { grant, policyChange, revoke, write } from '../../kit/policy.ts'
import { Editor, openTextStore, type TextStore, textChange, textKey } from '../../kit/texts.ts'
import { until } from '../../kit/until.ts'

const runs = Number(process.env.TEXT_RUNS ?? 25)
const authors = [1, 2, 3].map(testIdentity)
const attacker = testIdentity(3)

/** Types or deletes somewhere. */
function edit(random: Prng) {
  return (text: Y.Text) => {
    const at = below(random, text.length + 1)
    const count = Math.min(text.length - at, 1 + below(random, 4))
    if (random() < 0.3 && count > 0) text.delete(at, count)
    else text.insert(at, String.fromCharCode(97 + below(random, 26)).repeat(1 + below(random, 5)))
  }
}

/** Returns an update that an attacker makes up: for clocks of others, or for clocks of its own that it has used. */
function attack(random: Prng, tree: TreeBuilder, own: Editor, victim: Editor): [Uint8Array, Uint8Array] {
  const forger = random() < 0.5 ? new Editor(attacker) : new Editor(victim.author)
  if (random() < 0.6) forger.take(Y.encodeStateAsUpdate(victim.doc))
  const roll = random()
  if (roll < 0.15) return [own.session, Uint8Array.from({ length: 20 }, () => below(random, 256))]
  if (roll < 0.25) {
    // An update that was sent, with a bit turned.
    const update = Uint8Array.from(Y.encodeStateAsUpdate(own.doc))
    update[below(random, update.length)]! ^= 1 << below(random, 8)
    return [own.session, update]
  }
  const session = random() < 0.5 ? own.session : Uint8Array.from(own.session, () => tree.entries.length % 3)
  if (random() < 0.5) forger.doc.clientID = clientOf(attacker.peer, session)
  return [session, forger.edit(edit(random))]
}

/** Returns a tree whose authors edit its text concurrently. */
function randomTextTree(random: Prng, seed: number, size: number): TreeBuilder {
  const tree = new TreeBuilder({ seed: `text ${seed}`, publicAccess: PublicAccess.NONE })
  const granted = tree.add([tree.root], {
    changes: policyChange(authors.map((author) => grant(author, write))),
  })
  const editors = authors.map((author) => new Editor(author))
  const sent: Uint8Array[] = []
  const pick = <Item>(items: readonly Item[]): Item => items[below(random, items.length)]!
  while (tree.entries.length < size) {
    const recent = tree.entries.slice(-8).filter(({ id }) => id !== tree.root.id)
    if (random() < 0.08) {
      const author = pick(authors)
      const last = recent.filter(({ body }) => body.author === author.peer).slice(0, below(random, 3))
      const change = random() < 0.6 ? revoke(author, ...last) : grant(author, write)
      tree.add([...new Set([...last, tree.last])], { changes: policyChange([change]) })
      continue
    }
    const editor = pick(editors)
    const parents = [...new Set([random() < 0.1 ? granted : pick(recent), pick(recent)])]
    if (editor.author === attacker && random() < 0.5) {
      const [session, update] = attack(random, tree, editor, pick(editors))
      if (update.length > 0) tree.add(parents, { author: attacker, changes: [textChange(session, update)] })
      continue
    }
    // It has seen some of what others sent, and never all of it in order.
    for (const update of sent) if (random() < 0.4) editor.take(update)
    const update = editor.edit(edit(random))
    if (update.length === 0) continue
    sent.push(update)
    tree.add(parents, { author: editor.author, changes: [textChange(editor.session, update)] })
  }
  return tree
}

/** Delivers entries in random pages to a store whose text is open. Returns the text that it shows, and that it reads. */
async function deliver(order: readonly VerifiedEntry[], random: Prng) {
  await using store = await openTextStore(order.slice(0, 2))
  const tree = order[0]!.id as unknown as VerifiedEntry['tree']
  await using open = await store.texts.open(tree, textKey)
  let resets = 0
  open.on('reset', () => resets++)
  open.on('problem', (error) => assert.fail(String(error)))
  for (let from = 2; from < order.length; ) {
    const page = order.slice(from, from + 1 + below(random, 6))
    from += page.length
    // Some are refused, at every store alike: those of authors who were revoked below them.
    await store.store.append(tree, page)
    if (random() < 0.5) await store.views.count(tree)
  }
  const read = await store.read(tree)
  await until('the document has taken in all', () => open.toString() === (read ?? ''))
  const stored = await updatesOf(store, tree)
  const voids = stored.filter(({ isVoid }) => isVoid).length
  return { read, shown: open.toString(), resets, voids, count: stored.length }
}

const updatesOf = async ({ views }: TextStore, tree: VerifiedEntry['tree']) =>
  readAll(Y, await allUpdates({ views, tree, key: textKey }))

describe('a text', () => {
  it(`is the same at all stores in whatever order entries come, beside an attacker (${runs})`, async () => {
    const seen = { resets: 0, voids: 0, count: 0, length: 0 }
    for (let seed = 1; seed <= runs; seed++) {
      const random = prng(seed)
      const { entries } = randomTextTree(random, seed, 20 + below(random, 40))
      const first = await deliver(entries, random)
      assert.equal(first.shown, first.read ?? '', `seed ${seed}`)
      for (let store = 0; store < 2; store++) {
        const other = await deliver(shuffleParentsFirst(entries, random), random)
        assert.equal(other.read, first.read, `seed ${seed}`)
        assert.equal(other.shown, first.shown, `seed ${seed}`)
        seen.resets += other.resets
      }
      seen.voids += first.voids
      seen.count += first.count
      seen.length += first.shown.length
    }
    // The runs are worth something.
    assert.ok(
      Object.values(seen).every((count) => count > runs),
      JSON.stringify(seen),
    )
    if (process.env.TEXT_RUNS !== undefined) console.log(seen)
  })
})
