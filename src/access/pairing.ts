/** What a pairing of two machines leads to, as the node, its services and its callers name it. */
import type { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'

/** A tree that one side shares with the other. */
export interface SharedTree {
  readonly tree: TreeId
  readonly name: string
  readonly permission: Permission
}

/** How a pairing stands for one side. */
export type PairingStanding =
  | { readonly status: 'waiting' | 'refused' }
  | { readonly status: 'accepted'; readonly tree?: SharedTree | undefined }

/** What the operator is told. */
export type PairingEvent =
  | { readonly kind: 'waiting'; readonly untilMs: number; readonly dialable: boolean }
  | { readonly kind: 'found'; readonly peer: PeerId; readonly name: string; readonly digits: string }
  | {
      readonly kind: 'paired'
      readonly peer: PeerId
      readonly name: string
      readonly addresses: readonly string[]
      readonly given?: SharedTree | undefined
      readonly taken?: SharedTree | undefined
    }

/** What a person wants to pair with. */
export interface PairingWish {
  /** What this node calls itself. */
  readonly name: string
  readonly tree?: Omit<SharedTree, 'name'> | undefined
}
