/**
 * Runs a bounded number of tasks at a time over a stream. `add` waits for room, which puts backpressure on its caller.
 * The first failure is thrown by the next `add` or by `drain`.
 */
export class Pipeline {
  private readonly limit: number
  private readonly running = new Set<Promise<void>>()
  private failed = false
  private failure: unknown

  constructor(limit: number) {
    this.limit = limit
  }

  /** Starts a task once fewer than `limit()` run. Rejects with the first failure so far. */
  async add(task: () => Promise<void>, limit = () => this.limit): Promise<void> {
    await this.room(limit)
    if (this.failed) throw this.failure
    const running = task()
      .catch((error: unknown) => {
        if (this.failed) return
        this.failed = true
        this.failure = error
      })
      .finally(() => this.running.delete(running))
    this.running.add(running)
  }

  /** Waits until another task may start. Never rejects. */
  async room(limit = () => this.limit): Promise<void> {
    // Ends: each turn waits for the end of a task.
    while (this.running.size >= limit()) await Promise.race(this.running)
  }

  /** Waits until no task runs. Never rejects. */
  async settle(): Promise<void> {
    // Ends: each turn waits for the end of all tasks, and nobody starts one meanwhile.
    while (this.running.size > 0) await Promise.all(this.running)
  }

  /** Waits until no task runs. Rejects with the first failure. */
  async drain(): Promise<void> {
    await this.settle()
    if (this.failed) throw this.failure
  }
}
