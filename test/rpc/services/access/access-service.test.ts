/**
 * Requests for access and their decision, over every transport and protocol: who may ask, what each caller sees, and
 * paging.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { Permission, PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import { AccessStatus } from '../../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../../../src/base/limits.ts'
import { bytesToHex, hexToBytes } from '../../../../src/dag/hex.ts'
import { idToBytes, type TreeId } from '../../../../src/dag/id.ts'
import { createIdentity, type Identity } from '../../../../src/dag/identity.ts'
import { parseTicket } from '../../../../src/peer/ticket.ts'
import { fails } from '../../../kit/rpc-errors.ts'
import { type Caller, protocols, ServingNode, transports } from '../../../kit/serving-node.ts'

for (const transport of transports)
  for (const protocol of protocols)
    describe(`Access over ${transport.name} with ${protocol}`, () => {
      let serving: ServingNode
      let operator: Caller
      let tree: Uint8Array
      before(async () => {
        serving = await ServingNode.start(transport)
        operator = await serving.dial(protocol)
        tree = new Uint8Array(idToBytes(await serving.node.createTree('private', PublicAccess.NONE)))
      })
      after(async () => {
        assert.deepEqual(serving.problems, [])
        await serving[Symbol.asyncDispose]()
      })
      const stranger = (identity: Identity = createIdentity()) => serving.dialAs(identity, protocol)
      const list = async () => (await operator.node.listAccessRequests({})).requests

      it('is requested with a proof of the caller’s key', async () => {
        if (transport.name === 'QUIC') return
        const nobody = await serving.dialAs(undefined, protocol)
        const ask = nobody.sync.requestAccess({ tree, permission: Permission.READ })
        const { data } = await fails(ask, 'UNAUTHENTICATED', 'Unauthenticated')
        assert.equal(data.reason, 'missing')
      })

      it('waits for the operator, who sees the request and rejects it', async () => {
        const identity = createIdentity()
        const { sync } = await stranger(identity)
        const answer = await sync.requestAccess({ tree, permission: Permission.WRITE, message: 'me' })
        assert.deepEqual([answer.status, answer.request.length], [AccessStatus.PENDING, 16])
        const [request] = await list()
        assert.deepEqual(
          [request!.id, request!.tree, Buffer.from(request!.peer).toString('hex')],
          [answer.request, tree, identity.peer],
        )
        assert.deepEqual([request!.permission, request!.message], [Permission.WRITE, 'me'])
        const reject = { id: answer.request, reason: 'no' }
        assert.deepEqual((await operator.node.decideAccess(reject)).request, request)
        await fails(operator.node.decideAccess(reject), 'ALREADY_DECIDED', 'FailedPrecondition')
        assert.deepEqual(await list(), [])
        const again = await sync.requestAccess({ tree, permission: Permission.WRITE })
        assert.deepEqual([again.status, again.reason], [AccessStatus.REJECTED, 'no'])
      })

      it('does not reveal to a stranger whether there is such a tree', async () => {
        const { sync } = await stranger()
        const asked = (tree: Uint8Array) => sync.requestAccess({ tree, permission: Permission.READ })
        const [here, away] = [await asked(tree), await asked(new Uint8Array(32).fill(7))]
        assert.deepEqual({ ...away, request: here.request }, here)
        assert.notDeepEqual(away.request, here.request)
        assert.equal(away.request.length, here.request.length)
        assert.deepEqual(
          (await list()).map(({ id }) => id),
          [here.request],
        )
        const decide = { id: away.request, permission: Permission.READ }
        await fails(operator.node.decideAccess(decide), 'UNKNOWN_REQUEST', 'NotFound')
      })

      it('is decided by the operator alone', async () => {
        const { node } = await stranger()
        const [request] = await list()
        const calls = [
          () => node.listAccessRequests({}),
          () => node.decideAccess({ id: request!.id, permission: Permission.READ }),
          () => node.createTicket({ tree, invitation: Permission.READ }),
          async () => {
            for await (const _ of node.joinTree({ ticket: 'x' }));
          },
        ]
        for (const call of calls) await fails(call(), 'FORBIDDEN', 'PermissionDenied')
      })

      it('refuses requests that cannot be granted', async () => {
        const { sync } = await stranger()
        const ask = (more: object) => sync.requestAccess({ tree, permission: Permission.READ, ...more })
        await fails(ask({ permission: Permission.ADMIN }), 'FORBIDDEN', 'PermissionDenied')
        for (const wrong of [
          { permission: Permission.UNSPECIFIED },
          { permission: 9 },
          { tree: new Uint8Array(31) },
          { invitation: new Uint8Array(31) },
        ])
          await fails(ask(wrong), 'INVALID_ARGUMENT', 'InvalidArgument')
        const message = 'x'.repeat(limits.accessTextBytes + 1)
        await fails(ask({ message }), 'LIMIT_EXCEEDED', 'InvalidArgument')
        const { node } = operator
        await fails(node.decideAccess({ id: new Uint8Array(15) }), 'INVALID_ARGUMENT', 'InvalidArgument')
        await fails(node.decideAccess({ id: new Uint8Array(16) }), 'UNKNOWN_REQUEST', 'NotFound')
        const [request] = await list()
        const reason = message
        await fails(node.decideAccess({ id: request!.id, reason }), 'LIMIT_EXCEEDED', 'InvalidArgument')
        const admin = { id: request!.id, permission: Permission.ADMIN }
        await fails(node.decideAccess(admin), 'INVALID_ARGUMENT', 'InvalidArgument')
        const invite = (invitation: Permission) => node.createTicket({ tree, invitation })
        await fails(invite(Permission.ADMIN), 'INVALID_ARGUMENT', 'InvalidArgument')
      })

      it('gives what the operator approves, in a signed entry', async () => {
        const { sync } = await stranger()
        const ask = () => sync.requestAccess({ tree, permission: Permission.WRITE })
        const { request: id } = await ask()
        const read = () => answersOf(sync.syncTree({ tree }))
        await fails(read(), 'UNKNOWN_TREE', 'NotFound')
        await operator.node.decideAccess({ id, permission: Permission.READ })
        const answer = await ask()
        assert.deepEqual([answer.status, answer.permission], [AccessStatus.GRANTED, Permission.READ])
        assert.ok((await read()) > 0)
        const which = bytesToHex(tree) as TreeId
        const [{ signed } = assert.fail()] = await serving.node.store.get(await serving.node.tips(which))
        const body = Buffer.from(signed.body)
        // A key's permission: field 2, a varint.
        body[body.lastIndexOf(Buffer.from([0x10, Permission.READ])) + 1] = Permission.ADMIN
        const altered = [{ body, signature: signed.signature }]
        const { refused } = await operator.sync.sendEntries({ tree, entries: altered })
        assert.deepEqual(
          refused.map(({ code }) => code),
          ['ENTRY_SIGNATURE'],
        )
      })

      it('is given to the first caller with an invitation', async () => {
        const { ticket } = await operator.node.createTicket({ tree, invitation: Permission.WRITE })
        const invitation = hexToBytes(parseTicket(ticket).invitation!)
        const ask = { tree, permission: Permission.READ, invitation }
        const [first, second] = [await stranger(), await stranger()]
        const answer = await first.sync.requestAccess(ask)
        assert.deepEqual([answer.status, answer.permission], [AccessStatus.GRANTED, Permission.WRITE])
        assert.ok((await answersOf(first.sync.syncTree({ tree }))) > 0)
        assert.equal((await second.sync.requestAccess(ask)).status, AccessStatus.PENDING)
      })

      it('lists requests page by page, the oldest first', async () => {
        const before = (await list()).length
        for (let n = 0; n < 3; n++) {
          const { sync } = await stranger()
          await sync.requestAccess({ tree, permission: Permission.READ, message: String(n) })
        }
        const messages: string[] = []
        let pageToken = ''
        let pages = 0
        do {
          const page = await operator.node.listAccessRequests({ pageSize: 2, pageToken })
          messages.push(...page.requests.map(({ message }) => message))
          pageToken = page.nextPageToken
          pages++
        } while (pageToken !== '')
        assert.equal(pages, Math.ceil((before + 3) / 2))
        assert.deepEqual(messages.slice(before).sort(), ['0', '1', '2'])
        const wrong = operator.node.listAccessRequests({ pageToken: 'x' })
        await fails(wrong, 'INVALID_ARGUMENT', 'InvalidArgument')
      })

      it('emits an event for a request', async () => {
        const identity = createIdentity()
        const { sync } = await stranger(identity)
        const event = new Promise<string>((resolve) => {
          serving.node.once('request', ({ peer }) => resolve(peer))
        })
        await sync.requestAccess({ tree, permission: Permission.READ })
        assert.equal(await event, identity.peer)
      })
    })

async function answersOf(answers: AsyncIterable<unknown>): Promise<number> {
  let count = 0
  for await (const _ of answers) count++
  return count
}
