/**
 * A first sync from several peers over the network: dials them all and, if this node lacks many entries, lets each send
 * a part. With one peer, unless a first sync runs already, or with few entries to fetch, none of this happens.
 */

import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { TicketPeer } from '../peer/ticket.ts'
import type { TreeReader } from '../store/read/tree-reader.ts'
import type { GatherOptions } from '../sync/ask/gather.ts'
import { countAt } from '../sync/ask/gather-outline.ts'
import type { SourceReport } from '../sync/ask/gather-sources.ts'
import type { Gatherings } from '../sync/ask/gatherings.ts'
import type { Dialler, DialResult } from './dialling/dialler.ts'

/** Connections to several peers: an open one to `main`, and dials to the others that may still succeed or fail. */
export class PeerConnections implements AsyncDisposable {
  readonly main: DialResult
  readonly others: readonly { readonly peer: PeerId; readonly dialling: Promise<DialResult> }[]
  private readonly open = new Set<DialResult>()
  private readonly cancel: AbortController

  constructor(main: DialResult, others: PeerConnections['others'], cancel: AbortController) {
    this.main = main
    this.others = others
    this.cancel = cancel
    this.open.add(main)
    for (const { dialling } of others)
      dialling.then(
        (dialled) => this.open.add(dialled),
        () => {},
      )
  }

  /** Returns the bytes sent and received on all of these connections. */
  bytes(): { bytesSent: number; bytesReceived: number } {
    let [bytesSent, bytesReceived] = [0, 0]
    for (const { connection } of this.open) {
      const path = connection.channel.path?.()
      bytesSent += path?.bytesSent ?? 0
      bytesReceived += path?.bytesReceived ?? 0
    }
    return { bytesSent, bytesReceived }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel.abort(new CausewayError('CANCELLED', 'The session is over.'))
    await Promise.allSettled(this.others.map(({ dialling }) => dialling))
    await Promise.all([...this.open].map(({ connection }) => connection[Symbol.asyncDispose]()))
  }
}

/**
 * Dials the issuer and the other peers in parallel. The issuer becomes `main`, or the first other peer that answers if
 * the issuer cannot be reached. Throws the issuer's error if no peer can be reached.
 */
export async function dialAll(
  dialler: Dialler,
  issuer: { readonly peer: PeerId | undefined; readonly addresses: readonly string[] },
  others: readonly TicketPeer[],
  signal: AbortSignal | undefined,
): Promise<PeerConnections> {
  const cancel = new AbortController()
  const either = signal === undefined ? cancel.signal : AbortSignal.any([signal, cancel.signal])
  const diallings = others.map(({ peer, addresses }) => ({
    peer,
    dialling: dialler.dial(addresses, peer, either),
  }))
  for (const { dialling } of diallings) dialling.catch(() => {})
  try {
    return new PeerConnections(await dialler.dial(issuer.addresses, issuer.peer, signal), diallings, cancel)
  } catch (error) {
    const first = await Promise.any(diallings.map(({ dialling }) => dialling)).catch(() => undefined)
    if (first === undefined) throw error
    const rest = diallings.filter(({ peer }) => peer !== first.peer)
    const lost = issuer.peer === undefined ? [] : [{ peer: issuer.peer, dialling: Promise.reject(error) }]
    return new PeerConnections(first, [...lost, ...rest], cancel)
  }
}

export interface GatherResult {
  /** The connection for the session that follows. */
  readonly main: DialResult
  readonly received: number
  readonly redundant: number
  readonly sources: readonly SourceReport[]
}

/** What a first sync takes part in. */
export interface GatherParts {
  readonly store: TreeReader
  readonly gatherings: Gatherings
}

/**
 * Takes the missing entries from all peers that answer, together with whoever fetches the tree at this node now, if at least
 * `limits.gatherEntries` are missing. Throws the last peer's error if all of them are lost.
 */
export async function gatherFirst(
  { store, gatherings }: GatherParts,
  tree: TreeId,
  { main, others }: PeerConnections,
  options: GatherOptions,
): Promise<GatherResult> {
  const nothing = { main, received: 0, redundant: 0, sources: [] }
  if (!gatherings.isRunning(tree)) {
    // A session takes a tenth less processor time than a gathering from one peer, and a call less.
    if (others.length === 0) return nothing
    const here = store.tree(tree)?.count ?? 0
    if ((await countAt(main.remote, tree, options.signal)) - here < limits.gatherEntries) return nothing
  }
  const share = gatherings.share(tree, options)
  if (share === undefined) return nothing
  const connections = new Map([[main.peer, main]])
  const absent = new Map<PeerId, SourceReport>()
  share.join(main)
  for (const { peer, dialling } of others)
    share.expect(
      dialling.then(
        (connection) => {
          connections.set(peer, connection)
          absent.delete(peer)
          return connection
        },
        (error: unknown) => {
          absent.set(peer, { peer, entries: 0, error: CausewayError.from(error) })
          throw error
        },
      ),
    )
  await share.run()
  const { received, redundant, usableSources } = share
  return {
    main: connections.get(usableSources[0]!.peer)!,
    received,
    redundant,
    sources: [...share.reports(), ...absent.values()],
  }
}
