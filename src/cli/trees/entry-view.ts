/** An entry as `log`, `show` and `watch` print it. */
import type { Entry } from '../../../gen/causeway/v1/tree_pb.ts'
import { dateText, hexText, idText, minuteText, plainText, quantity } from '../output.ts'
import type { Names } from '../view/names.ts'
import { cut } from '../view/table.ts'
import { changeText } from './change-view.ts'

export function entryDocument(entry: Entry, authors: Names) {
  const { body, cid } = entry
  return {
    entry: cid,
    tree: body!.tree.length > 0 ? idText(body!.tree) : cid,
    parents: body!.parents.map(idText),
    height: Number(body!.height),
    author: hexText(body!.author),
    authorName: authors.peerName(hexText(body!.author)),
    void: entry.isVoid,
    createdAt: dateText(body!.createdAtMs),
    changes: body!.changes.map(({ store, kind, payload }) => ({
      store,
      kind,
      bytes: payload.length,
      payload: Buffer.from(payload).toString('base64'),
    })),
  }
}

/** How wide the name of an author stands in a list. */
const authorChars = 16

/** Returns one line for a list: when, who, the id, and what. The time is that of this machine's zone, as the author says. */
export function entryLine(entry: Entry, authors: Names): string {
  const body = entry.body!
  const [change] = body.changes
  const text = change === undefined ? '' : `${change.store}: ${changeText(change)}`
  const mark = entry.isVoid ? '(void) ' : ''
  const author = cut(authors.peer(hexText(body.author)), authorChars).padEnd(authorChars)
  const what = `${mark}${plainText(text.split('\n', 1)[0]!, 60)}`
  return `${minuteText(body.createdAtMs)}  ${author}  ${String(body.height).padStart(5)}  ${entry.cid}  ${what}`
}

/** Returns the whole entry as text. */
export function entryText(entry: Entry, authors: Names): string {
  const view = entryDocument(entry, authors)
  const lines = [
    `entry    ${view.entry}`,
    `tree     ${view.tree}`,
    ...view.parents.map((parent) => `parent   ${parent}`),
    `height   ${view.height}`,
    `author   ${view.authorName === null ? '' : `${view.authorName}, `}${view.author}`,
    `created  ${view.createdAt}`,
    ...(view.void ? ["void     under the tree's current policy, its author had no right to write it"] : []),
  ]
  for (const change of entry.body!.changes) {
    const { store, kind, payload } = change
    lines.push(
      '',
      `${store}${kind && ` (${kind})`}, ${quantity(payload.length, 'byte')}:`,
      changeText(change),
    )
  }
  return lines.join('\n')
}
