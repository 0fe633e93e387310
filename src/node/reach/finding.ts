/** Wires what looks for peers whose addresses are not known: seeds, and beacons in the LAN. */
import type { NamedPeers } from '../../access/named-peers.ts'
import type { Clock } from '../../base/clock.ts'
import type { CausewayError } from '../../base/errors.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import { parseSeeds, Seeds } from '../../find/seeds.ts'
import type { PeerBook } from '../../peer/book.ts'
import type { ProblemListener } from '../../rpc/server/boundary.ts'
import type { PeerCalls } from '../../rpc/services/sync-service.ts'
import type { DagStore } from '../../store/store.ts'
import type { TransportManager } from '../../transport/manager.ts'
import type { Dialler } from '../dialling/dialler.ts'
import type { NodeOptions } from '../options.ts'
import type { Serving } from '../serving.ts'
import { FoundPeers } from './found-peers.ts'
import type { Lan } from './lan/lan.ts'
import { LanSearch } from './lan/lan-search.ts'
import { addressesAt } from './lan/listeners.ts'
import { SeedSearch } from './seed-search.ts'

export interface FindingParts {
  readonly identity: Identity
  readonly clock: Clock
  readonly store: DagStore
  readonly book: PeerBook
  readonly named: NamedPeers
  readonly transports: TransportManager
  readonly lan: Lan
  readonly dialler: Pick<Dialler, 'whoIs' | 'dial' | 'connections'>
  readonly serving: Pick<Serving, 'connections'>
  readonly calls: Pick<PeerCalls, 'onServed' | 'onContact'>
  readonly onError: ProblemListener
}

/** What looks for peers in the background. */
export interface Finding {
  start(): void
  stop(): void
  /** The node listens from now on, or is in another network: says so in the LAN. */
  announce(): void
  /** Returns what a dial returns. If it fails, looks again soon. */
  watching<Dialled>(dial: Promise<Dialled>): Promise<Dialled>
}

/** Builds it on the parts of a node. Throws INVALID_ARGUMENT for a seed that is none. */
export function findingOf(parts: FindingParts, options: NodeOptions): Finding {
  const { dialler, serving, calls } = parts
  const peers = new FoundPeers({ ...parts, link: calls.onServed, onNew: calls.onContact })
  const isConnected = (peer: PeerId) =>
    [...serving.connections(), ...dialler.connections()].some(({ caller }) => caller.peer === peer)
  const seeds = seedSearch(parts, options, { peers, isConnected })
  const lan = lanSearch(parts, options, { peers, isConnected })
  return {
    start() {
      seeds?.start()
      lan?.start()
    },
    stop() {
      seeds?.stop()
      lan?.stop()
    },
    announce: () => lan?.announce(),
    async watching(dial) {
      try {
        return await dial
      } catch (error) {
        seeds?.soon()
        throw error
      }
    },
  }
}

interface Found {
  readonly peers: FoundPeers
  isConnected(peer: PeerId): boolean
}

/** Returns what looks by seeds, if there are any. */
function seedSearch(
  { identity, clock, dialler, onError }: FindingParts,
  { seeds = [] }: NodeOptions,
  found: Found,
): SeedSearch | undefined {
  const parsed = parseSeeds(seeds)
  if (parsed.length === 0) return undefined
  return new SeedSearch({
    ...{ ...found, clock, self: identity.peer, seeds: new Seeds(parsed) },
    whoIs: (address, signal) => dialler.whoIs([address], signal),
    onError: (error) => onError(error, 'seeds'),
  })
}

/** Returns what looks in the LAN, unless that is off. */
function lanSearch(
  { identity, clock, transports, lan, dialler, calls, ...parts }: FindingParts,
  options: NodeOptions,
  found: Found,
): LanSearch | undefined {
  if ((options.lan ?? false) === false) return undefined
  const onError = (error: CausewayError) => parts.onError(error, 'the LAN')
  return new LanSearch({
    ...{ ...found, clock, lan, onError, self: identity.peer },
    addressesAt: (peer, host, ports) => addressesAt(transports, peer, { host, ports }),
    async dial(addresses, peer, signal) {
      const { connection, address } = await dialler.dial(addresses, peer, signal)
      await connection[Symbol.asyncDispose]()
      return address
    },
    onMet: calls.onContact,
  })
}
