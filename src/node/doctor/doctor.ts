/**
 * Examines a node: what it can reach and be reached by, and what threatens it. Each check is a function from facts to
 * findings, in network.ts and machine.ts; this file collects the facts.
 */
import { statfs } from 'node:fs/promises'
import type { Clock } from '../../base/clock.ts'
import { hostOf } from '../../base/hosts.ts'
import type { Dispatcher } from '../../dispatcher/dispatcher.ts'
import type { LinkStatus } from '../../peer/links.ts'
import type { Finding } from '../../rpc/services/doctor-service.ts'
import type { DagStore } from '../../store/store.ts'
import type { TransportManager } from '../../transport/manager.ts'
import type { NodeOptions } from '../options.ts'
import { parseAdvertised } from '../reach/advertised.ts'
import type { AddressExchange } from '../reach/exchange.ts'
import type { OwnRecord } from '../reach/own-record.ts'
import { NodeReach } from '../reach/reach.ts'
import type { Clocks } from './clocks.ts'
import { fine, notice, problem } from './findings.ts'
import { certificateFindings, clockFindings, diskFindings, storeFindings } from './machine.ts'
import { listeningFindings, natFindings, reachFindings, type ServerState } from './network.ts'

export interface DoctorFacts {
  readonly options: NodeOptions
  readonly transports: TransportManager
  readonly store: Pick<DagStore, 'notes'>
  readonly clock: Clock
  readonly clocks: Clocks
  readonly exchange: Pick<AddressExchange, 'observed'>
  readonly dispatcher: Pick<Dispatcher, 'status'>
  /** The address records that this node issues. */
  readonly own: Pick<OwnRecord, 'runsTwice'>
}

export class Doctor {
  private readonly facts: DoctorFacts

  constructor(facts: DoctorFacts) {
    this.facts = facts
  }

  /** Examines the node now. */
  async findings(): Promise<Finding[]> {
    const { options, transports, store, clock, clocks, exchange, dispatcher, own } = this.facts
    const reach = new NodeReach(transports)
    const folder = options.data
    const free = folder === undefined ? undefined : await freeBytes(folder)
    return [
      ...listeningFindings(servers(options, transports)),
      ...reachFindings(reach.relay(), reach.problem(), transports.getFarAddresses()),
      ...natFindings(exchange.observed.sockets()),
      ...keyFindings(own.runsTwice),
      ...linkFindings(dispatcher.status()),
      ...clockFindings(clocks.difference()),
      ...certificateFindings(transports.get('http')?.certificate?.(), advertisedHosts(options), clock.now()),
      ...diskFindings(free, folder ?? ''),
      ...storeFindings(store.notes.list()),
    ]
  }
}

function servers({ http, quic }: NodeOptions, transports: TransportManager): ServerState[] {
  const state = (name: ServerState['name'], transport: string, wanted: boolean, chosen: boolean) => ({
    ...{ name, wanted, chosen },
    port: transports.get(transport)?.port?.(),
    addresses: transports.get(transport)?.addresses() ?? [],
  })
  return [
    state('HTTP', 'http', http !== undefined, http?.port === undefined),
    state('QUIC', 'iroh', quic?.listen ?? false, quic?.bind === undefined),
  ]
}

/** Says whether another node runs with this node's key. */
export function keyFindings(runsTwice: boolean): Finding[] {
  if (!runsTwice) return []
  return [
    problem(
      'key',
      "Another node runs with this node's key, as when a data folder was copied: peers cannot tell which of the two is where.",
      'Stop one of them, and let it begin with a folder of its own.',
    ),
  ]
}

/** Says which linked peers cannot be heard. */
export function linkFindings(links: readonly LinkStatus[]): Finding[] {
  const topic = 'links'
  const peers = new Map<string, boolean>()
  for (const { peer, heard, settings, place } of links)
    if (!settings.paused && place !== 'passive') peers.set(peer, heard || peers.get(peer) === true)
  const away = [...peers.values()].filter((heard) => !heard).length
  const advice = '`causeway status` says why.'
  if (peers.size === 0) return []
  if (away === 0) return [fine(topic, `All linked peers can be heard: ${peers.size}.`)]
  if (away < peers.size)
    return [notice(topic, `${away} of ${peers.size} linked peers cannot be heard.`, advice)]
  const none =
    peers.size === 1
      ? 'The only linked peer cannot be heard.'
      : `None of ${peers.size} linked peers can be heard.`
  return [problem(topic, none, `Check the network of this machine; ${advice}`)]
}

/** Returns the hosts of the `https:` addresses that the node advertises. */
function advertisedHosts({ advertise = [] }: NodeOptions): string[] {
  const { http } = parseAdvertised(advertise)
  return http
    .filter((address) => address.startsWith('https:'))
    .flatMap((address) => hostOf(new URL(address).host) ?? [])
}

/** Returns the room that is left on the disk of a folder; undefined if the system does not say. */
async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch {
    return undefined
  }
}
