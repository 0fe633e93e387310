/**
 * Entries with made-up ids and signatures, for benchmarks of finding the difference, where signing and verifying would
 * only hide it. Of each it keeps the id, the height and the parents; the bytes are made again when they are asked for,
 * and a signature carries its entry's number, so that either side finds the entry without verifying.
 */
import { encodeBody } from '../src/dag/body.ts'
import type { SignedEntry, VerifiedEntry } from '../src/dag/entry.ts'
import type { EntryId, TreeId } from '../src/dag/id.ts'
import type { PeerId } from '../src/dag/identity.ts'
import { below, prng } from '../test/kit/entries.ts'

/** An entry before its bytes are made. */
export interface Forged {
  readonly number: number
  readonly id: EntryId
  readonly height: number
  readonly parents: readonly Forged[]
}

export class Forge {
  readonly entries: Forged[] = []
  /** What a shape draws its lots from. */
  readonly lots: () => number
  private readonly random: () => number
  private readonly payload: Uint8Array
  private readonly author = '11'.repeat(32) as PeerId

  constructor(seed = 7, payloadBytes = 100) {
    this.random = prng(seed)
    this.lots = prng(seed + 1)
    this.payload = new Uint8Array(payloadBytes)
  }

  get tree(): TreeId {
    return this.entries[0]!.id as unknown as TreeId
  }

  add(parents: readonly Forged[]): Forged {
    const id = Array.from({ length: 8 }, () =>
      below(this.random, 0x1_0000_0000).toString(16).padStart(8, '0'),
    ).join('') as EntryId
    let height = 0
    for (const parent of parents) height = Math.max(height, parent.height + 1)
    const entry = { number: this.entries.length, id, height, parents }
    this.entries.push(entry)
    return entry
  }

  /** The whole entry. */
  verified({ number, id, height, parents }: Forged): VerifiedEntry {
    const body = {
      version: 1,
      tree: number === 0 ? undefined : this.tree,
      parents: [...new Set(parents.map((parent) => parent.id))].sort(),
      height,
      author: this.author,
      createdAtMs: 1_700_000_000_000 + number,
      policy: [],
      changes: [{ store: 'log', kind: 'add', payload: this.payload }],
      nonce: new Uint8Array(0),
    }
    const signature = new Uint8Array(64)
    new DataView(signature.buffer).setUint32(0, number)
    return {
      id,
      tree: this.tree,
      signed: { body: encodeBody(body), signature },
      body,
    } as unknown as VerifiedEntry
  }

  find({ signature }: SignedEntry): VerifiedEntry {
    const number = new DataView(signature.buffer, signature.byteOffset).getUint32(0)
    return this.verified(this.entries[number]!)
  }
}
