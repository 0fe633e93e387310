/**
 * The desk where peers request access to trees: what is granted immediately, what waits, how repeated requests become
 * one, what each limit does, that a missing tree is answered like an existing one, and that a crash leaves both halves
 * of a decision or neither.
 */
import { strict as assert } from 'node:assert'
import { beforeEach, describe, it } from 'node:test'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { type AccessAsk, AccessDesk } from '../../src/access/desk.ts'
import { Invitations } from '../../src/access/invitations.ts'
import { type AccessRequest, AccessRequests } from '../../src/access/requests.ts'
import { rightsOf } from '../../src/access/rights.ts'
import type { ErrorCode } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { sha256Hex } from '../../src/dag/crypto.ts'
import type { TreeId } from '../../src/dag/id.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import { linkKey } from '../../src/peer/links.ts'
import { Author } from '../../src/store/author/author.ts'
import { type Database, openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { testIdentity } from '../kit/entries.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const admin = testIdentity(1)
const [alice, bob] = [testIdentity(2).peer, testIdentity(3).peer]
const nowhere = 'ab'.repeat(32) as TreeId

const fails = (code: ErrorCode, message = /./) => ({ code, message }) as unknown as Error

/** A desk on a database, with one tree. */
class TestDesk {
  readonly clock: VirtualClock
  readonly db: Database
  readonly newRequests: AccessRequest[] = []
  store!: DagStore
  desk!: AccessDesk
  tree!: TreeId
  author!: Author
  grants = 0

  constructor(db: Database, clock = new VirtualClock()) {
    this.db = db
    this.clock = clock
  }

  static async open(): Promise<TestDesk> {
    const test = new TestDesk(await openMemory())
    await test.reopen()
    test.tree = (await test.author.createTree('private', PublicAccess.NONE)).tree
    return test
  }

  async reopen(): Promise<void> {
    if (this.db.status !== 'open') await this.db.open()
    this.store = await DagStore.open(this.db)
    this.author = new Author(this.store, admin, this.clock)
    this.desk = new AccessDesk({
      self: admin.peer,
      store: this.store,
      requests: await AccessRequests.open(this.db, admin, this.clock),
      invitations: await Invitations.open(this.db, this.clock),
      permission: rightsOf(this.store).permission,
      grant: (tree, peer, permission) => this.grant(tree, peer, permission),
      onRequest: (request) => this.newRequests.push(request),
    })
  }

  async grant(tree: TreeId, peer: PeerId, permission: Permission): Promise<void> {
    await this.author.changePolicy(tree, { keys: [{ peer, permission }] })
    this.grants++
  }

  /** Grants a permission as an admin would, without a request. */
  async let(peer: PeerId, permission: Permission): Promise<void> {
    await this.author.changePolicy(this.tree, { keys: [{ peer, permission }] })
  }

  permission(peer: PeerId): Promise<Permission> {
    return rightsOf(this.store).permission(this.tree, peer)
  }

  ask(more: Partial<AccessAsk> = {}) {
    const ask = { tree: this.tree, peer: alice, permission: Permission.READ, message: '', ...more }
    return this.desk.ask(ask)
  }
}

let test: TestDesk
beforeEach(async () => {
  test = await TestDesk.open()
})

/** Runs `run` with other limits. */
async function bounded(bounds: Partial<Record<keyof typeof limits, number>>, run: () => Promise<void>) {
  const before = { ...limits }
  Object.assign(limits, bounds)
  try {
    await run()
  } finally {
    Object.assign(limits, before)
  }
}

describe('A request for access', () => {
  it('is granted immediately to a peer that already has the right', async () => {
    await test.let(alice, Permission.WRITE)
    const granted = { status: 'granted', request: '', permission: Permission.WRITE, reason: '' }
    assert.deepEqual(await test.ask(), granted)
    assert.deepEqual(await test.ask({ permission: Permission.WRITE }), granted)
    assert.equal(test.grants, 0)
  })

  it('waits for an admin, across a restart', async () => {
    const answer = await test.ask({ message: 'it is me' })
    assert.equal(answer.status, 'pending')
    assert.match(answer.request, /^[0-9a-f]{32}$/)
    await test.reopen()
    assert.deepEqual(test.desk.list(), [
      {
        ...{ id: answer.request, tree: test.tree, peer: alice, permission: Permission.READ },
        ...{ message: 'it is me', createdAtMs: test.clock.now(), askedAtMs: test.clock.now() },
      },
    ])
    assert.deepEqual(await test.ask(), answer)
  })

  it('keeps its place and takes the latest message when it is repeated', async () => {
    const first = await test.ask({ message: 'one' })
    await test.clock.advance(500)
    await test.ask({ peer: bob })
    await test.clock.advance(500)
    assert.deepEqual(await test.ask({ message: 'two' }), first)
    const [request, ...others] = test.desk.list()
    assert.deepEqual([request!.message, request!.askedAtMs - request!.createdAtMs], ['two', 1000])
    assert.deepEqual(
      others.map(({ peer }) => peer),
      [bob],
    )
    assert.equal(test.newRequests.length, 2)
  })

  it('has another id when it asks for another permission, so that no admin approves what it has not seen', async () => {
    const read = await test.ask()
    const write = await test.ask({ permission: Permission.WRITE })
    assert.notEqual(write.request, read.request)
    assert.equal(test.desk.list().length, 1)
    await assert.rejects(test.desk.approve(read.request), fails('UNKNOWN_REQUEST', /another id/))
    await test.desk.approve(write.request)
    assert.equal(await test.permission(alice), Permission.WRITE)
  })

  it('is refused for admin, for no permission, and with too long a message', async () => {
    const rejects = (more: object, code: ErrorCode) => assert.throws(() => test.ask(more), fails(code))
    rejects({ permission: Permission.ADMIN }, 'FORBIDDEN')
    rejects({ permission: Permission.UNSPECIFIED }, 'INVALID_ARGUMENT')
    rejects({ permission: 7 }, 'INVALID_ARGUMENT')
    rejects({ message: 'é'.repeat(limits.accessTextBytes / 2 + 1) }, 'LIMIT_EXCEEDED')
    rejects({ invitation: new Uint8Array(31) }, 'INVALID_ARGUMENT')
    await test.ask({ message: 'é'.repeat(limits.accessTextBytes / 2) })
  })

  it('for a tree that is not here gets the same answer, costs the same write and leaves nothing', async () => {
    let writes = 0
    test.db.on('write', (operations) => (writes += operations.length))
    const here = await test.ask()
    const afterHere = writes
    const away = await test.ask({ tree: nowhere })
    assert.deepEqual({ ...away, request: '' }, { ...here, request: '' })
    assert.equal(away.request.length, here.request.length)
    assert.equal(writes - afterHere, afterHere)
    assert.deepEqual(await test.ask({ tree: nowhere }), away)
    assert.notEqual((await test.ask({ tree: nowhere, peer: bob })).request, away.request)
    assert.equal(test.desk.list().length, 1)
    await assert.rejects(test.desk.approve(away.request), fails('UNKNOWN_REQUEST'))
    // The same holds with an invalid invitation.
    const invitation = new Uint8Array(32)
    const askUninvited = (tree: TreeId) => test.ask({ tree, invitation })
    assert.equal((await askUninvited(test.tree)).reason, (await askUninvited(nowhere)).reason)
  })

  it('past a limit gets the same answer, and is kept once there is room', async () => {
    const asked = (n: number, tree = test.tree) => test.ask({ peer: testIdentity(10 + n).peer, tree })
    const [, second] = [await asked(0), await asked(1)]
    for (const bound of ['accessRequests', 'accessRequestsPerTree'] as const)
      await bounded({ [bound]: 2 }, async () => {
        const third = await asked(2)
        assert.equal(third.status, 'pending')
        assert.equal(test.desk.list().length, 2)
        // A request that is already kept stays.
        assert.deepEqual(await asked(1), second)
        assert.equal(test.desk.list().length, 2)
      })
    await bounded({ accessRequestsPerPeer: 0 }, async () => {
      await asked(2)
      assert.equal(test.desk.list().length, 2)
    })
    await asked(2)
    assert.equal(test.desk.list().length, 3)
  })

  it('is forgotten when the peer stops asking', async () => {
    await test.ask()
    await test.clock.advance(limits.accessRequestIdleMs - 1)
    await test.ask({ peer: bob })
    assert.equal(test.desk.list().length, 2)
    await test.clock.advance(1)
    await test.ask({ peer: bob })
    assert.deepEqual(
      test.desk.list().map(({ peer }) => peer),
      [bob],
    )
  })
})

describe('A decision', () => {
  it('grants what was requested, once', async () => {
    const { request } = await test.ask({ permission: Permission.WRITE })
    await test.desk.approve(request)
    assert.equal(await test.permission(alice), Permission.WRITE)
    assert.deepEqual(test.desk.list(), [])
    for (const again of [test.desk.approve(request), test.desk.reject(request)])
      await assert.rejects(again, fails('ALREADY_DECIDED', /already approved/))
    await test.reopen()
    await assert.rejects(test.desk.approve(request), fails('ALREADY_DECIDED'))
    assert.equal(test.grants, 1)
    const answer = await test.ask({ permission: Permission.WRITE })
    assert.deepEqual([answer.status, answer.permission], ['granted', Permission.WRITE])
  })

  it('can grant less, and says so when the peer asks for more again', async () => {
    const { request } = await test.ask({ permission: Permission.WRITE })
    await test.desk.approve(request, Permission.READ, 'look first')
    const answer = await test.ask({ permission: Permission.WRITE })
    const expected = { status: 'granted', request, permission: Permission.READ, reason: 'look first' }
    assert.deepEqual(answer, expected)
    assert.deepEqual(test.desk.list(), [])
    await test.clock.advance(limits.accessVerdictMs)
    assert.equal((await test.ask({ permission: Permission.WRITE })).status, 'pending')
  })

  it('never grants more than was requested', async () => {
    const { request } = await test.ask()
    for (const more of [Permission.WRITE, Permission.ADMIN])
      await assert.rejects(test.desk.approve(request, more), fails('INVALID_ARGUMENT', /asks for read/))
    await assert.rejects(test.desk.approve('00'.repeat(16)), fails('UNKNOWN_REQUEST'))
    assert.equal(test.desk.list().length, 1)
  })

  it('takes no right away that the peer already has', async () => {
    await test.let(alice, Permission.READ)
    const { request } = await test.ask({ permission: Permission.WRITE })
    await test.desk.approve(request, Permission.READ)
    assert.equal(test.grants, 0)
    await assert.rejects(test.desk.approve(request), fails('ALREADY_DECIDED'))
  })

  it('is for admins only', async () => {
    const { request } = await test.ask()
    await test.let(bob, Permission.ADMIN)
    await test.let(admin.peer, Permission.WRITE)
    await assert.rejects(test.desk.approve(request), fails('FORBIDDEN', /causeway grant/))
    await assert.rejects(test.desk.invite(test.tree, Permission.READ), fails('FORBIDDEN'))
    // Another admin has granted access.
    const other = new Author(test.store, testIdentity(3), test.clock)
    await other.changePolicy(test.tree, { keys: [{ peer: alice, permission: Permission.READ }] })
    assert.equal((await test.ask()).status, 'granted')
    assert.deepEqual(test.desk.list(), [])
  })

  it('to reject is repeated with its reason while it stands, and does not cover a request for less', async () => {
    const { request } = await test.ask({ permission: Permission.WRITE })
    await test.desk.reject(request, 'not now')
    await assert.rejects(test.desk.approve(request), fails('ALREADY_DECIDED', /already rejected/))
    const rejected = { status: 'rejected', request, permission: Permission.UNSPECIFIED, reason: 'not now' }
    assert.deepEqual(await test.ask({ permission: Permission.WRITE }), rejected)
    await test.reopen()
    assert.equal((await test.ask()).status, 'pending')
    // After a request for less, the same request is still rejected.
    assert.deepEqual(await test.ask({ permission: Permission.WRITE }), rejected)
    await test.clock.advance(limits.accessVerdictMs)
    assert.equal((await test.ask({ permission: Permission.WRITE })).status, 'pending')
    await test.desk.approve(request)
    assert.equal((await test.ask({ permission: Permission.WRITE })).status, 'granted')
  })

  it('does not outlive a revocation', async () => {
    const { request } = await test.ask()
    await test.desk.approve(request)
    await test.author.revoke(test.tree, alice)
    assert.equal((await test.ask()).status, 'pending')
  })

  it('is forgotten past the limit, oldest first', async () => {
    await bounded({ accessVerdicts: 2 }, async () => {
      const ids: string[] = []
      for (let n = 0; n < 3; n++) {
        const { request } = await test.ask({ peer: testIdentity(10 + n).peer })
        await test.clock.advance(1)
        await test.desk.reject(request)
        ids.push(request)
      }
      await assert.rejects(test.desk.reject(ids[0]!), fails('UNKNOWN_REQUEST'))
      for (const id of ids.slice(1)) await assert.rejects(test.desk.reject(id), fails('ALREADY_DECIDED'))
    })
  })

  it('is made once when approve and reject race', async () => {
    const { request } = await test.ask()
    const both = await Promise.allSettled([test.desk.approve(request), test.desk.reject(request)])
    assert.deepEqual(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    assert.equal(test.grants, 1)
  })
})

describe('An invitation', () => {
  it('grants access to its first user only', async () => {
    const invitation = await test.desk.invite(test.tree, Permission.WRITE)
    const [first, second] = await Promise.all([test.ask({ invitation }), test.ask({ invitation, peer: bob })])
    assert.deepEqual([first.status, first.permission], ['granted', Permission.WRITE])
    assert.equal(second.status, 'pending')
    assert.match(second.reason, /invitation is not valid/)
    assert.equal(test.grants, 1)
    // A peer that lost the answer gets it again.
    assert.equal((await test.ask({ invitation })).status, 'granted')
    await test.reopen()
    assert.equal((await test.ask({ invitation, peer: bob })).status, 'pending')
  })

  it('grants what it is for to a peer that asks for more, and says so', async () => {
    const invitation = await test.desk.invite(test.tree, Permission.READ)
    const answer = await test.ask({ invitation, permission: Permission.WRITE })
    assert.deepEqual([answer.status, answer.permission], ['granted', Permission.READ])
    assert.match(answer.reason, /is for read access: ask for write access again/)
    assert.deepEqual(test.desk.list(), [])
    // Asked once more, as a peer does that lost the answer, it is a request, and its peer is not told a falsehood.
    const again = await test.ask({ invitation, permission: Permission.WRITE })
    assert.equal(again.status, 'pending')
    assert.match(again.reason, /^You have read access/)
  })

  it('keeps the name that the policy has for its user', async () => {
    await test.author.changePolicy(test.tree, {
      keys: [{ peer: alice, permission: Permission.READ, name: 'Al' }],
    })
    const invitation = await test.desk.invite(test.tree, Permission.WRITE)
    await test.ask({ invitation, permission: Permission.WRITE })
    const key = (await test.store.policy(test.tree))!.key(alice)!
    assert.deepEqual([key.permission, key.name], [Permission.WRITE, 'Al'])
    await test.author.revoke(test.tree, alice)
    assert.equal((await test.store.policy(test.tree))!.key(alice)!.name, 'Al')
  })

  it('is valid across a restart, for its tree only, until it expires', async () => {
    const other = (await test.author.createTree('other')).tree
    const invitation = await test.desk.invite(test.tree, Permission.READ)
    await test.reopen()
    const forged = Uint8Array.from(invitation, (byte, index) => (index === 0 ? byte ^ 1 : byte))
    assert.equal((await test.ask({ invitation, tree: other })).status, 'pending')
    assert.equal((await test.ask({ invitation: forged })).status, 'pending')
    await test.clock.advance(limits.invitationTtlMs - 1)
    const late = await test.desk.invite(test.tree, Permission.READ)
    assert.equal((await test.ask({ invitation, peer: bob })).status, 'granted')
    await test.clock.advance(limits.invitationTtlMs)
    assert.equal((await test.ask({ invitation: late })).status, 'pending')
  })

  it('is not spent by a peer that needs none, and settles a pending request', async () => {
    const invitation = await test.desk.invite(test.tree, Permission.READ)
    await test.let(bob, Permission.READ)
    assert.equal((await test.ask({ invitation, peer: bob })).status, 'granted')
    await test.ask()
    assert.equal((await test.ask({ invitation })).status, 'granted')
    assert.deepEqual(test.desk.list(), [])
  })

  it('is valid only while its issuer is an admin', async () => {
    const invitation = await test.desk.invite(test.tree, Permission.READ)
    await test.let(admin.peer, Permission.WRITE)
    assert.equal((await test.ask({ invitation })).status, 'pending')
  })

  it('is for read or write of an existing tree, and limited in number', async () => {
    await assert.rejects(test.desk.invite(test.tree, Permission.ADMIN), fails('INVALID_ARGUMENT'))
    await assert.rejects(test.desk.invite(nowhere, Permission.READ), fails('UNKNOWN_TREE'))
    await bounded({ invitations: 1 }, async () => {
      await test.desk.invite(test.tree, Permission.READ)
      await assert.rejects(test.desk.invite(test.tree, Permission.READ), fails('LIMIT_EXCEEDED'))
      await test.clock.advance(limits.invitationTtlMs)
      await test.desk.invite(test.tree, Permission.READ)
    })
  })

  it('is listed with its life, and with who has used it, until it would have ended', async () => {
    const first = await test.desk.invite(test.tree, Permission.READ)
    await test.clock.advance(1_000)
    await test.desk.invite(test.tree, Permission.WRITE)
    await test.ask({ invitation: first })
    const usedAtMs = test.clock.now()
    await test.reopen()
    const [one, two, ...others] = test.desk.invitations()
    assert.deepEqual(others, [])
    assert.deepEqual([one!.id, one!.use], [sha256Hex(first), { peer: alice, atMs: usedAtMs }])
    assert.deepEqual([two!.permission, two!.use], [Permission.WRITE, undefined])
    assert.equal(two!.createdAtMs - one!.createdAtMs, 1_000)
    assert.equal(two!.untilMs - two!.createdAtMs, limits.invitationTtlMs)
    await test.clock.advance(limits.invitationTtlMs - 1_000)
    assert.deepEqual(
      test.desk.invitations().map(({ id }) => id),
      [two!.id],
    )
    await test.desk.invite(test.tree, Permission.READ)
    const rows = await test.db.sublevel('used-invitations').keys().all()
    assert.deepEqual(rows, [])
  })

  it('can be revoked while it is unused, and grants nothing then', async () => {
    const invitation = await test.desk.invite(test.tree, Permission.READ)
    const id = sha256Hex(invitation)
    await test.desk.revokeInvitation(id)
    assert.deepEqual(test.desk.invitations(), [])
    assert.equal((await test.ask({ invitation })).status, 'pending')
    await assert.rejects(test.desk.revokeInvitation(id), fails('UNKNOWN_REQUEST'))
    const used = await test.desk.invite(test.tree, Permission.READ)
    await test.ask({ invitation: used, peer: bob })
    await assert.rejects(test.desk.revokeInvitation(sha256Hex(used)), fails('UNKNOWN_REQUEST'))
    await assert.rejects(test.desk.revokeInvitation('no id'), fails('INVALID_ARGUMENT'))
  })

  it('is remembered with its user, within a bound', async () => {
    await bounded({ usedInvitations: 1 }, async () => {
      const [first, second] = [
        await test.desk.invite(test.tree, Permission.READ),
        await test.desk.invite(test.tree, Permission.READ),
      ]
      await test.ask({ invitation: first })
      await test.clock.advance(1)
      await test.ask({ invitation: second, peer: bob })
      for (const reopen of [false, true]) {
        if (reopen) await test.reopen()
        const [only, ...others] = test.desk.invitations()
        assert.deepEqual([only!.use!.peer, others], [bob, []])
      }
    })
  })

  it('is stored only as its hash', async () => {
    const secret = Buffer.from(await test.desk.invite(test.tree, Permission.READ))
    for await (const [key, value] of test.db.iterator())
      for (const form of [
        secret,
        Buffer.from(secret.toString('hex')),
        Buffer.from(secret.toString('base64')),
      ])
        assert.ok(!key.includes(form) && !value.includes(form))
  })

  it('is spent in the same batch as the entry that grants access, or not at all', async () => {
    const invitation = await test.desk.invite(test.tree, Permission.READ)
    const { request } = await test.ask({ peer: bob })
    const count = () => test.store.tree(test.tree)!.count
    const before = count()
    const batch = test.db.batch.bind(test.db)
    const failing = () => {
      throw new Error('the disk is full')
    }
    Object.assign(test.db, { batch: failing })
    await assert.rejects(test.ask({ invitation }))
    await assert.rejects(test.desk.approve(request))
    Object.assign(test.db, { batch })
    await test.reopen()
    assert.equal(count(), before)
    assert.equal(test.desk.list().length, 1)
    // One batch has both: if the entry went first, a crash after it would leave the invitation.
    const removed: string[][] = []
    const chained = () => {
      const made = batch()
      const keys: string[] = []
      removed.push(keys)
      const del: typeof made.del = made.del.bind(made)
      Object.assign(made, {
        del: (...args: Parameters<typeof del>) => {
          keys.push(String(args[0]))
          return del(...args)
        },
      })
      return made
    }
    Object.assign(test.db, { batch: (...args: []) => (args.length === 0 ? chained() : batch(...args)) })
    assert.equal((await test.ask({ invitation })).status, 'granted')
    await test.desk.approve(request)
    const [spent, answered] = [sha256Hex(invitation), linkKey(test.tree, bob)]
    assert.deepEqual(
      removed.map((keys, index) => keys.some((key) => key.endsWith([spent, answered][index]!))),
      [true, true],
    )
  })
})
