/**
 * Turns a task that reports progress by calls into a stream that an RPC can answer with: progress is coalesced, so
 * that a slow reader costs no memory, and the last item is the result.
 */
export type Step<Progress, Result> = { readonly progress: Progress } | { readonly result: Result }

export async function* feed<Progress, Result>(
  task: (report: (progress: Progress) => void) => Promise<Result>,
): AsyncGenerator<Step<Progress, Result>> {
  let latest: { progress: Progress } | undefined
  let wake = () => {}
  let ended = false
  const running = task((progress) => {
    latest = { progress }
    wake()
  }).finally(() => {
    ended = true
    wake()
  })
  // Told when the stream is read to its end; a reader that leaves early must not leave an unhandled rejection.
  running.catch(() => {})
  while (!ended) {
    if (latest === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      continue
    }
    const step = latest
    latest = undefined
    yield step
  }
  yield { result: await running }
}
