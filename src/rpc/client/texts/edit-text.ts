/** Changes to a text that is open, as programs without an editor of Yjs make them: by places in what it was. */
import type { SharedText } from '../../../state/text/shared-text.ts'
import { rootName } from '../../../state/text/update.ts'
import { loadYjs } from '../../../state/text/yjs.ts'

/** Replaces what stands from `from` to before `to`, in UTF-16 units. */
export interface Replacement {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** Inserts at a place of the text as it is now. */
export function insertAt(text: SharedText, place: number, inserted: string): void {
  text.doc.getText(rootName).insert(place, inserted)
}

/** A text as it was at some moment. */
export interface FormerText {
  readonly text: string
  /** Makes replacements in what the text is by now. What others have typed since stays, also between. */
  replace(replacements: readonly Replacement[]): void
}

/** Notes what a text is now. */
export async function noteText(text: SharedText): Promise<FormerText> {
  const { Doc, ...yjs } = await loadYjs()
  const former = new Doc()
  yjs.applyUpdate(former, yjs.encodeStateAsUpdate(text.doc))
  const was = former.getText(rootName)
  const before = was.toString()
  return {
    text: before,
    replace(replacements) {
      const content = text.doc.getText(rootName)
      const now = content.toString()
      const placeOf = (at: number) => {
        const name = yjs.createRelativePositionFromTypeIndex(was, at)
        return yjs.createAbsolutePositionFromRelativePosition(name, text.doc)?.index ?? now.length
      }
      const insertions = new Map<number, string>()
      const deletions = new Set<number>()
      for (const { from, to, text: inserted } of replacements) {
        const at = placeOf(from)
        if (inserted !== '') insertions.set(at, (insertions.get(at) ?? '') + inserted)
        // Letter by letter, since others may have typed between them.
        for (let letter = from; letter < to; letter++) {
          const place = placeOf(letter)
          if (now[place] === before[letter]) deletions.add(place)
        }
      }
      text.doc.transact(() => {
        // From the end, so that the places before stay.
        for (let place = now.length; place >= 0; place--) {
          if (deletions.has(place)) {
            let length = 1
            while (deletions.has(place - 1) && !insertions.has(place)) {
              place--
              length++
            }
            content.delete(place, length)
          }
          const inserted = insertions.get(place)
          if (inserted !== undefined) content.insert(place, inserted)
        }
      })
    },
  }
}
