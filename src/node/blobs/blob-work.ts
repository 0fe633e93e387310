/** What a node does about blobs beside serving them: fetches chunks, mirrors trees, and drops what nobody names. */
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { Blobs } from '../../state/blobs/blobs.ts'
import { ChunkExpiry } from '../../state/blobs/expiry.ts'
import { PeerFetcher } from '../../state/blobs/fetch.ts'
import { BlobMirror } from '../../state/blobs/mirror.ts'
import { type BlobPeersParts, findBlobPeers } from './blob-peers.ts'

export interface BlobWorkParts extends BlobPeersParts {
  readonly blobs: Blobs
  readonly onError: (error: unknown) => void
}

export class BlobWork {
  readonly fetcher: PeerFetcher
  private readonly expiry: ChunkExpiry
  private readonly mirror: BlobMirror
  private readonly trees: () => readonly TreeId[]
  private started = false

  constructor(parts: BlobWorkParts) {
    const { blobs, clock, links, onError } = parts
    const findPeers = findBlobPeers(parts)
    this.fetcher = new PeerFetcher(blobs, findPeers, limits.blobFetchesAtOnce)
    this.expiry = new ChunkExpiry(blobs, clock, onError)
    const wants = (tree: TreeId) =>
      this.started && links.ofTree(tree).some(({ settings }) => settings.blobs && !settings.paused)
    // Beside those of readers, who would otherwise wait for a mirror.
    const fetcher = new PeerFetcher(blobs, findPeers, limits.blobMirrorsAtOnce)
    this.mirror = new BlobMirror({ blobs, fetcher, clock, wants, onError })
    this.trees = () => blobs.views.store.trees().map(({ tree }) => tree)
  }

  /** Begins what goes on in the background. */
  start(): void {
    this.started = true
    this.expiry.start()
    for (const tree of this.trees()) this.mirror.wake(tree)
  }

  /** Call it when the status of a link of the tree has changed: its settings, or whether the peer is there. */
  linkChanged(tree: TreeId): void {
    this.mirror.wake(tree)
  }

  async close(): Promise<void> {
    await Promise.all([this.expiry.close(), this.mirror.close()])
  }
}
