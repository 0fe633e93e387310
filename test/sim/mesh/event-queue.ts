/** Virtual time for a model without promises: a heap of what happens when, so that millions of events take seconds. */

interface Event {
  readonly atMs: number
  /** Of two events at one time, the one that was planned first runs first. */
  readonly order: number
  readonly run: () => void
}

export class EventQueue {
  nowMs = 0
  private readonly heap: Event[] = []
  private planned = 0

  after(ms: number, run: () => void): void {
    const event = { atMs: this.nowMs + ms, order: this.planned++, run }
    const { heap } = this
    let at = heap.length
    while (at > 0 && isBefore(event, heap[(at - 1) >> 1]!)) {
      heap[at] = heap[(at - 1) >> 1]!
      at = (at - 1) >> 1
    }
    heap[at] = event
  }

  /** Lets time pass: runs what is planned for it, in order. */
  run(ms: number): void {
    const untilMs = this.nowMs + ms
    while (this.heap.length > 0 && this.heap[0]!.atMs <= untilMs) {
      const event = this.take()
      this.nowMs = event.atMs
      event.run()
    }
    this.nowMs = untilMs
  }

  private take(): Event {
    const { heap } = this
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
    return first
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
