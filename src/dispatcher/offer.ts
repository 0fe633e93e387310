/**
 * Offers a tree to a peer that says that it has no such tree: it may have lost its store. What becomes of the offer is
 * then why the link is parked.
 */
import type { OfferAnswer } from '../access/offer-proof.ts'
import { CausewayError } from '../base/errors.ts'
import type { TreeId } from '../dag/id.ts'
import type { TreeReader } from '../store/read/tree-reader.ts'
import type { PeerConnection } from './connection.ts'
import type { LinkRun } from './link-run.ts'

export interface OfferParts {
  readonly store: TreeReader
  /** Offers a tree to a peer that has none of it. Returns its answer; undefined if there is nothing to offer. */
  offer?(connection: PeerConnection, tree: TreeId): Promise<OfferAnswer | undefined>
  /** Called when the status of a link has changed. */
  onChange(run: LinkRun): void
}

const reasons: Readonly<Record<Exclude<OfferAnswer, 'wanted'>, string>> = {
  waiting:
    'The peer does not have this tree, or does not show it here. It was offered to the peer, where somebody has to run `causeway accept`.',
  declined: 'The peer does not take this tree: somebody there declined it, or removed the tree or the link.',
}

/** Offers the tree of a hidden link, if it is here. A peer that wants the tree gets it in the next session. Never throws. */
export async function offerHidden(
  parts: OfferParts,
  connection: PeerConnection,
  run: LinkRun,
): Promise<void> {
  const { tree } = run.link
  if (parts.offer === undefined || parts.store.tree(tree) === undefined || !run.link.settings.push) return
  try {
    const answer = await parts.offer(connection, tree)
    if (answer === 'wanted') {
      run.want()
      run.becameVisible()
    } else if (answer !== undefined) run.explain(reasons[answer])
  } catch (error) {
    run.explain(
      `The peer does not show this tree, and takes no offer of it now. ${CausewayError.from(error).message}`,
    )
  }
  parts.onChange(run)
}
