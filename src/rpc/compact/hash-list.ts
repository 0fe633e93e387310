/**
 * The numbers of hashes of 32 bytes, as the writer of a compact page needs them. It finds a hash by its first bytes in a
 * small table, since a map would need a text for each.
 */

/** How many places of the table are tried. Who grinds hashes that share a place makes the page longer, not slower. */
const tries = 16

export class HashList {
  /** The hashes, one after the other. */
  private bytes: Buffer
  private count = 0
  /** For each place 1 + the number of a hash from the start, or 0. */
  private readonly places: Uint16Array
  private readonly mask: number

  /** `expected` is how many hashes there will be, about; up to 65,535 of them are found again. */
  constructor(expected: number) {
    const places = 2 ** Math.ceil(Math.log2(2 * Math.max(8, Math.min(expected, 32_768))))
    this.places = new Uint16Array(places)
    this.mask = places - 1
    this.bytes = Buffer.allocUnsafe(32 * (1 + expected))
  }

  /** Returns how many hashes back this one is, 1 for the latest, or 0 if it is not found. */
  back(bytes: Uint8Array, at: number): number {
    const first = placeOf(bytes, at)
    for (let step = 0; step < tries; step++) {
      const place = this.places[(first + step) & this.mask]!
      if (place === 0) return 0
      if (this.isAt(place - 1, bytes, at)) return this.count - place + 1
    }
    return 0
  }

  add(bytes: Uint8Array, at: number): void {
    const start = this.room()
    for (let index = 0; index < 32; index++) this.bytes[start + index] = bytes[at + index]!
    this.enter(start)
  }

  addHex(hash: string): void {
    const start = this.room()
    this.bytes.write(hash, start, 'hex')
    this.enter(start)
  }

  /** Returns where the next hash goes. */
  private room(): number {
    const start = 32 * this.count++
    if (start === this.bytes.length) this.bytes = Buffer.concat([this.bytes], 2 * start)
    return start
  }

  private enter(start: number): void {
    if (this.count > 0xffff) return
    const first = placeOf(this.bytes, start)
    for (let step = 0; step < tries; step++) {
      const place = (first + step) & this.mask
      if (this.places[place] !== 0) continue
      this.places[place] = this.count
      return
    }
  }

  private isAt(index: number, bytes: Uint8Array, at: number): boolean {
    for (let step = 0; step < 32; step++) if (this.bytes[32 * index + step] !== bytes[at + step]) return false
    return true
  }
}

function placeOf(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
}
