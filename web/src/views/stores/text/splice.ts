/** What an input did to a text, and where places of it are after others have changed it. */

export interface Splice {
  readonly at: number
  readonly removed: number
  readonly inserted: string
}

/** One step of a change as Yjs tells it. */
export interface Step {
  readonly retain?: number | undefined
  readonly delete?: number | undefined
  readonly insert?: unknown
}

/** Returns how one text became another, as one replacement that ends where the caret is, if it can. */
export function spliceOf(before: string, after: string, caret = after.length): Splice {
  const most = Math.min(before.length, after.length)
  // What follows the caret is unchanged as a rule, also among letters that are all alike.
  let tail = 0
  const mostTail = Math.min(most, after.length - Math.min(caret, after.length))
  while (tail < mostTail && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++
  let head = 0
  while (head < most - tail && before[head] === after[head]) head++
  while (tail < most - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++
  // No character is cut in two: Yjs would make two broken ones of it.
  if (head > 0 && isHigh(before, head - 1)) head--
  if (tail > 0 && isHigh(before, before.length - tail - 1)) tail--
  return { at: head, removed: before.length - head - tail, inserted: after.slice(head, after.length - tail) }
}

const isHigh = (text: string, at: number) => /[\ud800-\udbff]/.test(text[at] ?? '')

/** Returns where a place is after a change. A place at which something is inserted stays before it. */
export function placeAfter(steps: readonly Step[], place: number): number {
  let at = 0
  let moved = place
  for (const { retain = 0, delete: removed = 0, insert } of steps) {
    if (at >= moved && retain === 0 && removed === 0) break
    at += retain
    if (removed > 0 && at < moved) moved -= Math.min(removed, moved - at)
    if (insert === undefined) continue
    const length = typeof insert === 'string' ? insert.length : 1
    if (at < moved) moved += length
    at += length
  }
  return moved
}
