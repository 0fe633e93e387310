/**
 * Whom a new key asks for the rights of the old one: admins that can be dialled, or else all, at their first addresses. And
 * how long the old key waits for peers.
 */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import {
  FlushResponseSchema,
  GetPolicyResponseSchema,
  JoinTreeResponseSchema,
  ListPeersResponseSchema,
} from '../../../gen/causeway/v1/node_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { Clients } from '../../../src/cli/context.ts'
import { askAll, deliver, grantAll, standingOf } from '../../../src/cli/node/rotation.ts'
import { parseTicket } from '../../../src/peer/ticket.ts'

const bytes = (value: number) => new Uint8Array(32).fill(value)
const hex = (value: number) => Buffer.from(bytes(value)).toString('hex')

/** Returns a node whose peers 1 to 3 are linked with the trees 7 and 8; 2 is an admin of 7, and 4 is blocked. */
function fakeClients(asked: { peer: string; addresses: number; permission: Permission }[]): Clients {
  const many = Array.from({ length: limits.rotationAddresses + 1 }, (_, index) => ({
    address: `http://10.0.0.1:${8000 + index}`,
  }))
  const peers = [
    { peer: bytes(1), addresses: many.slice(0, 1), trees: [bytes(7), bytes(8)] },
    { peer: bytes(2), addresses: many, trees: [bytes(7), bytes(8)] },
    { peer: bytes(3), addresses: [], trees: [bytes(8)] },
    { peer: bytes(4), addresses: many, trees: [bytes(8)], blocked: true },
  ]
  const node = {
    listPeers: async () => create(ListPeersResponseSchema, { peers }),
    getPolicy: async ({ tree }: { tree: Uint8Array }) =>
      create(GetPolicyResponseSchema, {
        members: tree[0] === 7 ? [{ peer: bytes(2), permission: Permission.ADMIN }] : [],
      }),
    async *joinTree({ ticket, permission }: { ticket: string; permission: Permission }) {
      const { peer, addresses } = parseTicket(ticket)
      asked.push({ peer: peer!, addresses: addresses.length, permission })
      if (peer === hex(1)) throw new CausewayError('LIMIT_EXCEEDED', 'No more joins.')
      yield create(JoinTreeResponseSchema, {})
    },
  }
  return { node } as unknown as Clients
}

it('asks the linked admins, or else all linked peers, and never to be an admin', async () => {
  const asked: Parameters<typeof fakeClients>[0] = []
  const rights = [7, 8, 9].map((tree) => ({ tree: bytes(tree), permission: Permission.ADMIN }))
  const requests = await askAll(fakeClients(asked), rights, 'hello')
  const { WRITE } = Permission
  const most = limits.rotationAddresses
  assert.deepEqual(asked, [
    { peer: hex(2), addresses: most, permission: WRITE },
    { peer: hex(1), addresses: 1, permission: WRITE },
    { peer: hex(2), addresses: most, permission: WRITE },
  ])
  assert.deepEqual(
    requests.map(({ tree, peer, problem }) => [tree[0], peer?.[0], problem]),
    [
      [7, 2, ''],
      [8, 1, 'No more joins.'],
      [8, 2, ''],
      [9, undefined, ''],
    ],
  )
})

it('grants nothing to a new key that an admin has revoked, and asks for nothing there', async () => {
  const [from, to] = [bytes(1), bytes(5)]
  const admin = { peer: from, permission: Permission.ADMIN, name: 'node' }
  // Before the grant, after it, revoked from outside, and a tree in which the old key only writes.
  const members = new Map<number, { peer: Uint8Array; permission: Permission; revoked?: boolean }[]>([
    [6, [admin]],
    [7, [admin, { peer: to, permission: Permission.ADMIN }]],
    [8, [admin, { peer: to, permission: Permission.ADMIN, revoked: true }]],
    [
      9,
      [
        { ...admin, permission: Permission.WRITE },
        { peer: to, permission: Permission.READ, revoked: true },
      ],
    ],
  ])
  const granted: number[] = []
  const clients = {
    trees: {
      listTrees: async () => ({
        trees: [...members.keys()].map((id) => ({ id: bytes(id), damage: '' })),
        nextPageToken: '',
      }),
    },
    node: {
      getPolicy: async ({ tree }: { tree: Uint8Array }) =>
        create(GetPolicyResponseSchema, { members: members.get(tree[0]!)! }),
      changePolicy: async ({ tree }: { tree: Uint8Array }) => granted.push(tree[0]!),
    },
  } as unknown as Clients
  const standing = await standingOf(clients, hex(1), hex(5))
  const trees = (rights: readonly { tree: Uint8Array }[]) => rights.map(({ tree }) => tree[0])
  assert.deepEqual([standing.toGrant, standing.granted, standing.toAsk, standing.revoked].map(trees), [
    [6],
    [7],
    [],
    [8, 9],
  ])
  // Revoked between the look and the grant.
  const late = [6, 8].map((id) => ({ tree: bytes(id), permission: Permission.ADMIN }))
  await grantAll(clients, late, { from: hex(1), to: hex(5) })
  assert.deepEqual(granted, [6])
})

it('waits longer and longer for peers of these trees, and not for those of others', async () => {
  const waits: number[] = []
  const away = (trees: number[][]) => {
    const node = {
      flush: async ({ timeoutMs }: { timeoutMs: number }) => {
        waits.push(timeoutMs)
        const pending = (trees[Math.min(waits.length, trees.length) - 1] ?? []).map((tree) => ({
          tree: bytes(tree),
        }))
        return create(FlushResponseSchema, { pending })
      },
    }
    return { node } as unknown as Clients
  }
  const rights = [{ tree: bytes(7), permission: Permission.ADMIN }]
  const first = limits.rotationFlushMs
  assert.deepEqual(await deliver(away([[8]]), rights, 10 * first), [])
  assert.deepEqual(waits.splice(0), [first])
  assert.deepEqual(await deliver(away([[7, 8], [7], [8]]), rights, 10 * first), [])
  assert.deepEqual(waits.splice(0), [first, 2 * first, 4 * first])
  const left = await deliver(away([[7]]), rights, 10 * first)
  assert.deepEqual([left.length, waits.splice(0)], [1, [first, 2 * first, 4 * first, 3 * first]])
  assert.deepEqual(await deliver(away([[7]]), [], first), [])
  assert.deepEqual(waits, [])
})
