/**
 * What the calls of peers show of them: a peer that nobody can dial is heard as long as it watches a tree here, and for a
 * while after a call that has shown that both sides are equal.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { linkKey } from '../../peer/links.ts'

export class Presences {
  private readonly clock: Clock
  private readonly onChange: (tree: TreeId, peer: PeerId) => void
  /** Open watches of a tree by a peer. */
  private readonly open = new Map<string, number>()
  /** For each peer that was heard lately, what cancels the timer at which that is over. */
  private readonly lately = new Map<string, () => void>()

  /** `onChange` is called when a peer may have begun or ceased to be heard. */
  constructor(clock: Clock, onChange: (tree: TreeId, peer: PeerId) => void) {
    this.clock = clock
    this.onChange = onChange
  }

  /** A peer watches a tree from now on. Returns the function to call when its watch has ended. */
  watched(tree: TreeId, peer: PeerId): () => void {
    const key = linkKey(tree, peer)
    this.open.set(key, (this.open.get(key) ?? 0) + 1)
    this.onChange(tree, peer)
    return () => {
      const left = this.open.get(key)! - 1
      if (left > 0) this.open.set(key, left)
      else this.open.delete(key)
      this.onChange(tree, peer)
    }
  }

  /** A call of a peer about a tree has come. */
  heard(tree: TreeId, peer: PeerId): void {
    const key = linkKey(tree, peer)
    this.lately.get(key)?.()
    const over = this.clock.setTimer(limits.watchSilenceMs, () => {
      this.lately.delete(key)
      this.onChange(tree, peer)
    })
    this.lately.set(key, over)
  }

  /** Reports whether a peer watches a tree now. */
  watches(tree: TreeId, peer: PeerId): boolean {
    return this.open.has(linkKey(tree, peer))
  }

  /** Reports whether a peer was heard lately about a tree. */
  hears(tree: TreeId, peer: PeerId): boolean {
    const key = linkKey(tree, peer)
    return this.open.has(key) || this.lately.has(key)
  }

  close(): void {
    for (const cancel of this.lately.values()) cancel()
    this.lately.clear()
  }
}
