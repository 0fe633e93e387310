/**
 * Proofs of the caller over HTTP: what holds and what does not, each with its reason; that one is spent by one connection,
 * also for the next process on the same store; and that any language makes one.
 */
import { strict as assert } from 'node:assert'
import { execFileSync, spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { fromBinary } from '@bufbuild/protobuf'
import { createClient, type Interceptor } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { type JWTPayload, SignJWT } from 'jose'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { ErrorDetailSchema } from '../../../gen/causeway/v1/error_pb.ts'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import type { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import { createNode } from '../../../src/node/node.ts'
import { Bindings } from '../../../src/rpc/auth/binding.ts'
import { Proofs } from '../../../src/rpc/auth/proof.ts'
import type { Share } from '../../../src/rpc/auth/spent.ts'
import { makeToken } from '../../../src/rpc/auth/token.ts'
import type { Caller } from '../../../src/rpc/caller.ts'
import { type Database, openFolder, openMemory } from '../../../src/store/database/open.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { tempFolder } from '../../kit/peers.ts'
import { fails } from '../../kit/rpc-errors.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { Sessions } from '../../kit/sessions.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const [server, caller, other] = [testIdentity(1), testIdentity(2), testIdentity(3)]
const refused = (reason: string) => (error: CausewayError) => {
  assert.deepEqual([error.code, error.data.reason], ['UNAUTHENTICATED', reason], error.message)
  return true
}

/** The caller of a connection that does not leave this machine. */
const connected: Caller = {
  remoteAddress: '127.0.0.1:1',
  transport: 'test',
  operator: false,
  protection: { kind: 'local' },
}

/** The proofs of the server, and their table on this database. */
const openProofs = (clock: Clock, db: Database, shareOf: (issuer: PeerId) => Share = () => 'known') =>
  Proofs.open({ audience: server.peer, clock, db, bindings: new Bindings(), shareOf })

/** A JWT with these claims in place of good ones. */
async function forge(claims: object, { signer = caller, alg = 'EdDSA', now = Date.now() } = {}) {
  const { createPrivateKey } = await import('node:crypto')
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
  const der = Buffer.concat([prefix, signer.seed])
  const key = alg === 'HS256' ? signer.seed : createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const good: object = {
    iss: caller.peer,
    aud: server.peer,
    exp: Math.floor(now / 1000) + 60,
    jti: 'once',
    binding: '',
  }
  return new SignJWT({ ...good, ...claims } as JWTPayload).setProtectedHeader({ alg }).sign(key)
}

describe('A proof', () => {
  it('proves its issuer to its audience, once', async () => {
    const proofs = await openProofs(systemClock, await openMemory())
    const proof = await makeToken(caller, server.peer, systemClock)
    assert.deepEqual(await proofs.spend(proof, connected), { peer: caller.peer })
    await assert.rejects(proofs.spend(proof, connected), refused('replayed'))
    const both = await makeToken(caller, server.peer, systemClock)
    const results = await Promise.allSettled([proofs.spend(both, connected), proofs.spend(both, connected)])
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  })

  it('waits for its turn with any number of others, without a warning on stderr', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const proofs = await openProofs(systemClock, await openMemory())
    const many = await Promise.all(
      Array.from({ length: 50 }, () => makeToken(caller, server.peer, systemClock)),
    )
    for (const { peer } of await Promise.all(many.map((proof) => proofs.spend(proof, connected))))
      assert.equal(peer, caller.peer)
    await setImmediate()
    process.off('warning', onWarning)
    assert.deepEqual(warnings, [])
  })

  it('does not hold when anything about it is wrong', async () => {
    const proofs = await openProofs(systemClock, await openMemory())
    const nowSeconds = Math.floor(Date.now() / 1000)
    const skew = limits.proofSkewMs / 1000
    const good = await forge({})
    const [header, payload, signature] = good.split('.') as [string, string, string]
    const none = Buffer.from('{"alg":"none"}').toString('base64url')
    const wrong: [string, string][] = [
      ['signature', await forge({}, { signer: other })],
      ['signature', await forge({ iss: other.peer })],
      [
        'signature',
        `${header}.${Buffer.from(JSON.stringify({ ...JSON.parse(String(Buffer.from(payload, 'base64url'))), iss: caller.peer, more: 1 })).toString('base64url')}.${signature}`,
      ],
      ['malformed', `${none}.${payload}.`],
      ['malformed', await forge({}, { alg: 'HS256' })],
      ['malformed', await forge({ iss: 'me' })],
      // The neutral point: every signature of a kind would hold.
      ['malformed', await forge({ iss: `01${'00'.repeat(31)}` })],
      ['malformed', await forge({ jti: undefined })],
      ['malformed', await forge({ jti: '' })],
      ['malformed', 'a.b.c'],
      ['malformed', ''],
      ['malformed', 'x'.repeat(limits.proofBytes + 1)],
      ['audience', await forge({ aud: other.peer })],
      ['malformed', await forge({ aud: undefined })],
      ['malformed', await forge({ aud: [server.peer, other.peer] })],
      ['malformed', await forge({ binding: undefined })],
      ['binding', await forge({ binding: 'insecure' })],
      ['binding', await forge({ binding: `tls:${'00'.repeat(32)}` })],
      ['binding', await forge({ binding: 'host:node.example' })],
      ['binding', await forge({ origin: 'https://app.example' })],
      ['expired', await forge({ exp: 0 })],
      ['malformed', await forge({ exp: undefined })],
      ['malformed', await forge({ nbf: nowSeconds + skew + 5 })],
      ['expired', await forge({ exp: nowSeconds - skew - 1 })],
      ['lifetime', await forge({ exp: nowSeconds + limits.proofTtlMaxMs / 1000 + skew + 5 })],
      ['lifetime', await forge({ exp: Number.MAX_VALUE })],
    ]
    for (const [reason, proof] of wrong) await assert.rejects(proofs.spend(proof, connected), refused(reason))
    assert.deepEqual(await proofs.spend(good, connected), { peer: caller.peer })
  })

  it('that is off by a wrong clock says whose, and by how many minutes', async () => {
    const clock = new VirtualClock()
    const callers = new VirtualClock()
    const proofs = await openProofs(clock, await openMemory())
    for (const [skewMs, reason, whose] of [
      [-600_000, 'expired', ['behind', 'ahead']],
      [600_000, 'lifetime', ['ahead', 'behind']],
    ] as const) {
      callers.skewMs = skewMs
      const proof = await makeToken(caller, server.peer, callers)
      await assert.rejects(proofs.spend(proof, connected), (error: CausewayError) => {
        refused(reason)(error)
        const expected = `caller ${caller.peer} is 10 min ${whose[0]}, or that of the node ${server.peer} is 10 min ${whose[1]}`
        assert.ok(error.message.includes(expected), error.message)
        assert.doesNotMatch(error.message, /ms since 1970/)
        assert.ok(Math.abs(Number(error.data.clockOffMs) - skewMs) <= 1000)
        return true
      })
    }
    // Nothing is said about clocks where the proof is to blame.
    const nowSeconds = Math.floor(clock.now() / 1000)
    const long = await makeToken(caller, server.peer, clock, { ttlMs: 3_600_000 })
    await assert.rejects(proofs.spend(long, connected), (error: CausewayError) => {
      assert.doesNotMatch(error.message, /clock/)
      assert.equal(error.data.clockOffMs, undefined)
      return nowSeconds > 0
    })
  })

  it('stays spent over a restart', async () => {
    await using folder = await tempFolder()
    const proof = await makeToken(caller, server.peer, systemClock)
    for (const first of [true, false]) {
      const db = await openFolder(folder.path)
      const spending = (await openProofs(systemClock, db)).spend(proof, connected)
      if (first) await spending
      else await assert.rejects(spending, refused('replayed'))
      await db.close()
    }
  })

  it('is forgotten when it would not hold any more, and not before', async () => {
    const clock = new VirtualClock()
    const proofs = await openProofs(clock, await openMemory())
    const fill = async () => {
      for (let count = 0; count < 3; count++)
        await proofs.spend(await makeToken(caller, server.peer, clock), connected)
    }
    using _ = limited({ proofsPerPeer: 3 })
    await fill()
    await assert.rejects(fill(), (error: CausewayError) => {
      assert.equal(error.code, 'RESOURCE_EXHAUSTED')
      return true
    })
    await clock.advance(limits.proofTtlMs + limits.proofSkewMs + 1000)
    await fill()
  })
})

describe('A call over HTTP', () => {
  const clients = (address: string, httpVersion: '1.1' | '2', interceptor: Interceptor) => {
    const options = { baseUrl: address, httpVersion, interceptors: [interceptor] }
    const rpc = createConnectTransport(
      httpVersion === '2' ? { ...options, httpVersion, sessionManager: new Sessions(address) } : options,
    )
    return { trees: createClient(TreeService, rpc), sync: createClient(SyncService, rpc) }
  }
  const showing =
    (authorization: () => string | Promise<string>): Interceptor =>
    (next) =>
    async (request) => {
      request.header.set('authorization', await authorization())
      return next(request)
    }

  it('shows its proof as often as it likes on one connection, and on no other', async () => {
    await using serving = await ServingNode.start()
    const authorization = await serving.authorization()
    const own = clients(
      serving.address,
      '2',
      showing(() => authorization),
    )
    await Promise.all([own.trees.listTrees({}), own.trees.listTrees({}), own.trees.listTrees({})])
    await own.trees.listTrees({})
    const thief = clients(
      serving.address,
      '2',
      showing(() => authorization),
    )
    const { data } = await fails(thief.trees.listTrees({}), 'UNAUTHENTICATED', 'Unauthenticated')
    assert.equal(data.reason, 'replayed')
    const silent = clients(serving.address, '2', (next) => next)
    await fails(silent.trees.createTree({ name: 'a' }), 'UNAUTHENTICATED', 'Unauthenticated')
  })

  it('gains nothing from who shares its connection', async () => {
    await using serving = await ServingNode.start()
    let authorization: string | undefined = await serving.authorization()
    const shared = clients(serving.address, '2', (next) => (request) => {
      if (authorization !== undefined) request.header.set('authorization', authorization)
      return next(request)
    })
    await shared.trees.createTree({ name: 'a' })
    authorization = undefined
    await fails(shared.trees.createTree({ name: 'a' }), 'UNAUTHENTICATED', 'Unauthenticated')
  })

  it('is refused with a proof of another form, and a bad proof is never no proof', async () => {
    await using serving = await ServingNode.start()
    const tree = await serving.node.createTree('open', PublicAccess.READ)
    for (const header of ['Basic YTpi', 'Bearer', 'Bearer x', `Bearer ${await forge({ aud: other.peer })}`]) {
      const { sync } = clients(
        serving.address,
        '2',
        showing(() => header),
      )
      await fails(sync.syncTree({ tree: Buffer.from(tree, 'hex') }), 'UNAUTHENTICATED', 'Unauthenticated')
    }
  })

  it('makes a new proof for each call where a proxy spreads them over connections', async () => {
    await using serving = await ServingNode.start()
    const { trees, connection } = await serving.dial()
    // The first proof was spent elsewhere, as if another connection of the proxy's had taken it.
    let made = 0
    const stolen = await serving.authorization()
    const thief = clients(
      serving.address,
      '2',
      showing(() => stolen),
    )
    await thief.trees.listTrees({})
    connection.prove(async () => {
      const proof = made++ === 0 ? stolen : await serving.authorization()
      return proof.slice('Bearer '.length)
    })
    await trees.listTrees({})
    await trees.listTrees({})
    assert.equal(made, 3)
    const tree = await serving.node.createTree('a')
    for await (const _ of trees.watchTree({ tree: Buffer.from(tree, 'hex') })) break
    assert.equal(made, 4)
    connection.close()
  })

  it('of a blocked peer is refused, and its connections are cut', async () => {
    await using serving = await ServingNode.start()
    const tree = await serving.node.createTree('open', PublicAccess.READ)
    await serving.node.addPeer(caller.peer, {})
    const { sync, connection } = await serving.dialAs(caller)
    const request = { tree: Buffer.from(tree, 'hex') }
    for await (const _ of sync.syncTree(request));
    await serving.node.blockPeer(caller.peer)
    await new Promise<void>((resolve) => connection.channel.stream.once('close', () => resolve()))
    const again = await serving.dialAs(caller)
    await fails(again.sync.syncTree(request), 'FORBIDDEN', 'PermissionDenied')
    await serving.node.blockPeer(caller.peer, false)
    const later = await serving.dialAs(caller)
    for await (const _ of later.sync.syncTree(request));
  })

  it('of a node proves the node by itself', async () => {
    await using serving = await ServingNode.start()
    await using node = await createNode({ identity: caller })
    const tree = await serving.node.createTree('open', PublicAccess.WRITE)
    const seen: (string | undefined)[] = []
    node.on('sync', () => seen.push(serving.node.connections()[0]?.caller.peer))
    await node.sync(tree, serving.address)
    assert.deepEqual(seen, [caller.peer])
  })
})

describe('A proof made in another language', () => {
  it('by hand with openssl', {
    skip: spawnSync('openssl', ['version']).status !== 0 && 'no openssl',
  }, async () => {
    await using folder = await tempFolder()
    const claims = JSON.stringify({
      iss: caller.peer,
      aud: server.peer,
      exp: Math.floor(Date.now() / 1000) + 60,
      jti: 'x',
      binding: '',
    })
    const seed = Buffer.from(caller.seed).toString('hex')
    const script = `cd ${folder.path}
b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
printf '302e020100300506032b657004220420${seed}' | xxd -r -p > key.der
printf '%s.%s' "$(printf '{"alg":"EdDSA"}' | b64)" "$(printf '%s' '${claims}' | b64)" > signed
openssl pkeyutl -sign -rawin -inkey key.der -keyform DER -in signed -out signature
printf '%s.%s' "$(cat signed)" "$(b64 < signature)"`
    const token = execFileSync('sh', ['-c', script], { encoding: 'utf8' })
    const proofs = await openProofs(systemClock, await openMemory())
    assert.deepEqual(await proofs.spend(token, connected), { peer: caller.peer })
  })
})

it('A refusal names its reason on the wire', async () => {
  await using serving = await ServingNode.start()
  const response = await fetch(`${serving.address}/causeway.v1.NodeService/GetNode`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${await forge({})}` },
    body: '{}',
  })
  assert.equal(response.status, 401)
  const { details } = (await response.json()) as { details: { value: string }[] }
  const detail = fromBinary(ErrorDetailSchema, Buffer.from(details[0]!.value, 'base64'))
  assert.deepEqual([detail.code, detail.data.reason], ['UNAUTHENTICATED', 'audience'])
})
