/** Builds what reaches peers: transports, the dialler, and what is told and known of addresses. Nothing dials yet. */
import type { NamedPeers } from '../../access/named-peers.ts'
import type { Rights } from '../../access/rights.ts'
import type { RightsGuard } from '../../access/rights-guard.ts'
import type { Clock } from '../../base/clock.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import type { AddressRecords } from '../../peer/address-records.ts'
import type { PeerBook } from '../../peer/book.ts'
import type { ProblemListener } from '../../rpc/server/boundary.ts'
import type { TransportManager } from '../../transport/manager.ts'
import type { Admission } from '../admission.ts'
import { Dialler } from '../dialling/dialler.ts'
import { Clocks } from '../doctor/clocks.ts'
import { Members } from '../members/members.ts'
import type { NodeOptions } from '../options.ts'
import { createTransports } from '../transports.ts'
import { AddressExchange } from './exchange.ts'
import type { KeptPorts } from './kept-ports.ts'
import type { Lan } from './lan/lan.ts'
import { openLan } from './lan/open.ts'
import { OwnRecord } from './own-record.ts'
import { RecordKeeper } from './record-keeper.ts'

/** What reaches peers, and what is known of where they are. */
export interface Network {
  readonly transports: TransportManager
  readonly exchange: AddressExchange
  readonly dialler: Dialler
  readonly clocks: Clocks
  readonly keeper: RecordKeeper
  readonly members: Members
  readonly own: OwnRecord
  readonly lan: Lan
}

/** The durable parts of the node that it stands on. */
export interface NetworkParts {
  readonly admission: Admission
  readonly identity: Identity
  readonly clock: Clock
  readonly ports: KeptPorts
  readonly book: PeerBook
  readonly named: NamedPeers
  readonly addressRecords: AddressRecords
}

/** Builds it. `onNew` is called when a peer has told an address that is new. */
export function openNetwork(
  { admission, identity, clock, ports, book, named, addressRecords: records }: NetworkParts,
  options: NodeOptions,
  parts: { guard: RightsGuard; rights: Rights; onNew: (peer: PeerId) => void; onError: ProblemListener },
): Network {
  const clocks = new Clocks()
  const self = identity.peer
  const transports = createTransports(options, identity, clock, admission, ports)
  const addresses = (near: boolean) =>
    near ? transports.getAllServerAddresses() : transports.getFarAddresses()
  const own = new OwnRecord({ identity, clock, addresses })
  const shared = { ...parts, self, transports, book, clock, records, own }
  const keeper = new RecordKeeper(shared)
  const members = new Members({ ...shared, named, keeper, sawOwn: (sequence) => exchange.sawOwn(sequence) })
  const exchange: AddressExchange = new AddressExchange({
    ...{ ...shared, keeper, members },
    isKnown: (peer) => admission.throttle.isKnown(peer),
    tellAll: () => dialler.tellAll(),
  })
  const calling = [admission.twins.calling]
  const dialler = new Dialler({
    ...{ ...shared, identity, exchange, clocks, calling },
    insecure: options.insecure ?? options.http?.insecure ?? false,
  })
  const lan = openLan(shared, options)
  return { transports, exchange, dialler, clocks, keeper, members, own, lan }
}
