/**
 * Where peers ask to be let into trees, and where admins answer. Who has the right, or brings an invitation, is let in at
 * once; the others wait. What lets somebody in is always an entry of the tree's policy, signed by this node, and the
 * request or invitation that it answers goes in the same batch: after a crash both are done, or neither.
 */
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError, unknownTree } from '../base/errors.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import { policyStore, type VerifiedEntry } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { decodePolicyChange } from '../dag/policy/change.ts'
import type { Contribution } from '../store/contributors.ts'
import type { DagStore } from '../store/store.ts'
import { type Invitations, invitationBytes } from './invitations.ts'
import type { AccessRequest, AccessRequests, Ask } from './requests.ts'

/** RequestAccessRequest of sync.proto, with who asks. */
export interface AccessAsk extends Ask {
  /** The secret of an invitation; absent: none. */
  readonly invitation?: Uint8Array | undefined
}

/** RequestAccessResponse of sync.proto. */
export interface AccessAnswer {
  readonly status: 'granted' | 'pending' | 'rejected'
  /** The request's id, hex; '' where none was needed. */
  readonly request: string
  /** What was granted; else UNSPECIFIED. */
  readonly permission: Permission
  readonly reason: string
}

export interface AccessDeskParts {
  readonly self: PeerId
  readonly store: DagStore
  readonly requests: AccessRequests
  readonly invitations: Invitations
  /** What a peer may do in a tree; UNSPECIFIED also where the tree is not here. */
  permission(tree: TreeId, peer: PeerId): Promise<Permission>
  /** Writes the entry that gives a peer a permission. FORBIDDEN where this node is no admin of the tree. */
  grant(tree: TreeId, peer: PeerId, permission: Permission): Promise<unknown>
  /** Told of each request that is new, or asks for something else than before. */
  onRequest?(request: AccessRequest): void
}

/** The entry that is being written, by what it will say, and what goes with it. */
interface PendingGrant extends Contribution {
  readonly tree: TreeId
  readonly peer: PeerId
}

const permissionNames = ['nothing', 'read', 'write', 'admin']

export class AccessDesk {
  private readonly parts: AccessDeskParts
  /** One after the other, so that no invitation is spent twice and no request decided twice. */
  private readonly queue = new KeyedQueue<''>()
  private pendingGrant: PendingGrant | undefined

  constructor(parts: AccessDeskParts) {
    this.parts = parts
    parts.store.addContributor((tree, added) => this.contribute(tree, added))
  }

  /**
   * Answers a peer that has proven its key. Whether there is such a tree makes no difference to somebody who may not read
   * it. FORBIDDEN for a permission that cannot be asked for, LIMIT_EXCEEDED, INVALID_ARGUMENT.
   */
  ask(ask: AccessAsk): Promise<AccessAnswer> {
    const { permission, message, invitation } = ask
    if (permission === Permission.ADMIN)
      throw new CausewayError(
        'FORBIDDEN',
        'Nobody can ask to be an admin: ask for read or write; an admin makes others admin with `causeway grant`.',
      )
    if (permission !== Permission.READ && permission !== Permission.WRITE)
      throw new CausewayError('INVALID_ARGUMENT', 'Ask for a permission: read or write.')
    checkText(message, 'message')
    if (invitation !== undefined && invitation.length !== invitationBytes)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `An invitation has ${invitationBytes} bytes, got ${invitation.length}.`,
      )
    return this.queue.run('', () => this.answer(ask))
  }

  /** The requests that wait here, the oldest first. */
  list(): AccessRequest[] {
    return this.parts.requests.list()
  }

  /**
   * Gives who asked what it asked for, or less. UNKNOWN_REQUEST, ALREADY_DECIDED, INVALID_ARGUMENT for more than was asked,
   * FORBIDDEN where this node is no admin of the tree.
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
          `The request asks for ${permissionNames[request.permission]}, so that or less can be approved; \`causeway grant\` gives more.`,
        )
      await this.checkAdmin(tree)
      const settlement = requests.settle(request, granted, reason)
      if ((await this.parts.permission(tree, peer)) >= granted) await requests.write(settlement)
      else await this.settle({ tree, peer, ...settlement }, () => grant(tree, peer, granted))
      return request
    })
  }

  /** Says no, with a word why. UNKNOWN_REQUEST, ALREADY_DECIDED. */
  reject(id: string, reason = ''): Promise<AccessRequest> {
    checkText(reason, 'reason')
    return this.queue.run('', async () => {
      const { requests } = this.parts
      const request = requests.expect(id)
      await requests.write(requests.settle(request, Permission.UNSPECIFIED, reason))
      return request
    })
  }

  /** The secret of a new one-time invitation. UNKNOWN_TREE, FORBIDDEN where this node is no admin of the tree. */
  async invite(tree: TreeId, permission: Permission): Promise<Uint8Array> {
    if (this.parts.store.tree(tree) === undefined) throw unknownTree(tree)
    if (permission !== Permission.READ && permission !== Permission.WRITE)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        'An invitation is for read or write: whoever holds it can use it, so admins are made with `causeway grant`.',
      )
    await this.checkAdmin(tree)
    return this.queue.run('', () => this.parts.invitations.create(tree, permission))
  }

  private async answer(ask: AccessAsk): Promise<AccessAnswer> {
    const { store, requests } = this.parts
    const { tree, peer, permission, invitation } = ask
    const current = (await this.useInvitation(ask)) ?? (await this.parts.permission(tree, peer))
    if (current >= permission) {
      await requests.drop(tree, peer)
      return { status: 'granted', request: '', permission: current, reason: '' }
    }
    const verdict = requests.verdict(ask)
    if (verdict !== undefined && verdict.granted <= current) {
      const { id, reason } = verdict
      return verdict.granted === Permission.UNSPECIFIED
        ? { status: 'rejected', request: id, permission: Permission.UNSPECIFIED, reason }
        : { status: 'granted', request: id, permission: current, reason }
    }
    const newRequest = await requests.note(ask, store.tree(tree) !== undefined)
    if (newRequest !== undefined) this.parts.onRequest?.(newRequest)
    const reason = invitation === undefined ? '' : 'The invitation does not hold, or not any more.'
    return { status: 'pending', request: requests.idOf(ask), permission: Permission.UNSPECIFIED, reason }
  }

  /** What a peer may do once its invitation is spent; undefined where it has none that holds, or needs none. */
  private async useInvitation({ tree, peer, invitation }: AccessAsk): Promise<Permission | undefined> {
    if (invitation === undefined) return undefined
    const { invitations, permission, grant } = this.parts
    const offer = invitations.find(invitation, tree)
    if (offer === undefined || (await permission(tree, peer)) >= offer) return undefined
    // The right to invite may have gone since; then it is a request like any other.
    if ((await permission(tree, this.parts.self)) < Permission.ADMIN) return undefined
    await this.settle({ tree, peer, ...invitations.spend(invitation) }, () => grant(tree, peer, offer))
    return offer
  }

  private async checkAdmin(tree: TreeId): Promise<void> {
    const { permission, self } = this.parts
    if ((await permission(tree, self)) >= Permission.ADMIN) return
    throw new CausewayError(
      'FORBIDDEN',
      `This node (${self}) is no admin of the tree, so it cannot let anybody in: decide at a node that is, or have an admin run \`causeway grant TREE ${self} admin\`.`,
      { data: { tree } },
    )
  }

  /** Writes a policy entry, with the settlement in its batch. */
  private async settle(grant: PendingGrant, write: () => Promise<unknown>): Promise<void> {
    this.pendingGrant = grant
    try {
      await write()
      // Still there: somebody else has let the peer in meanwhile, so there was no entry to write.
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

function checkText(text: string, field: string): void {
  if (Buffer.byteLength(text) > limits.accessTextBytes)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `\`${field}\` has at most ${limits.accessTextBytes} bytes of UTF-8.`,
      { data: { field, max: limits.accessTextBytes } },
    )
}
