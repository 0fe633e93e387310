/**
 * The table of spent proofs when strangers fill it: from many origins they fill only their own share, so that the node's
 * own token, an operator's and a known peer's are still taken, over the wire and after a restart.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { createIdentity, type Identity } from '../../../src/dag/identity.ts'
import { SpentProofs } from '../../../src/rpc/auth/spent.ts'
import { type Database, openFolder, openMemory } from '../../../src/store/database/open.ts'
import { testIdentity } from '../../kit/entries.ts'
import { goodClaims, PlainCaller, signToken } from '../../kit/jwt.ts'
import { limited } from '../../kit/limited.ts'
import { tempFolder } from '../../kit/peers.ts'
import { ServingNode, transports } from '../../kit/serving-node.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const [self, operator, friend, another] = [testIdentity(1), testIdentity(2), testIdentity(3), testIdentity(4)]
const full = 'RESOURCE_EXHAUSTED'
const handshake = { version: 2, nonce: Buffer.alloc(32).toString('base64'), binding: '' }

/** Presents a new proof of an issuer from an address, on a new connection. Returns the outcome. */
async function present(serving: ServingNode, issuer: Identity, localAddress = '127.0.0.1') {
  using caller = new PlainCaller(serving, localAddress)
  const token = signToken(issuer, goodClaims(serving, issuer))
  return (await caller.call('SyncService/Handshake', `Bearer ${token}`, handshake)).outcome
}

describe('Strangers from many origins, each with a new key for every proof', () => {
  it('fill their own share and nobody else’s, also after a restart', async () => {
    using _ = limited({ proofsPerOrigin: 3, proofsPerPeer: 4, proofsRemembered: 20 })
    await using folder = await tempFolder()
    const start = async () => {
      const serving = await ServingNode.start(transports[0], {
        ...{ identity: self, operators: [operator.peer], background: false },
        database: await openFolder(folder.path),
      })
      await serving.node.addPeer(friend.peer, {})
      await serving.node.addPeer(another.peer, {})
      return serving
    }
    {
      await using serving = await start()
      const flood = (host: number) => present(serving, createIdentity(), `127.0.0.${host}`)
      // Six origins fill their accounts; the seventh meets the bound of all.
      for (let host = 2; host < 8; host++) {
        for (let count = 0; count < limits.proofsPerOrigin; count++) assert.equal(await flood(host), 'ok')
        assert.equal(await flood(host), full)
      }
      for (const expected of ['ok', 'ok', full]) assert.equal(await flood(8), expected)
      assert.equal(await flood(9), full)
      // From where strangers come, too.
      for (const issuer of [self, operator, friend, another])
        assert.equal(await present(serving, issuer, '127.0.0.2'), 'ok')
      assert.deepEqual(serving.problems, [])
    }
    await using serving = await start()
    assert.equal(await present(serving, createIdentity(), '127.0.0.10'), full)
    for (const issuer of [self, operator, friend, another])
      assert.equal(await present(serving, issuer, '127.0.0.2'), 'ok')
    // A known peer fills its own account, and no other peer's.
    for (const expected of ['ok', 'ok', full]) assert.equal(await present(serving, friend), expected)
    assert.equal(await present(serving, another), 'ok')
    assert.deepEqual(serving.problems, [])
  })
})

describe('The table of spent proofs', () => {
  const open = async (db: Database) => {
    const clock = new VirtualClock()
    const table = await SpentProofs.open(clock, db)
    let key = 0
    const spend = (share: 'operator' | 'known' | 'stranger', account: string, ms = 60_000) =>
      table.spend(`${key++}`, clock.now() + ms, { share, account }).then(
        () => 'ok',
        (error: { code: string }) => error.code,
      )
    return { clock, spend }
  }

  it('has bounds of these sizes for each share and account', async () => {
    const { spend } = await open(await openMemory())
    using _ = limited({ proofsPerOrigin: 2, proofsPerPeer: 2, proofsRemembered: 5 })
    for (const share of ['stranger', 'known', 'operator'] as const) {
      for (const account of ['a', 'b'])
        for (const expected of ['ok', 'ok', full]) assert.equal(await spend(share, account), expected)
      for (const expected of ['ok', full]) assert.equal(await spend(share, 'c'), expected)
    }
  })

  it('lets no call past a bound while others are being written', async () => {
    const { spend } = await open(await openMemory())
    using _ = limited({ proofsPerOrigin: 3 })
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => spend('stranger', 'a')))
    assert.deepEqual(
      outcomes.map((outcome) => outcome === 'ok'),
      outcomes.map((_, index) => index < 3),
    )
  })

  it('makes room for an account as its proofs expire', async () => {
    const { clock, spend } = await open(await openMemory())
    using _ = limited({ proofsPerOrigin: 2 })
    for (const expected of ['ok', 'ok', full]) assert.equal(await spend('stranger', 'a', 60_000), expected)
    await clock.advance(60_000 + limits.proofSweepMs)
    for (const expected of ['ok', 'ok', full]) assert.equal(await spend('stranger', 'a', 60_000), expected)
  })

  it('is filled by strangers of one origin and by one peer only in part', () => {
    assert.ok(limits.proofsRemembered >= 7 * limits.proofsPerOrigin)
    assert.ok(limits.proofsRemembered >= 7 * limits.proofsPerPeer)
  })
})
