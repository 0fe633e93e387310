/** Editors that turn what they type into entries, and stores that show the text of a tree. */
import * as Y from 'yjs'
import { systemClock } from '../../src/base/clock.ts'
import type { Change } from '../../src/dag/body.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import type { Identity } from '../../src/dag/identity.ts'
import { encodeTextUpdate } from '../../src/state/text/payload.ts'
import type { TextThreads } from '../../src/state/text/text-threads.ts'
import { Texts } from '../../src/state/text/texts.ts'
import { clientOf, encodeUpdate } from '../../src/state/text/update.ts'
import { loadYjs } from '../../src/state/text/yjs.ts'
import { Views } from '../../src/state/view.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { type TreeBuilder, testIdentity } from './entries.ts'

export const textKey = { store: 'notes', key: 'body' }

/** Returns the change that carries an update. */
export const textChange = (session: Uint8Array, update: Uint8Array): Change => ({
  store: textKey.store,
  kind: 'cw.yjs',
  payload: encodeTextUpdate({ key: textKey.key, session, update }),
})

/** One author in one session. */
export class Editor {
  readonly author: Identity
  readonly session: Uint8Array
  readonly doc = new Y.Doc({ gc: false })
  readonly client: number
  private updates: Uint8Array[] = []

  constructor(author: Identity, session = 1) {
    this.author = author
    this.session = new Uint8Array(16).fill(session)
    this.client = clientOf(author.peer, this.session)
    this.doc.clientID = this.client
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'others') this.updates.push(update)
    })
  }

  get text(): Y.Text {
    return this.doc.getText('text')
  }

  /** Applies what others wrote. */
  take(update: Uint8Array): this {
    Y.applyUpdate(this.doc, update, 'others')
    // Yjs draws another client where an update has its own.
    this.doc.clientID = this.client
    return this
  }

  /** Returns what `edit` does to the text as one update. */
  edit(edit: (text: Y.Text) => void): Uint8Array {
    this.updates = []
    edit(this.text)
    return Y.mergeUpdates(this.updates)
  }

  /** Returns the same as the changes of an entry. */
  changes(edit: (text: Y.Text) => void): Change[] {
    return [textChange(this.session, this.edit(edit))]
  }
}

/**
 * Returns updates that take the square of their number of items: a string, and items that all stand at its beginning, each
 * beside another letter of it. Yjs compares each with all before it.
 */
export function squareUpdates(client: number, updates = 8, items = 1_700): Uint8Array[] {
  const letters = new Y.ContentString('x'.repeat(updates * items))
  const parent = 'text' as never
  const string = new Y.Item(Y.createID(client, 0), null, null, null, null, parent, null, letters)
  const beside = (letter: number) =>
    new Y.Item(
      ...([Y.createID(client, letters.str.length + letter), null, null, null] as const),
      ...([Y.createID(client, letter), null, null, new Y.ContentString('y')] as const),
    )
  const parts = [[string]]
  for (let update = 0; update < updates; update++)
    parts.push(Array.from({ length: items }, (_, item) => beside(update * items + item)))
  return parts.map((part) => encodeUpdate(Y, new Map([[client, part]]), new Map()))
}

/** Adds one entry for each of these updates. */
export function addUpdates(
  tree: TreeBuilder,
  author: Identity,
  session: Uint8Array,
  updates: readonly Uint8Array[],
): VerifiedEntry[] {
  return updates.map((update) => tree.add([tree.last], { author, changes: [textChange(session, update)] }))
}

export interface TextStore extends AsyncDisposable {
  readonly store: DagStore
  readonly views: Views
  readonly texts: Texts
  add(entries: readonly VerifiedEntry[]): Promise<void>
  /** Returns the text, or undefined. */
  read(tree: VerifiedEntry['tree']): Promise<string | undefined>
}

/** Opens a store whose texts can be read and followed, but not written. */
export async function openTextStore(
  entries: readonly VerifiedEntry[] = [],
  threads?: TextThreads,
): Promise<TextStore> {
  const store = await DagStore.open(await openMemory())
  const views = await Views.open(store, systemClock)
  const writer = { write: () => Promise.reject(new Error('This store writes nothing.')) } as never
  const texts = new Texts(
    views,
    { writer, clock: systemClock, author: testIdentity(99).peer },
    loadYjs,
    threads,
  )
  const opened: TextStore = {
    ...{ store, views, texts },
    async add(some) {
      const { refused } = await store.append(some[0]!.tree, [...some])
      if (refused.length > 0) throw refused[0]!.error
    },
    read: (tree) => texts.read(tree, textKey),
    async [Symbol.asyncDispose]() {
      await texts.close()
      await views.close()
      await store.close()
    },
  }
  if (entries.length > 0) await opened.add(entries)
  return opened
}
