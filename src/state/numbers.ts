/** Which number a version is: its value, if that is one in decimal digits, and what was added to it. */
import { addInt64 } from './key-state.ts'

const integerText = /^(0|-?[1-9][0-9]{0,18})$/

/** Returns the sum of a number and of adds modulo 2^64 as an int64, or undefined if there is neither. */
export function sumOf(adds: bigint | undefined, base: bigint | undefined): bigint | undefined {
  return base === undefined ? adds : addInt64(base, adds ?? 0n)
}

/** Returns the int64 that a value is, or undefined if it is none. */
export function integerOf(value: Uint8Array): bigint | undefined {
  if (value.length === 0 || value.length > 20) return undefined
  const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('latin1')
  if (!integerText.test(text)) return undefined
  const number = BigInt(text)
  return BigInt.asIntN(64, number) === number ? number : undefined
}
