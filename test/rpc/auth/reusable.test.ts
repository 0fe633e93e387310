/**
 * Reusable tokens, through a real server: one holds on every connection of its channel while it lives, takes no place in
 * the table of spent ones, and does not outlive its end, its key's rights, or its channel.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../../src/base/clock.ts'
import { limits } from '../../../src/base/limits.ts'
import { makeToken } from '../../../src/rpc/auth/token.ts'
import { openFolder } from '../../../src/store/database/open.ts'
import { Records } from '../../../src/store/database/records.ts'
import { testIdentity } from '../../kit/entries.ts'
import { goodClaims, PlainCaller, signToken } from '../../kit/jwt.ts'
import { limited } from '../../kit/limited.ts'
import { tempFolder } from '../../kit/peers.ts'
import { ServingNode, transports } from '../../kit/serving-node.ts'

const [operator, member, stranger] = [testIdentity(2), testIdentity(3), testIdentity(4)]
const tokenOf = (serving: ServingNode, issuer = operator, claims: object = {}) =>
  `Bearer ${signToken(issuer, { ...goodClaims(serving, issuer), reusable: true, ...claims })}`

/** Makes a call that needs a proven operator, on a connection of its own. */
async function create(serving: ServingNode, authorization: string): Promise<string> {
  using caller = new PlainCaller(serving)
  return (await caller.call('TreeService/CreateTree', authorization, { name: 'x' })).outcome
}

describe('A reusable token', () => {
  let serving: ServingNode
  before(async () => {
    serving = await ServingNode.start(transports[0], { operators: [operator.peer] })
  })
  after(() => serving[Symbol.asyncDispose]())

  it('holds on any number of connections, one after another and at once', async () => {
    const token = tokenOf(serving)
    for (let count = 0; count < 3; count++) assert.equal(await create(serving, token), 'ok')
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => create(serving, token)))
    assert.deepEqual(new Set(outcomes), new Set(['ok']))
  })

  it('spends no other token with its jti, and is not spent by one', async () => {
    const claims = { jti: 'shared' }
    const once = tokenOf(serving, operator, { ...claims, reusable: false })
    assert.equal(await create(serving, tokenOf(serving, operator, claims)), 'ok')
    assert.equal(await create(serving, once), 'ok')
    assert.equal(await create(serving, once), 'UNAUTHENTICATED replayed')
    assert.equal(await create(serving, tokenOf(serving, operator, claims)), 'ok')
  })

  it('says no more about its issuer than another token', async () => {
    assert.equal(await create(serving, tokenOf(serving, stranger)), 'FORBIDDEN')
  })

  it('ends with its key: a peer that is blocked loses its connections, and is refused on new ones', async () => {
    await serving.node.addPeer(member.peer, {})
    using open = new PlainCaller(serving)
    const token = tokenOf(serving, member)
    const list = (caller: PlainCaller) => caller.call('TreeService/ListTrees', token, {})
    assert.equal((await list(open)).outcome, 'ok')
    await serving.node.blockPeer(member.peer)
    // Its agent meets the end of the connection, or has noticed it and opens another one.
    assert.match((await list(open)).outcome, /^(cut|FORBIDDEN)$/)
    using another = new PlainCaller(serving)
    assert.equal((await list(another)).outcome, 'FORBIDDEN')
  })

  it('is checked on each connection, and a stranger pays for each', async () => {
    using _ = limited({ proofBurst: 3, proofsPerSecond: 0.000_1 })
    await using other = await ServingNode.start(transports[0], { operators: [operator.peer] })
    const token = tokenOf(other, stranger)
    const outcomes: string[] = []
    for (let count = 0; count < 4; count++) outcomes.push(await create(other, token))
    assert.deepEqual(outcomes, ['FORBIDDEN', 'FORBIDDEN', 'FORBIDDEN', 'RESOURCE_EXHAUSTED'])
  })
})

it('A reusable token takes no place in the table of spent ones, and holds after a restart', async () => {
  await using folder = await tempFolder()
  const start = async () =>
    ServingNode.start(transports[0], {
      ...{ identity: testIdentity(1), operators: [operator.peer] },
      database: await openFolder(folder.path),
    })
  let token: string
  {
    await using first = await start()
    token = tokenOf(first)
    for (let count = 0; count < 5; count++) assert.equal(await create(first, token), 'ok')
  }
  {
    await using second = await start()
    assert.equal(await create(second, token), 'ok')
  }
  const db = await openFolder(folder.path)
  assert.equal((await Records.open(db, 'proofs')).size, 0)
  await db.close()
})

it('A reusable token is not made for plain HTTP that leaves the machine', async () => {
  const options = { binding: 'insecure', reusable: true, ttlMs: limits.proofTtlMs }
  await assert.rejects(makeToken(member, operator.peer, systemClock, options), { code: 'INVALID_ARGUMENT' })
  assert.ok(await makeToken(member, operator.peer, systemClock, { ...options, reusable: false }))
})
