/** Finds the numbered rules of the protocol in its document. */
import { sections } from './markdown.ts'

export interface ProtocolRule {
  /** A letter and a number. */
  readonly name: string
  /** The heading that it stands under. */
  readonly heading: string
}

/** Returns the rules in the order in which they stand: each opens a paragraph or an item of a list. */
export function protocolRules(markdown: string): ProtocolRule[] {
  return sections(`# \n${markdown}`).flatMap(({ title, text }) =>
    [...text.matchAll(/^(?: *(?:- |\d\. )| *)\*\*([A-Z]\d+)\b/gm)].map(([, name]) => ({
      name: name!,
      heading: title,
    })),
  )
}
