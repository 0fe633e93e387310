/**
 * Lets the event loop turn between the steps of long work. It counts work and not time, so that a run from one seed is
 * always the same.
 */
import { setImmediate } from 'node:timers/promises'

export class Turns {
  private readonly done: () => number
  private readonly most: number
  private doneBefore: number

  /** `done` returns how much work was done so far, and a turn has about `most` of it. */
  constructor(done: () => number, most: number) {
    this.done = done
    this.most = most
    this.doneBefore = done()
  }

  /** Returns a promise of the next turn of the event loop if this one has had its share of work, else undefined. */
  next(): Promise<void> | undefined {
    const done = this.done()
    if (done - this.doneBefore < this.most) return undefined
    this.doneBefore = done
    return setImmediate()
  }
}
