/** A tree that fits into no buffer on its way: 6 MB that cannot be compressed, the same in every process. */
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import { prng, TreeBuilder } from './entries.ts'

export function largeTree(): VerifiedEntry[] {
  const random = prng(9)
  const builder = new TreeBuilder({ seed: 'large' })
  while (builder.entries.length < 400) {
    const payload = new Uint8Array(new Uint32Array(4_096).map(() => random() * 2 ** 32).buffer)
    builder.add([builder.last], { payload })
  }
  return builder.entries
}
