/** The order of keys: that of their bytes, as the node lists them. */

/** Compares keys by their bytes in UTF-8, where surrogates come after all other units. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (one === other) continue
    const [isPair, isOtherPair] = [isSurrogate(one), isSurrogate(other)]
    return isPair === isOtherPair ? one - other : isPair ? 1 : -1
  }
  return a.length - b.length
}

const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff
