/**
 * What judging reads of every policy entry, as columns of numbers. A judgement visits thousands of policy entries, and
 * as objects each visit would wait for memory.
 */
import type { Amounts } from './amounts.ts'

/** An entry's author, and its place among the author's policy entries. */
interface Written {
  readonly author: number
  readonly place: number
}

export class PolicyColumns {
  /** The number of the author. */
  readonly authors: number[] = []
  readonly places: number[] = []
  /** How senior the entry is in a set without void entries: 0 for the root, else 1 + the least of its supports. */
  readonly seniority: number[] = []
  /** The head of the list of the entries that it supports, -1 if there is none: an index into the next two columns. */
  readonly juniors: number[] = []
  readonly junior: number[] = []
  readonly nextJunior: number[] = []
  private readonly revocations: number[] = []
  private readonly links: number[] = []
  private readonly keys: number[] = []

  /** Adds the next policy entry. `counts` are its revocations, links and keys. */
  add(
    supports: readonly number[],
    { author, place }: Written,
    counts: readonly [revocations: number, links: number, keys: number],
  ): void {
    const number = this.authors.length
    let seniority = number === 0 ? 0 : Number.POSITIVE_INFINITY
    for (const support of supports) {
      seniority = Math.min(seniority, 1 + this.seniority[support]!)
      this.nextJunior.push(this.juniors[support]!)
      this.juniors[support] = this.junior.push(number) - 1
    }
    this.authors.push(author)
    this.places.push(place)
    this.seniority.push(seniority)
    this.juniors.push(-1)
    this.revocations.push(counts[0])
    this.links.push(counts[1])
    this.keys.push(counts[2])
  }

  /** Returns what the bounds count of these policy entries. */
  amountsOf(numbers: readonly number[]): Amounts {
    let [revocations, links, keys] = [0, 0, 0]
    for (const number of numbers) {
      revocations += this.revocations[number]!
      links += this.links[number]!
      keys += this.keys[number]!
    }
    return { entries: numbers.length, revocations, links, keys }
  }
}
