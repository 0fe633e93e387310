/** Sizes on the command line, such as `500M` or `10G`. The units are powers of 1,024. */
import { InvalidArgumentError } from 'commander'

const units: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

export function parseByteSize(text: string): number {
  const [, digits, unit] = /^(\d{1,12})([KMGT]?)$/.exec(text) ?? []
  const bytes = Number(digits) * (units[unit ?? ''] ?? Number.NaN)
  if (!Number.isSafeInteger(bytes))
    throw new InvalidArgumentError('Expected a number of bytes, such as 500M or 10G.')
  return bytes
}

/** Formats a size in the largest unit of which it is a whole multiple. */
export function formatByteSize(bytes: number): string {
  const [unit, size] = Object.entries(units).findLast(([, size]) => bytes % size === 0)!
  return `${bytes / size}${unit}`
}
