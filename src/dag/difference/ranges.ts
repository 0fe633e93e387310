/**
 * The last resort of reconciliation, for a difference that no sketch decodes, for a clone and for a repair. Both
 * peers cut their entries, ascending by (height, id), into chunks at places that the ids alone decide; equal
 * chunks have equal fingerprints, and only the ranges of the others need their ids told.
 *
 * A chunk ends at an id whose last 10 bits are 0 (byte 31 is 0, and the low 2 bits of byte 30), or at 8,192
 * entries. Its fingerprint is the first 16 bytes of SHA-256 over "causeway.range.v1" NUL and its ids in order:
 * two sets of one fingerprint cost 2^64 hashes to find, and an id stands for its height. Somebody who grinds ids
 * that never end a chunk gets chunks of 8,192, and a difference among those spreads to the next true boundary;
 * that costs bytes, and memory stays bounded.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'

/** An entry's place in the stream. */
export interface RangeKey {
  readonly height: number
  /** 32 bytes. */
  readonly id: Uint8Array
}

/** A run of entries that ends with `last` and begins after the chunk before it. */
export interface RangeChunk {
  readonly last: RangeKey
  readonly count: number
  readonly fingerprint: Uint8Array
}

/** The entries after `after` up to and with `through`; undefined for the end of the range that was compared. */
export interface RangeDifference {
  readonly after: RangeKey | undefined
  readonly through: RangeKey | undefined
}

const idBytes = 32
const fingerprintBytes = 16
const domain = new TextEncoder().encode('causeway.range.v1\0')

/** Ascending by height, then by the id's bytes. */
export function compareKeys(a: RangeKey, b: RangeKey): number {
  if (a.height !== b.height) return a.height - b.height
  for (let n = 0; n < idBytes; n++) if (a.id[n] !== b.id[n]) return a.id[n]! - b.id[n]!
  return 0
}

/** The fingerprint of a chunk with these ids, in order. */
export function fingerprintOf(ids: Uint8Array, sha256: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  const bytes = new Uint8Array(domain.length + ids.length)
  bytes.set(domain)
  bytes.set(ids, domain.length)
  return new Uint8Array(sha256(bytes).subarray(0, fingerprintBytes))
}

/** Cuts a stream of entries into chunks; it holds the ids of one chunk. */
export class RangeChunker {
  private readonly sha256: (bytes: Uint8Array) => Uint8Array
  private buffer = new Uint8Array(domain.length + 1024 * idBytes)
  private length = domain.length
  private last: RangeKey | undefined

  constructor(sha256: (bytes: Uint8Array) => Uint8Array) {
    this.sha256 = sha256
    this.buffer.set(domain)
  }

  /** The next entry of the stream; the chunk that it ends, if it does. */
  push(height: number, id: Uint8Array): RangeChunk | undefined {
    const key = { height, id }
    if (id.length !== idBytes)
      throw new CausewayError('INVALID_ARGUMENT', `An entry id is 32 bytes, got ${id.length}.`)
    if (this.last !== undefined && compareKeys(this.last, key) >= 0)
      throw new CausewayError('INVALID_ARGUMENT', 'Entries are chunked in ascending (height, id) order.')
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

  /** What is left when the stream, or the part of it that is wanted, is over. */
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
 * Where two chunk lists of one range, from the same `after` to the same end, differ: ascending, and with
 * neighbours joined. Nothing outside them differs, unless a fingerprint was forged.
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
  // Ends that both lists share cut them into segments; a segment is equal if it is one same chunk in both.
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

/** A peer's list must move forward, or its ranges would be read again and again. */
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
