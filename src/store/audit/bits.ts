/**
 * A set of whole numbers that takes a bit for each. The bits are in blocks, and a block exists only if it holds a
 * number, so one stray number costs little.
 */
const blockBits = 8192

/** A set of whole numbers from 0. */
export class Bits {
  private readonly blocks = new Map<number, Uint8Array>()

  has(number: number): boolean {
    const block = this.blocks.get(Math.floor(number / blockBits))
    return block !== undefined && (block[(number % blockBits) >> 3]! & (1 << (number & 7))) !== 0
  }

  add(number: number): void {
    const at = Math.floor(number / blockBits)
    let block = this.blocks.get(at)
    if (block === undefined) {
      block = new Uint8Array(blockBits / 8)
      this.blocks.set(at, block)
    }
    block[(number % blockBits) >> 3]! |= 1 << (number & 7)
  }
}
