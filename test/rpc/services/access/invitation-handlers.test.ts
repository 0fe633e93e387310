/** The calls for invitations: made with a ticket, listed in pages, and revoked. */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { Permission } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { Invitation } from '../../../../gen/causeway/v1/node_pb.ts'
import { sha256Hex } from '../../../../src/dag/crypto.ts'
import { hexToBytes } from '../../../../src/dag/hex.ts'
import { idToBytes } from '../../../../src/dag/id.ts'
import { createIdentity } from '../../../../src/dag/identity.ts'
import { parseTicket } from '../../../../src/peer/ticket.ts'
import { fails } from '../../../kit/rpc-errors.ts'
import { type Caller, ServingNode } from '../../../kit/serving-node.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('The calls for invitations', () => {
  let serving: ServingNode
  let operator: Caller
  let tree: Uint8Array
  before(async () => {
    serving = await ServingNode.start()
    operator = await serving.dial()
    tree = idToBytes(await serving.node.createTree('private'))
  })
  after(async () => {
    assert.deepEqual(serving.problems, [])
    await serving[Symbol.asyncDispose]()
  })
  const invite = (invitation = Permission.READ) => operator.node.createTicket({ tree, invitation })
  async function list(pageSize: number): Promise<Invitation[]> {
    const all: Invitation[] = []
    let pageToken = ''
    do {
      const page = await operator.node.listInvitations({ pageSize, pageToken })
      all.push(...page.invitations)
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    return all
  }

  it('say with the ticket which invitation it has, and until when', async () => {
    const { ticket, invitation, expiresMs } = await invite(Permission.WRITE)
    const secret = hexToBytes(parseTicket(ticket).invitation!)
    assert.equal(hex(invitation), sha256Hex(secret))
    const [listed] = await list(100)
    assert.deepEqual([hex(listed!.id), listed!.expiresMs], [hex(invitation), expiresMs])
    assert.equal(listed!.permission, Permission.WRITE)
    assert.equal(hex(listed!.tree), hex(tree))
    const plain = await operator.node.createTicket({ tree })
    assert.deepEqual([plain.invitation.length, plain.expiresMs], [0, 0n])
    await operator.node.revokeInvitation({ id: invitation })
  })

  it('list them in pages, with who has used one, and revoke the unused', async () => {
    const made = [await invite(), await invite(), await invite()]
    const friend = createIdentity()
    const guest = await serving.dialAs(friend)
    const { invitation } = parseTicket(made[1]!.ticket)
    const ask = { tree, permission: Permission.READ, invitation: hexToBytes(invitation!) }
    await guest.sync.requestAccess(ask)
    const all = await list(100)
    for (const size of [1, 2]) assert.deepEqual(await list(size), all)
    assert.deepEqual(all.map(({ id }) => hex(id)).sort(), made.map((each) => hex(each.invitation)).sort())
    const used = all.filter(({ usedBy }) => usedBy.length > 0)
    assert.deepEqual(
      used.map(({ id, usedBy }) => [hex(id), hex(usedBy)]),
      [[hex(made[1]!.invitation), friend.peer]],
    )
    assert.ok(used[0]!.usedAtMs > 0n)
    await operator.node.revokeInvitation({ id: made[0]!.invitation })
    assert.equal((await list(100)).length, 2)
    for (const { invitation: id } of [made[0]!, made[1]!])
      await fails(operator.node.revokeInvitation({ id }), 'UNKNOWN_REQUEST', 'NotFound')
    await fails(
      operator.node.revokeInvitation({ id: new Uint8Array(3) }),
      'INVALID_ARGUMENT',
      'InvalidArgument',
    )
    await fails(operator.node.listInvitations({ pageToken: 'AA' }), 'INVALID_ARGUMENT', 'InvalidArgument')
  })
})
