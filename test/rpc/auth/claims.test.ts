/**
 * Claims of any JSON, through a real server: a token holds only if each claim is of its one type and right, and whatever
 * else it says ends in UNAUTHENTICATED and is paid for. All tokens are signed as they should be, so nothing but the
 * claims decides.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../../src/base/limits.ts'
import { testIdentity } from '../../kit/entries.ts'
import { goodClaims, PlainCaller, signToken } from '../../kit/jwt.ts'
import { limited } from '../../kit/limited.ts'
import { ServingNode } from '../../kit/serving-node.ts'

const stranger = testIdentity(5)
const names = ['iss', 'aud', 'exp', 'jti', 'binding', 'origin', 'reusable', 'iat', 'nbf'] as const
const runs = 400

/** A value as it stands in JSON text, with what no writer of JSON makes. */
const value = fc.oneof(
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(
    '{"toString":0}',
    '{"valueOf":null}',
    '{"length":64}',
    '{"__proto__":{"iss":1}}',
    '[]',
    'null',
  ),
  fc.constantFrom('1e400', '-1e400', '1e300', '-0', '1e-400', '9007199254740993', '0.1', '1.5', 'true'),
  fc.constantFrom('""', '"\\u0000"', '"\\ud800"', '"iss"', '"__proto__"', `"${'x'.repeat(600)}"`),
  fc.integer({ min: 1, max: 400 }).map((depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`),
  fc.string({ unit: 'binary', maxLength: 40 }).map((text) => JSON.stringify(text)),
  // Near a good value: times around now, and texts around a PeerId.
  fc.integer({ min: -400, max: 400 }).map((seconds) => String(Math.floor(Date.now() / 1000) + seconds)),
  fc.constantFrom(`"${stranger.peer}"`, `"${stranger.peer.toUpperCase()}"`, `["${stranger.peer}"]`),
  fc.constantFrom(`"${stranger.peer}\\u0000"`, `" ${stranger.peer}"`, `"01${'00'.repeat(31)}"`),
)
const anyName = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<string>(...names) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'then', 'sub', 'crit', 'alg', ''),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
)
/** What is put into a good token's claims: in place of one, or beside it under the same name, of which the last counts. */
const change = fc.record({ name: anyName, value, how: fc.constantFrom('replace', 'before', 'after') })
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never

/** Returns the JSON text of claims with these changes. */
function payloadOf(good: Record<string, unknown>, changes: readonly Change[]): string {
  let pairs = Object.entries(good).map(([name, own]) => [name, JSON.stringify(own)] as const)
  for (const { name, value, how } of changes) {
    if (how === 'replace') pairs = pairs.filter(([own]) => own !== name)
    pairs = how === 'before' ? [[name, value], ...pairs] : [...pairs, [name, value]]
  }
  return `{${pairs.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
}

/** Says what docs/protocol.md says of the claims of a token over loopback. `seconds` is the time of the node. */
function isRight(claims: Record<string, unknown>, node: string, seconds: number): boolean {
  const { iss, aud, exp, jti, binding, origin, reusable, iat, nbf } = claims
  const isTime = (time: unknown): time is number => typeof time === 'number' && Number.isFinite(time)
  const [ttl, skew] = [limits.proofTtlMaxMs / 1000, limits.proofSkewMs / 1000]
  return (
    iss === stranger.peer &&
    aud === node &&
    isTime(exp) &&
    exp > seconds - skew &&
    exp <= seconds + ttl + skew &&
    typeof jti === 'string' &&
    jti !== '' &&
    binding === '' &&
    origin === undefined &&
    (reusable === undefined || typeof reusable === 'boolean') &&
    (iat === undefined || isTime(iat)) &&
    (nbf === undefined || (isTime(nbf) && nbf <= seconds + skew))
  )
}

/** Presents tokens to a node on which nothing but their number bounds them. */
async function open() {
  const changed = limited({ proofBurst: runs, proofsPerSecond: 0.000_1, strangerRequestBurst: 1e6 })
  const serving = await ServingNode.start()
  const caller = new PlainCaller(serving)
  const used = new Set<unknown>()
  return {
    serving,
    good: () => goodClaims(serving, stranger),
    present: (payload: string) =>
      caller.call('SyncService/Handshake', `Bearer ${signToken(stranger, payload)}`, {
        version: 2,
        nonce: Buffer.alloc(32).toString('base64'),
        binding: '',
      }),
    /** Returns whether a token with this payload should hold, and takes it as used if so. */
    holds(payload: string): boolean {
      const claims = JSON.parse(payload) as Record<string, unknown>
      if (signToken(stranger, payload).length > limits.proofBytes) return false
      if (!isRight(claims, serving.node.peer, Date.now() / 1000)) return false
      if (claims.reusable === true) return true
      if (used.has(claims.jti)) return false
      used.add(claims.jti)
      return true
    },
    async [Symbol.asyncDispose]() {
      caller[Symbol.dispose]()
      await serving[Symbol.asyncDispose]()
      changed[Symbol.dispose]()
    },
  }
}

describe('The claims of a token', () => {
  it('hold only if each is of its type and right, whatever else they are, and each token is paid for', async () => {
    await using lab = await open()
    const seen = new Map<string, number>()
    let presented = 0
    const property = fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
      const payload = payloadOf(lab.good(), changes)
      const expected = lab.holds(payload)
      const { status, outcome } = await lab.present(payload)
      presented++
      seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
      assert.equal(outcome === 'ok', expected, `${outcome}: ${payload}`)
      assert.equal(status, expected ? 200 : 401, `${outcome}: ${payload}`)
    })
    // Without shrinking, since each token is paid for.
    await fc.assert(property, { numRuns: runs, endOnFailure: true })
    assert.equal(presented, runs)
    for (const outcome of ['ok', 'UNAUTHENTICATED malformed'])
      assert.ok((seen.get(outcome) ?? 0) > 0, `${outcome}: ${JSON.stringify([...seen])}`)
    assert.equal((await lab.present(JSON.stringify(lab.good()))).outcome, 'RESOURCE_EXHAUSTED')
    assert.deepEqual(lab.serving.problems, [])
  })

  it('are malformed if one is of another type, without a claim of any kind that is taken for it', async () => {
    await using lab = await open()
    const values = ['{"toString":0}', '{"toString":null}', '[]', '[[]]', 'true', '{}', '1e400', 'null']
    for (const name of names)
      for (const own of [...values, name === 'exp' || name === 'iat' || name === 'nbf' ? '"1"' : '1']) {
        if (name === 'reusable' && own === 'true') continue
        const payload = payloadOf(lab.good(), [{ name, value: own, how: 'replace' }])
        assert.equal((await lab.present(payload)).outcome, 'UNAUTHENTICATED malformed', payload)
      }
    assert.equal((await lab.present(JSON.stringify(lab.good()))).outcome, 'ok')
    assert.deepEqual(lab.serving.problems, [])
  })
})
