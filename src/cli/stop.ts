/** How commands that stay are stopped: SIGTERM or SIGINT once asks, twice insists. */
export async function untilStopped(): Promise<void> {
  let asked = false
  await new Promise<void>((resolve) => {
    const stop = () => {
      if (asked) process.exit(1)
      asked = true
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
