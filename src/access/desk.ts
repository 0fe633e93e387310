/**
 * The desk where peers request access to trees and admins decide. A peer that already has the right, or brings a valid
 * invitation, is granted access immediately; every other request waits. Access is always granted by an entry of the
 * tree's policy, signed by this node. The batch that writes the entry also settles the request or spends the
 * invitation, so a crash leaves both done or neither.
 */
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import { guardMethods, hex32, optional, text, wholeNumber } from '../base/shape.ts'
import { policyStore, type VerifiedEntry } from '../dag/entry.ts'
import { type TreeId, unknownTree } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { decodePolicyChange } from '../dag/policy/change.ts'
import type { ContributedStore, Contribution } from '../store/contributors.ts'
import { type Invitation, type Invitations, invitationBytes } from './invitations.ts'
import type { AccessRequest, AccessRequests, Ask } from './requests.ts'

/** RequestAccessRequest of sync.proto, with the peer that asks. */
export interface AccessAsk extends Ask {
  /** The secret of an invitation, `invitationBytes` long. */
  readonly invitation?: Uint8Array | undefined
}

/** RequestAccessResponse of sync.proto. */
export interface AccessAnswer {
  readonly status: 'granted' | 'pending' | 'rejected'
  /** The request's id, 32 hex digits; empty if none was needed. */
  readonly request: string
  /** The permission that was granted, or UNSPECIFIED. */
  readonly permission: Permission
  /** A message for the peer; may be empty. */
  readonly reason: string
}

export interface AccessDeskParts {
  readonly self: PeerId
  readonly store: ContributedStore
  readonly requests: AccessRequests
  readonly invitations: Invitations
  /** Returns what a peer may do in a tree; UNSPECIFIED also if the tree is not here. */
  permission(tree: TreeId, peer: PeerId): Promise<Permission>
  /** Writes the entry that grants a peer a permission. Throws FORBIDDEN if this node is not an admin of the tree. */
  grant(tree: TreeId, peer: PeerId, permission: Permission): Promise<unknown>
  /** Called with each request that is new or asks for another permission than before. */
  onRequest?(request: AccessRequest): void
}

/** The policy entry being written, known by its tree and peer, and what goes into its batch. */
interface PendingGrant extends Contribution {
  readonly tree: TreeId
  readonly peer: PeerId
}

const permissionNames = ['nothing', 'read', 'write', 'admin']

/** The requests for access to the trees of this node. Exposed as `Node.requests`. */
export class AccessDesk {
  private readonly parts: AccessDeskParts
  /** Runs one decision at a time, so that no invitation is spent twice and no request is decided twice. */
  private readonly queue = new KeyedQueue<''>()
  private pendingGrant: PendingGrant | undefined

  constructor(parts: AccessDeskParts) {
    this.parts = parts
    parts.store.addContributor((tree, added) => this.contribute(tree, added))
  }

  /**
   * Answers the request of a peer that has proven its key. Until an admin decides, a peer that may not read the tree
   * gets the same answer whether the tree exists or not. Throws FORBIDDEN for the permission admin, INVALID_ARGUMENT
   * for any other permission than read or write or an invitation of the wrong length, and LIMIT_EXCEEDED if the message
   * is too long.
   */
  ask(ask: AccessAsk): Promise<AccessAnswer> {
    const { permission, message, invitation } = ask
    if (permission === Permission.ADMIN)
      throw new CausewayError(
        'FORBIDDEN',
        'Admin access cannot be requested: request read or write, or have an admin run `causeway grant`.',
      )
    if (permission !== Permission.READ && permission !== Permission.WRITE)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `Expected the permission read or write, got ${permissionNames[permission] ?? permission}: request one of the two.`,
      )
    checkText(message, 'message')
    if (invitation !== undefined && invitation.length !== invitationBytes)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `Expected an invitation of ${invitationBytes} bytes, got ${invitation.length}: use the one from the ticket unchanged.`,
      )
    return this.queue.run('', () => this.answer(ask))
  }

  /** Returns the pending requests, oldest first. */
  list(): AccessRequest[] {
    return this.parts.requests.list()
  }

  /**
   * Approves a request: grants the peer `permission`, by default what it requested, with an optional reason of at most
   * `limits.accessTextBytes` bytes. Throws UNKNOWN_REQUEST, ALREADY_DECIDED, INVALID_ARGUMENT if `permission` is more
   * than was requested or nothing, LIMIT_EXCEEDED if the reason is too long, and FORBIDDEN if this node is not an admin
   * of the tree.
   */
  approve(id: string, permission?: Permission, reason = ''): Promise<AccessRequest> {
    checkText(reason, 'reason')
    return this.queue.run('', async () => {
      const { requests, grant } = this.parts
      const request = requests.expect(id)
      const { tree, peer } = request
      const granted = permission ?? request.permission
      if (granted > request.permission || granted === Permission.UNSPECIFIED)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `The request asks for ${permissionNames[request.permission]} and cannot be approved for ${permissionNames[granted] ?? granted}: approve it for at most that, or use \`causeway grant\`.`,
        )
      await this.checkAdmin(tree)
      const settlement = requests.settle(request, granted, reason)
      if ((await this.parts.permission(tree, peer)) >= granted) await requests.write(settlement)
      else await this.settle({ tree, peer, ...settlement }, () => grant(tree, peer, granted))
      return request
    })
  }

  /**
   * Rejects a request, with an optional reason of at most `limits.accessTextBytes` bytes. Throws UNKNOWN_REQUEST,
   * ALREADY_DECIDED, and LIMIT_EXCEEDED if the reason is too long.
   */
  reject(id: string, reason = ''): Promise<AccessRequest> {
    checkText(reason, 'reason')
    return this.queue.run('', async () => {
      const { requests } = this.parts
      const request = requests.expect(id)
      await requests.write(requests.settle(request, Permission.UNSPECIFIED, reason))
      return request
    })
  }

  /**
   * Creates a one-time invitation to read or write a tree and returns its secret, 32 bytes. Throws UNKNOWN_TREE,
   * INVALID_ARGUMENT for another permission, FORBIDDEN if this node is not an admin of the tree, and LIMIT_EXCEEDED if
   * `limits.invitations` are unused.
   */
  async invite(tree: TreeId, permission: Permission): Promise<Uint8Array> {
    if (this.parts.store.tree(tree) === undefined) throw unknownTree(tree)
    if (permission !== Permission.READ && permission !== Permission.WRITE)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `Expected the permission read or write for an invitation, got ${permissionNames[permission] ?? permission}: anyone who holds an invitation can use it, so make admins with \`causeway grant\`.`,
      )
    await this.checkAdmin(tree)
    return this.queue.run('', () => this.parts.invitations.create(tree, permission))
  }

  /** Returns the invitations that have not expired, oldest first, unused and used ones. */
  invitations(): Invitation[] {
    return this.parts.invitations.list()
  }

  /** Revokes an unused invitation by its id, 64 hex digits. Throws UNKNOWN_REQUEST if there is none. */
  revokeInvitation(id: string): Promise<void> {
    return this.queue.run('', () => this.parts.invitations.revoke(id))
  }

  private async answer(ask: AccessAsk): Promise<AccessAnswer> {
    const { store, requests } = this.parts
    const { tree, peer, permission, invitation } = ask
    const invited = await this.useInvitation(ask)
    const current = invited ?? (await this.parts.permission(tree, peer))
    if (current >= permission) {
      await requests.drop(tree, peer)
      return { status: 'granted', request: '', permission: current, reason: '' }
    }
    // An invitation grants what it is for, whatever is asked for.
    if (invited !== undefined) {
      const reason = `The invitation is for ${permissionNames[invited]} access: ask for ${permissionNames[permission]} access again without it.`
      return { status: 'granted', request: '', permission: invited, reason }
    }
    const verdict = requests.verdict(ask)
    if (verdict !== undefined && verdict.granted <= current) {
      const { id, reason } = verdict
      return verdict.granted === Permission.UNSPECIFIED
        ? { status: 'rejected', request: id, permission: Permission.UNSPECIFIED, reason }
        : { status: 'granted', request: id, permission: current, reason }
    }
    const newRequest = await requests.note(ask, () => store.tree(tree) !== undefined)
    if (newRequest !== undefined) this.parts.onRequest?.(newRequest)
    const reason =
      invitation === undefined
        ? ''
        : current === Permission.UNSPECIFIED
          ? 'The invitation is not valid, or no longer valid.'
          : `You have ${permissionNames[current]} access; the invitation gives no more, or is no longer valid.`
    return { status: 'pending', request: requests.idOf(ask), permission: Permission.UNSPECIFIED, reason }
  }

  /** Spends a peer's invitation and returns what it grants, or undefined if it has no valid one or needs none. */
  private async useInvitation({ tree, peer, invitation }: AccessAsk): Promise<Permission | undefined> {
    if (invitation === undefined) return undefined
    const { invitations, permission, grant } = this.parts
    const offer = invitations.find(invitation, tree)
    if (offer === undefined || (await permission(tree, peer)) >= offer) return undefined
    // This node may have lost the right to invite since; then this is a request like any other.
    if ((await permission(tree, this.parts.self)) < Permission.ADMIN) return undefined
    await this.settle({ tree, peer, ...invitations.spend(invitation, peer) }, () => grant(tree, peer, offer))
    return offer
  }

  private async checkAdmin(tree: TreeId): Promise<void> {
    const { permission, self } = this.parts
    if ((await permission(tree, self)) >= Permission.ADMIN) return
    throw new CausewayError(
      'FORBIDDEN',
      `This node (${self}) is not an admin of the tree, so it cannot grant access: use a node that is, or have an admin run \`causeway grant TREE ${self} admin\`.`,
      { data: { tree } },
    )
  }

  /** Writes a policy entry, with what it settles in its batch. */
  private async settle(grant: PendingGrant, write: () => Promise<unknown>): Promise<void> {
    this.pendingGrant = grant
    try {
      await write()
      // Still pending: another admin has granted access in the meantime, so there was no entry to write.
      if (this.pendingGrant !== undefined) await this.parts.requests.write(grant)
    } finally {
      this.pendingGrant = undefined
    }
  }

  private contribute(tree: TreeId, added: readonly VerifiedEntry[]): Contribution | undefined {
    const { pendingGrant } = this
    if (pendingGrant?.tree !== tree || !added.some((entry) => this.grantsTo(entry, pendingGrant.peer)))
      return undefined
    const stored = () => {
      pendingGrant.stored()
      this.pendingGrant = undefined
    }
    return { operations: pendingGrant.operations, stored }
  }

  private grantsTo({ body }: VerifiedEntry, peer: PeerId): boolean {
    if (body.author !== this.parts.self) return false
    return body.changes.some(
      ({ store, payload }) =>
        store === policyStore &&
        decodePolicyChange(payload).keys.some((key) => Buffer.from(key.peer).toString('hex') === peer),
    )
  }
}

const request = ['id', text] as const
const reason = ['reason', optional(text)] as const
guardMethods(AccessDesk.prototype, {
  approve: [request, ['permission', optional(wholeNumber)], reason],
  reject: [request, reason],
  revokeInvitation: [['id', hex32]],
})

function checkText(text: string, field: string): void {
  if (Buffer.byteLength(text) > limits.accessTextBytes)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `\`${field}\` has at most ${limits.accessTextBytes} bytes of UTF-8, got ${Buffer.byteLength(text)}: shorten it.`,
      { data: { field, max: limits.accessTextBytes } },
    )
}
