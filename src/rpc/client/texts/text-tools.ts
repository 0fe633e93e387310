/** What opens and reads texts, by Yjs. The calls are given it, so that a client that opens no text does not carry it. */
import { SharedText, type TextParts } from '../../../state/text/shared-text.ts'
import { textOf } from '../../../state/text/update.ts'
import { loadYjs } from '../../../state/text/yjs.ts'

export interface TextTools {
  open(parts: TextParts): Promise<SharedText>
  /** Returns the text that an update makes of a new document, or undefined if it says nothing. */
  textOf(update: Uint8Array): string | undefined
}

/** Throws UNIMPLEMENTED if Yjs is not installed. */
export async function loadTextTools(): Promise<TextTools> {
  const yjs = await loadYjs()
  return {
    open: (parts) => SharedText.open({ ...parts, yjs }),
    textOf: (update) => textOf(yjs, update),
  }
}
