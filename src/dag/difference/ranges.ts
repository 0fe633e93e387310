/**
 * The last resort of reconciliation: for a difference that no sketch decodes, for a first sync, and for a repair. Both
 * peers cut their entries, ascending by (height, id), into chunks at places that only the ids decide. Equal chunks have
 * equal fingerprints, so only the ids of the other ranges have to be sent.
 *
 * A chunk ends at an id whose last 10 bits are 0 (byte 31 is 0, and the low 2 bits of byte 30), or at 8,192 entries.
 * Its fingerprint is the first 16 bytes of SHA-256 over "causeway.range.v1" NUL and its ids in order. Finding two sets
 * with one fingerprint costs 2^64 hashes, and an id determines its height. An attacker that grinds ids which never end
 * a chunk gets chunks of 8,192, where a difference spreads to the next true boundary; that costs bytes, but memory
 * stays bounded.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'

/** An entry's position in the stream. */
export interface RangeKey {
  readonly height: number
  /** 32 bytes. */
  readonly id: Uint8Array
}

/** A run of entries that begins after the previous chunk and ends with `last`. */
export interface RangeChunk {
  readonly last: RangeKey
  readonly count: number
  readonly fingerprint: Uint8Array
}

/** The entries after `after` up to and including `through`. Undefined is the start or end of the compared range. */
export interface RangeDifference {
  readonly after: RangeKey | undefined
  readonly through: RangeKey | undefined
}

const idBytes = 32
const fingerprintBytes = 16
const domain = new TextEncoder().encode('causeway.range.v1\0')

/** Compares by height, then by the id's bytes. */
export function compareKeys(a: RangeKey, b: RangeKey): number {
  if (a.height !== b.height) return a.height - b.height
  for (let n = 0; n < idBytes; n++) if (a.id[n] !== b.id[n]) return a.id[n]! - b.id[n]!
  return 0
}

/** Returns the fingerprint of a chunk with these ids, in order. */
export function fingerprintOf(ids: Uint8Array, sha256: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const bytes = new Uint8Array(domain.length + ids.length)
  bytes.set(domain)
  bytes.set(ids, domain.length)
  return new Uint8Array(sha256(bytes).subarray(0, fingerprintBytes))
}

/** Cuts a stream of entries into chunks. It holds the ids of only one chunk. */
export class RangeChunker {
  private readonly sha256: (bytes: Uint8Array) => Uint8Array
  private buffer = new Uint8Array(domain.length + 1024 * idBytes)
  private length = domain.length
  private last: RangeKey | undefined

  constructor(sha256: (bytes: Uint8Array) => Uint8Array) {
    this.sha256 = sha256
    this.buffer.set(domain)
  }

  /** Adds the next entry of the stream. Returns the chunk that the entry ends, if it ends one. */
  push(height: number, id: Uint8Array): RangeChunk | undefined {
    const key = { height, id }
    if (id.length !== idBytes)
      throw new CausewayError('INVALID_ARGUMENT', `An entry id is 32 bytes, got ${id.length}.`)
    if (this.last !== undefined && compareKeys(this.last, key) >= 0)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        'Entries are chunked in ascending (height, id) order, got one out of order.',
      )
    if (this.length + idBytes > this.buffer.length) {
      const larger = new Uint8Array(this.buffer.length * 2)
      larger.set(this.buffer)
      this.buffer = larger
    }
    this.buffer.set(id, this.length)
    this.length += idBytes
    this.last = key
    const ends = id[31] === 0 && (id[30]! & 3) === 0
    return ends || this.count() === limits.rangeChunkMaxEntries ? this.cut() : undefined
  }

  /** Returns the unfinished chunk, if any. Call it after the last entry that is wanted. */
  finish(): RangeChunk | undefined {
    return this.count() > 0 ? this.cut() : undefined
  }

  private count(): number {
    return (this.length - domain.length) / idBytes
  }

  private cut(): RangeChunk {
    const hash = this.sha256(this.buffer.subarray(0, this.length))
    const fingerprint = new Uint8Array(hash.subarray(0, fingerprintBytes))
    const chunk = { last: this.last!, count: this.count(), fingerprint }
    this.length = domain.length
    return chunk
  }
}

/**
 * Returns where two chunk lists of one range, from the same `after` to the same end, differ: in ascending order, with
 * adjacent differences joined. Nothing outside them differs, unless a fingerprint was forged. Throws PROTOCOL.
 */
export function compareChunks(
  after: RangeKey | undefined,
  ours: readonly RangeChunk[],
  theirs: readonly RangeChunk[],
): RangeDifference[] {
  checkChunks(after, theirs)
  const differences: RangeDifference[] = []
  let start = after
  let differs = false
  let our = 0
  let their = 0
  // The ends that both lists share cut them into segments. A segment is equal if it is the same single chunk in both.
  // Ends: each turn moves on in one of the lists.
  while (our < ours.length && their < theirs.length) {
    const a = ours[our]!
    const b = theirs[their]!
    const order = compareKeys(a.last, b.last)
    if (order === 0 && !differs && isSame(a, b)) {
      start = a.last
    } else if (order !== 0) {
      differs = true
    } else {
      addDifference(differences, start, a.last)
      start = a.last
      differs = false
    }
    if (order <= 0) our++
    if (order >= 0) their++
  }
  if (differs || our < ours.length || their < theirs.length) addDifference(differences, start, undefined)
  return differences
}

function isSame(a: RangeChunk, b: RangeChunk): boolean {
  return a.count === b.count && a.fingerprint.every((byte, n) => byte === b.fingerprint[n])
}

function addDifference(
  differences: RangeDifference[],
  after: RangeKey | undefined,
  through?: RangeKey,
): void {
  const previous = differences.at(-1)
  if (previous !== undefined && previous.through === after)
    differences[differences.length - 1] = { after: previous.after, through }
  else differences.push({ after, through })
}

/** Throws PROTOCOL unless a peer's chunks are valid and ascend; else we would read the same ranges again and again. */
export function checkChunks(after: RangeKey | undefined, chunks: readonly RangeChunk[]): void {
  let previous = after
  for (const { last, count, fingerprint } of chunks) {
    if (
      last.id.length !== idBytes ||
      fingerprint.length !== fingerprintBytes ||
      !(count > 0 && count <= limits.rangeChunkMaxEntries)
    )
      throw new CausewayError('PROTOCOL', "A chunk of the peer's range is malformed.")
    if (previous !== undefined && compareKeys(previous, last) >= 0)
      throw new CausewayError('PROTOCOL', "The chunks of the peer's range do not ascend.")
    previous = last
  }
}
