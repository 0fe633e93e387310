/** How long-running commands stop: the first SIGTERM, SIGINT or SIGHUP asks them to finish, the second ends the process. */
export async function untilStopped(): Promise<void> {
  let asked = false
  await new Promise<void>((resolve) => {
    const stop = () => {
      if (asked) process.exit(1)
      asked = true
      resolve()
    }
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
  })
}
