/** What somebody changed in a text in an editor, as few replacements, so that what others type meanwhile stays. */
import type { Replacement } from '../../rpc/client/texts/edit-text.ts'

/** Pairs of lines that are compared: a second of work. Longer changes are one replacement. */
const mostPairs = 4_000_000

/** Returns replacements in ascending order that make one text of another: line by line, and within each by its letters. */
export function changesOf(before: string, after: string): Replacement[] {
  const [old, now] = [linesOf(before), linesOf(after)]
  const most = Math.min(old.length, now.length)
  let head = 0
  while (head < most && old[head] === now[head]) head++
  let tail = 0
  while (tail < most - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail++
  const start = lengthOf(old.slice(0, head))
  const [oldMiddle, newMiddle] = [old.slice(head, old.length - tail), now.slice(head, now.length - tail)]
  return hunks(oldMiddle, newMiddle).flatMap(({ from, to, lines }) => {
    const at = start + lengthOf(oldMiddle.slice(0, from))
    const replaced = oldMiddle.slice(from, to).join('')
    const text = lines.join('')
    return replaced === text ? [] : [trimmed(at, replaced, text)]
  })
}

const linesOf = (text: string) => text.split(/(?<=\n)/)
const lengthOf = (lines: readonly string[]) => lines.reduce((sum, { length }) => sum + length, 0)

interface Hunk {
  readonly from: number
  readonly to: number
  readonly lines: readonly string[]
}

/** Finds the lines that stay, by the longest common subsequence. */
function hunks(old: readonly string[], now: readonly string[]): Hunk[] {
  if (old.length * now.length > mostPairs) return [{ from: 0, to: old.length, lines: now }]
  const width = now.length + 1
  const longest = new Uint32Array((old.length + 1) * width)
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      longest[i * width + j] =
        old[i] === now[j]
          ? longest[(i + 1) * width + j + 1]! + 1
          : Math.max(longest[(i + 1) * width + j]!, longest[i * width + j + 1]!)
  const found: Hunk[] = []
  let [i, j] = [0, 0]
  let [from, first] = [0, 0]
  const end = () => {
    if (i > from || j > first) found.push({ from, to: i, lines: now.slice(first, j) })
  }
  while (i < old.length && j < now.length)
    if (old[i] === now[j]) {
      end()
      from = ++i
      first = ++j
    } else if (longest[(i + 1) * width + j]! >= longest[i * width + j + 1]!) i++
    else j++
  ;[i, j] = [old.length, now.length]
  end()
  return found
}

/** Leaves out what both begin and end with, but cuts no character in two. */
function trimmed(at: number, replaced: string, text: string): Replacement {
  const most = Math.min(replaced.length, text.length)
  let head = 0
  while (head < most && replaced[head] === text[head]) head++
  if (head > 0 && isHigh(replaced, head - 1)) head--
  let tail = 0
  while (tail < most - head && replaced[replaced.length - 1 - tail] === text[text.length - 1 - tail]) tail++
  if (tail > 0 && isHigh(replaced, replaced.length - tail - 1)) tail--
  return { from: at + head, to: at + replaced.length - tail, text: text.slice(head, text.length - tail) }
}

const isHigh = (text: string, at: number) => /[\ud800-\udbff]/.test(text[at] ?? '')
