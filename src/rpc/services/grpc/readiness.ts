/** Whether a node serves: what health checks ask and watch. The node moves it on; it never moves back. */

/** `starting` until a node listens, `ready` while it serves, `stopping` once it refuses new calls. */
export type State = 'starting' | 'ready' | 'stopping'

export class Readiness {
  private current: State = 'starting'
  private readonly listeners = new Set<() => void>()

  get state(): State {
    return this.current
  }

  set state(state: State) {
    if (this.current === 'stopping') return
    this.current = state
    for (const listener of [...this.listeners]) listener()
  }

  /** Calls a listener after each change. Returns a function that ends this. */
  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
