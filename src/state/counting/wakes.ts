/** When somebody who follows a tree's state has to look: as it changes, and when a sign of life is due. */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { Views } from '../view.ts'

/**
 * Yields at once, whenever the view of a tree counts further, and limits.signOfLifeMs after `sentAt`, until the signal
 * fires.
 */
export async function* wakes(
  views: Views,
  clock: Clock,
  tree: TreeId,
  sentAt: () => number,
  signal: AbortSignal,
): AsyncGenerator<void> {
  let changed = true
  let wake = () => {}
  const stop = views.subscribe((which) => {
    if (which !== tree) return
    changed = true
    wake()
  })
  const onAbort = () => wake()
  signal.addEventListener('abort', onAbort)
  try {
    // Ends with the call. Each turn yields a change, or waits for one or for the time of a sign of life.
    while (!signal.aborted) {
      if (!changed) {
        await new Promise<void>((resolve) => {
          const cancelTimer = clock.setTimer(
            Math.max(0, sentAt() + limits.signOfLifeMs - clock.monotonic()),
            () => resolve(),
          )
          wake = () => {
            cancelTimer()
            resolve()
          }
        })
        if (signal.aborted) return
      }
      changed = false
      yield
    }
  } finally {
    stop()
    signal.removeEventListener('abort', onAbort)
  }
}
