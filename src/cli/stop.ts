/**
 * How long-running commands hear signals: the first of some asks them to finish, the second ends the process; SIGHUP may
 * ask for something else.
 */

/** Resolves with the first of these signals. */
export async function untilStopped(
  signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP'],
): Promise<void> {
  let asked = false
  await new Promise<void>((resolve) => {
    const stop = () => {
      if (asked) process.exit(1)
      asked = true
      resolve()
    }
    for (const signal of signals) process.on(signal, stop)
  })
}

/** Hears SIGHUP from now on, so that it does not end the process. One that comes before `follow` is kept until then. */
export class HangUps implements Disposable {
  private came = false
  private listener = () => {
    this.came = true
  }
  private readonly onSignal = () => this.listener()

  constructor() {
    process.on('SIGHUP', this.onSignal)
  }

  follow(listener: () => void): void {
    this.listener = listener
    if (this.came) listener()
  }

  [Symbol.dispose](): void {
    process.off('SIGHUP', this.onSignal)
  }
}
