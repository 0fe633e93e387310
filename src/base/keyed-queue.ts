/**
 * Runs tasks one after the other for each key, and independently across keys: writes to one tree are serial,
 * trees do not wait for each other. A task that fails leaves its queue working.
 */
export class KeyedQueue<Key> {
  private readonly tails = new Map<Key, Promise<unknown>>()

  /** Runs `task` when all earlier tasks of this key have ended; resolves or rejects with it. */
  run<Result>(key: Key, task: () => Promise<Result>): Promise<Result> {
    const before = this.tails.get(key)
    const result = before === undefined ? task() : before.then(task, task)
    const tail = result.then(
      () => {},
      () => {},
    )
    this.tails.set(key, tail)
    void tail.then(() => {
      if (this.tails.get(key) === tail) this.tails.delete(key)
    })
    return result
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.tails.size > 0) await Promise.all(this.tails.values())
  }
}
