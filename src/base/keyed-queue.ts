/**
 * Runs the tasks of each key one after the other, and different keys independently: writes to one tree are serial, and
 * trees do not wait for each other. A failed task does not stop its queue.
 */
export class KeyedQueue<Key> {
  private readonly tails = new Map<Key, Promise<unknown>>()

  /** Runs `task` after all earlier tasks of this key, and settles as it does. */
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

  /** Resolves when no task is left. */
  async idle(): Promise<void> {
    // Ends when nobody adds a task any more. Each turn waits for all that were added.
    while (this.tails.size > 0) await Promise.all(this.tails.values())
  }
}
