/** How long-running commands stop: the first SIGTERM or SIGINT asks them to finish, the second ends the process. */
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
