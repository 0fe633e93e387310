/** An entry as `log`, `show` and `watch` print it. */
import type { Entry } from '../../gen/causeway/v1/tree_pb.ts'
import { dateText, hexText, idText, payloadText, quantity } from './output.ts'

export function entryDocument(entry: Entry) {
  const { body, cid } = entry
  return {
    entry: cid,
    tree: body!.tree.length > 0 ? idText(body!.tree) : cid,
    parents: body!.parents.map(idText),
    height: Number(body!.height),
    author: hexText(body!.author),
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

/** Returns one line for a list. */
export function entryLine(entry: Entry): string {
  const body = entry.body!
  const [change] = body.changes
  const text = change === undefined ? '' : `${change.store}: ${payloadText(change.payload)}`
  const line = text.split('\n', 1)[0]!
  const mark = entry.isVoid ? '(void) ' : ''
  return `${entry.cid}  ${String(body.height).padStart(7)}  ${mark}${line.length > 60 ? `${line.slice(0, 59)}…` : line}`
}

/** Returns the whole entry as text. */
export function entryText(entry: Entry): string {
  const view = entryDocument(entry)
  const lines = [
    `entry    ${view.entry}`,
    `tree     ${view.tree}`,
    ...view.parents.map((parent) => `parent   ${parent}`),
    `height   ${view.height}`,
    `author   ${view.author}`,
    `created  ${view.createdAt}`,
    ...(view.void ? ["void     under the tree's current policy, its author had no right to write it"] : []),
  ]
  for (const { store, kind, payload } of entry.body!.changes)
    lines.push(
      '',
      `${store}${kind && ` (${kind})`}, ${quantity(payload.length, 'byte')}:`,
      payloadText(payload),
    )
  return lines.join('\n')
}
