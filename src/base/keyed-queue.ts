/**
 * Runs the tasks of each key one after the other, and different keys independently: writes to one tree are serial, and
 * trees do not wait for each other. A failed task does not stop its queue.
 */
export class KeyedQueue<Key> {
  private readonly tails = new Map<Key, Promise<unknown>>()
  /** How many tasks wait for earlier ones. */
  waiting = 0

  /** Runs `task` after all earlier tasks of this key, and settles as it does. */
  run<Result>(key: Key, task: () => Promise<Result>): Promise<Result> {
    const before = this.tails.get(key)
    return this.follow([key], before === undefined ? task() : this.after(before, task))
  }

  /** Runs `task` after all earlier tasks of all of these keys, and settles as it does. */
  runAll<Result>(keys: readonly Key[], task: () => Promise<Result>): Promise<Result> {
    const before = keys.flatMap((key) => this.tails.get(key) ?? [])
    return this.follow(keys, before.length === 0 ? task() : this.after(Promise.all(before), task))
  }

  /** Runs a task when those before it have ended, none of which rejects. */
  private after<Result>(before: Promise<unknown>, task: () => Promise<Result>): Promise<Result> {
    this.waiting++
    return before.then(() => {
      this.waiting--
      return task()
    })
  }

  /** Lets later tasks of these keys wait for a result. */
  private follow<Result>(keys: readonly Key[], result: Promise<Result>): Promise<Result> {
    const tail = result.then(
      () => {},
      () => {},
    )
    for (const key of keys) this.tails.set(key, tail)
    void tail.then(() => {
      for (const key of keys) if (this.tails.get(key) === tail) this.tails.delete(key)
    })
    return result
  }

  /** Resolves when no task is left. */
  async idle(): Promise<void> {
    // Ends when nobody adds a task any more. Each turn waits for all that were added.
    while (this.tails.size > 0) await Promise.all(this.tails.values())
  }
}
