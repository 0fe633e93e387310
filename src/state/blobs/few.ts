/** A few tasks that go on beside a loop. The first failure is thrown where the loop adds the next one, or waits for all. */
export class Few {
  private readonly atOnce: number
  private readonly tasks = new Set<Promise<void>>()
  private failure: { readonly error: unknown } | undefined

  constructor(atOnce: number) {
    this.atOnce = atOnce
  }

  /** Adds a task, and waits while there are too many. Throws the first failure. */
  async add(run: Promise<unknown>): Promise<void> {
    const task: Promise<void> = run
      .then(() => {})
      .catch((error) => {
        this.failure ??= { error }
      })
      .finally(() => this.tasks.delete(task))
    this.tasks.add(task)
    if (this.tasks.size >= this.atOnce) await Promise.race(this.tasks)
    if (this.failure !== undefined) throw this.failure.error
  }

  /** Waits for all. Throws the first failure. */
  async all(): Promise<void> {
    await this.settled()
    if (this.failure !== undefined) throw this.failure.error
  }

  async settled(): Promise<void> {
    await Promise.all(this.tasks)
  }
}
