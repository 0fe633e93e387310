/**
 * The numbers of hashes of 32 bytes, as the writer of a compact page needs them. It finds a hash by its first bytes in a
 * small table, since a map would need a text for each.
 */

/** How many places of the table are tried. Who grinds hashes that share a place makes the page longer, not slower. */
const tries = 16

export class HashList {
  private readonly hashes: Uint8Array[] = []
  /** For each place 1 + the index of a hash, or 0. */
  private readonly places: Uint16Array
  private readonly mask: number

  /** `most` is how many hashes there will be at most; up to 65,535 of them are found again. */
  constructor(most: number) {
    const places = 2 ** Math.ceil(Math.log2(2 * Math.max(8, Math.min(most, 32_768))))
    this.places = new Uint16Array(places)
    this.mask = places - 1
  }

  /** Returns how many hashes back this one is, 1 for the latest, or 0 if it is not found. */
  back(bytes: Uint8Array, at: number): number {
    const first = placeOf(bytes, at)
    for (let step = 0; step < tries; step++) {
      const place = this.places[(first + step) & this.mask]!
      if (place === 0) return 0
      if (sameHash(this.hashes[place - 1]!, bytes, at)) return this.hashes.length - place + 1
    }
    return 0
  }

  add(hash: Uint8Array): void {
    const index = this.hashes.push(hash)
    if (index > 0xffff) return
    const first = placeOf(hash, 0)
    for (let step = 0; step < tries; step++) {
      const place = (first + step) & this.mask
      if (this.places[place] !== 0) continue
      this.places[place] = index
      return
    }
  }
}

function placeOf(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
}

function sameHash(hash: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < 32; index++) if (hash[index] !== bytes[at + index]) return false
  return true
}
