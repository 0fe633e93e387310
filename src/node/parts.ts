/** What a node is made of: opened one after the other by `createNode`, then handed to those that work with it. */
import type { Clock } from '../base/clock.ts'
import type { Identity } from '../dag/identity.ts'
import type { Outbox } from '../dispatcher/outbox.ts'
import type { PeerBook } from '../peer/book.ts'
import type { Links } from '../peer/links.ts'
import type { DagStore } from '../store/store.ts'
import type { Admission } from './admission.ts'
import type { AccessRecords } from './joining/joining.ts'

export interface NodeParts {
  readonly store: DagStore
  readonly book: PeerBook
  readonly links: Links
  readonly outbox: Outbox
  readonly admission: Admission
  readonly access: AccessRecords
  readonly identity: Identity
  readonly clock: Clock
}
