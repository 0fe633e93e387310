/**
 * Turns a task that reports progress by callback into a stream for an RPC's answer. Progress is coalesced, so that a
 * slow reader costs no memory. The last item is the result.
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
  // A reader that goes on to the end receives the error. One that leaves early must not cause an unhandled rejection.
  running.catch(() => {})
  // Ends with the task. Each turn yields progress or waits for it.
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
