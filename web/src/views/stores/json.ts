/**
 * JSON as people read it: one value a line, indented. The text itself is laid out, not what it says, so numbers stay as
 * they were written and names that come twice stay two.
 */

/** Deeper ones would become mostly spaces, and one of 64 KiB a gigabyte of them. */
const deepest = 32

/** Returns the text laid out, or undefined if it is no JSON, or nested too deeply. */
export function prettyJson(text: string): string | undefined {
  if (depthOf(text) > deepest) return undefined
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  const parts: string[] = []
  let depth = 0
  let wasOpening = false
  const line = () => `\n${'  '.repeat(depth)}`
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    if (/\s/.test(sign)) continue
    const isOpening = sign === '{' || sign === '['
    const isClosing = sign === '}' || sign === ']'
    if (isClosing) depth--
    // Brackets with nothing between stay on one line.
    if (wasOpening !== isClosing) parts.push(line())
    if (sign === '"') {
      const end = endOfString(text, at)
      parts.push(text.slice(at, end))
      at = end - 1
    } else parts.push(sign === ':' ? ': ' : sign)
    if (isOpening) depth++
    if (sign === ',') parts.push(line())
    wasOpening = isOpening
  }
  return parts.join('')
}

function endOfString(text: string, start: number): number {
  let at = start + 1
  // Ends with the string, which is whole in JSON.
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** Returns how deep brackets are nested, as far as strings do not hide them. */
function depthOf(text: string): number {
  let depth = 0
  let most = 0
  for (let at = 0; at < text.length; at++) {
    const sign = text[at]!
    if (sign === '"') at = endOfString(text, at) - 1
    else if (sign === '{' || sign === '[') most = Math.max(most, ++depth)
    else if (sign === '}' || sign === ']') depth--
  }
  return most
}
