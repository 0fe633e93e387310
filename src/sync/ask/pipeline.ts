/**
 * Runs a bounded number of tasks at once over a stream: `add` waits for room, which is how backpressure reaches
 * whoever feeds it. The first failure is told at the next `add` or at `drain`.
 */
export class Pipeline {
  private readonly limit: number
  private readonly running = new Set<Promise<void>>()
  private failed = false
  private failure: unknown

  constructor(limit: number) {
    this.limit = limit
  }

  /** Starts the task when there is room, or as much as `limit` says now. Rejects with the first failure so far. */
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

  /** Waits until one more task may start; never rejects. */
  async room(limit = () => this.limit): Promise<void> {
    while (this.running.size >= limit()) await Promise.race(this.running)
  }

  /** Waits until nothing runs; never rejects. */
  async settle(): Promise<void> {
    while (this.running.size > 0) await Promise.all(this.running)
  }

  /** Waits until nothing runs; rejects with the first failure. */
  async drain(): Promise<void> {
    await this.settle()
    if (this.failed) throw this.failure
  }
}
