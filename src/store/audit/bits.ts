/** A set of whole numbers at a bit each, in blocks that exist only where something is: one stray number costs little. */
const blockBits = 8192

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
