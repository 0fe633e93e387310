/**
 * Entries with made-up ids and signatures, for benchmarks of finding the difference, where signing and verifying would
 * hide that cost. A forge keeps only the id, the height and the parents of each entry and makes the bytes on demand. A
 * signature carries the number of its entry, so that both sides find the entry without verifying.
 */
import { PublicAccess } from '../gen/causeway/v1/entry_pb.ts'
import { encodeBody } from '../src/dag/body.ts'
import { readEntry, type SignedEntry, signRoot, type VerifiedEntry } from '../src/dag/entry.ts'
import type { EntryId, TreeId } from '../src/dag/id.ts'
import { below, prng, testIdentity } from '../test/kit/entries.ts'

/** An entry before its bytes are made. */
export interface Forged {
  readonly number: number
  readonly id: EntryId
  readonly height: number
  readonly parents: readonly Forged[]
}

export class Forge {
  readonly entries: Forged[] = []
  /** The source of a shape's random choices. */
  readonly lots: () => number
  private readonly random: () => number
  private readonly payload: Uint8Array
  /** Real except for its signature, because stores read the policy in it. */
  private readonly root: VerifiedEntry

  constructor(seed = 7, payloadBytes = 100) {
    this.random = prng(seed)
    this.lots = prng(seed + 1)
    this.payload = new Uint8Array(payloadBytes)
    const { body } = signRoot(testIdentity(0), {
      name: 'forged',
      publicAccess: PublicAccess.NONE,
      createdAtMs: 1_700_000_000_000,
      nonce: new Uint8Array(16).fill(seed),
    }).signed
    this.root = readEntry({ body, signature: new Uint8Array(64) }) as VerifiedEntry
  }

  get tree(): TreeId {
    return this.entries[0]!.id as unknown as TreeId
  }

  add(parents: readonly Forged[]): Forged {
    const id = this.entries.length === 0 ? this.root.id : this.madeUpId()
    let height = 0
    for (const parent of parents) height = Math.max(height, parent.height + 1)
    const entry = { number: this.entries.length, id, height, parents }
    this.entries.push(entry)
    return entry
  }

  private madeUpId(): EntryId {
    const words = Array.from({ length: 8 }, () => below(this.random, 0x1_0000_0000))
    return words.map((word) => word.toString(16).padStart(8, '0')).join('') as EntryId
  }

  /** Returns the whole entry, as if it had been verified. */
  verified({ number, id, height, parents }: Forged): VerifiedEntry {
    if (number === 0) return this.root
    const body = {
      version: 1,
      tree: this.tree,
      parents: [...new Set(parents.map((parent) => parent.id))].sort(),
      height,
      author: this.root.body.author,
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
