/** Numbers that people type to add them. */

/** Returns a number that can be added, or undefined. */
export function wholeNumber(text: string): bigint | undefined {
  if (!/^[+-]?\d{1,16}$/.test(text.trim())) return undefined
  const number = BigInt(text.trim().replace('+', ''))
  return number >= -(2n ** 52n) && number < 2n ** 52n ? number : undefined
}
