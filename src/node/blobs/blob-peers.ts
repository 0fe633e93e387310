/** Finds the peers that may have the chunks of a tree's blobs: those that the tree is linked with. */
import type { RightsGuard } from '../../access/rights-guard.ts'
import type { Clock } from '../../base/clock.ts'
import type { PeerBook } from '../../peer/book.ts'
import type { Links } from '../../peer/links.ts'
import type { FindPeers } from '../../state/blobs/fetch.ts'
import type { Dialler } from '../dialling/dialler.ts'

export interface BlobPeersParts {
  readonly links: Links
  readonly book: PeerBook
  readonly guard: RightsGuard
  readonly dialler: Dialler
  readonly clock: Clock
}

/**
 * Returns what dials these peers one by one, those first that were last found to have the same entries. A peer that may
 * not read the tree is not asked, since the question would tell it of the tree; nor is one whose link is paused.
 */
export function findBlobPeers({ links, book, guard, dialler, clock }: BlobPeersParts): FindPeers {
  return async function* (tree, signal) {
    const candidates = links
      .ofTree(tree)
      .filter(({ settings }) => settings.pull && !settings.paused)
      .sort((a, b) => (b.lastSuccessMs ?? 0) - (a.lastSuccessMs ?? 0))
    for (const { peer } of candidates) {
      const known = book.get(peer)
      if (known === undefined || known.blocked || known.addresses.length === 0) continue
      if ((await guard.withholdReason(tree, peer)) !== undefined) continue
      if (signal.aborted) return
      const connection = await dialler.connect(peer, signal).catch(() => undefined)
      if (signal.aborted) connection?.close()
      else if (connection !== undefined) yield connection.blobs(clock)
    }
  }
}
