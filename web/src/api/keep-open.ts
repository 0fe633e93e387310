/**
 * Keeps a stream of the node open: opens it again after it was lost, with growing pauses, and closes it while nobody
 * looks at the page. A stream that has gone silent for longer than the node ever is counts as lost.
 */
import { readKey, sessionOver } from './session.ts'

const firstPauseMs = 500
const longestPauseMs = 10_000
/** The node gives a sign of life after every 15 seconds of silence. */
const silenceMs = 40_000
/** How often the silence is measured. */
const listenMs = 1_000
/** A tab that is hidden for a moment keeps its streams. */
const hiddenMs = 20_000

export interface StreamHandlers<Message> {
  /** Opens the stream anew. */
  open(signal: AbortSignal): AsyncIterable<Message>
  onMessage(message: Message): void
  /**
   * Called when what was told may be old: the stream was lost. `error` is the reason, if it was not this page's. `heardAt`
   * is when the node was heard last.
   */
  onLost(error: unknown, heardAt: number): void
}

/** Keeps a stream open. Returns a function that ends it. */
export function keepOpen<Message>(handlers: StreamHandlers<Message>): () => void {
  const ended = new AbortController()
  void run(handlers, ended.signal)
  return () => ended.abort()
}

async function run<Message>(handlers: StreamHandlers<Message>, ended: AbortSignal): Promise<void> {
  let pauseMs = firstPauseMs
  let heardAt = Date.now()
  // Ends with the signal, or with the session.
  while (!ended.aborted && !sessionOver.get()) {
    if (readKey() === '') return sessionOver.set(true)
    const turn = new AbortController()
    const stopWatching = whenHidden(() => turn.abort())
    // A lost network ends no stream by itself, for minutes.
    addEventListener('offline', () => turn.abort(), { signal: turn.signal })
    const signal = AbortSignal.any([ended, turn.signal])
    const silence = new Silence(() => turn.abort())
    try {
      for await (const message of handlers.open(signal)) {
        if (signal.aborted) break
        heardAt = Date.now()
        silence.heard()
        handlers.onMessage(message)
        pauseMs = firstPauseMs
      }
      if (!ended.aborted) handlers.onLost(undefined, heardAt)
    } catch (error) {
      if (!ended.aborted) handlers.onLost(signal.aborted ? undefined : error, heardAt)
    } finally {
      silence.end()
      stopWatching()
      turn.abort()
    }
    await visible(ended)
    await pause(pauseMs, ended)
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
  }
}

/**
 * Measures how long a stream has been silent, by both clocks: the machine's own stands still while the machine sleeps, and
 * the one on the wall may be set back.
 */
class Silence {
  private readonly timer: ReturnType<typeof setInterval>
  private readonly onTooLong: () => void
  private wall = Date.now()
  private own = performance.now()

  constructor(onTooLong: () => void) {
    this.onTooLong = onTooLong
    this.timer = setInterval(this.measure, listenMs)
    // A page that is shown again after a sleep does not wait for its timers.
    document.addEventListener('visibilitychange', this.measure)
  }

  heard(): void {
    this.wall = Date.now()
    this.own = performance.now()
  }

  end(): void {
    clearInterval(this.timer)
    document.removeEventListener('visibilitychange', this.measure)
  }

  private readonly measure = (): void => {
    const silentMs = Math.max(Date.now() - this.wall, performance.now() - this.own)
    if (silentMs > silenceMs) this.onTooLong()
  }
}

/** Calls `close` once the page has been hidden for a while. Returns a function that ends this. */
function whenHidden(close: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const onChange = () => {
    clearTimeout(timer)
    if (document.visibilityState === 'hidden') timer = setTimeout(close, hiddenMs)
  }
  document.addEventListener('visibilitychange', onChange)
  onChange()
  return () => {
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', onChange)
  }
}

function visible(ended: AbortSignal): Promise<void> {
  if (document.visibilityState === 'visible' || ended.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const onChange = () => {
      if (document.visibilityState !== 'visible' && !ended.aborted) return
      document.removeEventListener('visibilitychange', onChange)
      ended.removeEventListener('abort', onChange)
      resolve()
    }
    document.addEventListener('visibilitychange', onChange)
    ended.addEventListener('abort', onChange)
  })
}

function pause(ms: number, ended: AbortSignal): Promise<void> {
  if (ended.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      ended.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    ended.addEventListener('abort', end)
  })
}
