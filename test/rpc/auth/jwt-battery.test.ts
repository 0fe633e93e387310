/**
 * Sends every row of jwt-rows.ts to a real server, and good tokens a second time: each has the answer that its row
 * states, and nothing is done or stored for those that are refused. The good ones show that the table can fail.
 */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { openFolder } from '../../../src/store/database/open.ts'
import { Records } from '../../../src/store/database/records.ts'
import {
  endHeaders,
  endStream,
  FrameFinder,
  frame,
  frameTypes,
  literal,
  preface,
  RequestBlocks,
  settings,
} from '../../kit/http2-frames.ts'
import { goodClaims, PlainCaller, signToken } from '../../kit/jwt.ts'
import { limited } from '../../kit/limited.ts'
import { tempFolder } from '../../kit/peers.ts'
import { rawSocket } from '../../kit/raw-socket.ts'
import { ServingNode, transports } from '../../kit/serving-node.ts'
import { until } from '../../kit/until.ts'
import { operator, rows, self } from './jwt-rows.ts'

type Authorization = string | readonly string[] | undefined

let changed: Disposable
let folder: Awaited<ReturnType<typeof tempFolder>>
let serving: ServingNode
/** Calls that were let in with a token of their own. */
let accepted = 0

const start = async () =>
  ServingNode.start(transports[0], {
    ...{ identity: self, operators: [operator.peer], background: false },
    database: await openFolder(folder.path),
  })
const treeCount = async () => (await serving.node.trees()).length
const create = (caller: PlainCaller, authorization: Authorization) =>
  caller.call('TreeService/CreateTree', authorization, { name: 'x' })

before(async () => {
  changed = limited({ proofBurst: 1e6 })
  folder = await tempFolder()
  serving = await start()
})
after(async () => {
  assert.deepEqual(serving.problems, [])
  await serving[Symbol.asyncDispose]()
  const db = await openFolder(folder.path)
  const { size } = await Records.open(db, 'proofs')
  await db.close()
  await folder[Symbol.asyncDispose]()
  changed[Symbol.dispose]()
  assert.equal(size, accepted, 'Only proofs that were accepted are remembered.')
})

for (const [group, table] of Object.entries(rows))
  describe(`A token: ${group}`, () => {
    for (const [name, { expected, header }] of Object.entries(table))
      it(`${name}: ${expected}`, async () => {
        using caller = new PlainCaller(serving)
        const trees = await treeCount()
        const { status, outcome } = await create(caller, header(goodClaims(serving, operator), serving))
        assert.equal(outcome, expected)
        const isGood = expected === 'ok'
        assert.ok(expected === 'cut' ? status === 0 : status === (isGood ? 200 : 401), String(status))
        assert.equal(await treeCount(), trees + (isGood ? 1 : 0))
        if (isGood) accepted++
      })
  })

/** Makes a call over HTTP/2 with headers that no library sends. Returns the text of its answer. */
async function callWith(headers: readonly (readonly [string, string])[]): Promise<string> {
  const socket = await rawSocket(serving)
  const finder = new FrameFinder()
  let answer = ''
  socket.on('data', (chunk) => (answer += finder.find(chunk, frameTypes.data).map(String).join('')))
  const { first } = new RequestBlocks('/causeway.v1.TreeService/CreateTree', 'application/json')
  const block = Buffer.concat([first, ...headers.map(([name, value]) => literal(name, value))])
  socket.write(Buffer.concat([preface, settings(), frame(frameTypes.headers, endHeaders, 1, block)]))
  socket.write(frame(frameTypes.data, endStream, 1, Buffer.from('{"name":"x"}')))
  await until('it is answered', () => answer !== '' || socket.readableEnded)
  socket.destroy()
  return answer
}

describe('Two headers with a token over HTTP/2', () => {
  for (const [name, isGoodFirst] of [
    ['count as the first, which is good', true],
    ['count as the first, which is bad', false],
  ] as const)
    it(name, async () => {
      const trees = await treeCount()
      const good = ['authorization', `Bearer ${signToken(operator, goodClaims(serving, operator))}`] as const
      const bad = ['authorization', 'Bearer a.b.c'] as const
      const answer = await callWith(isGoodFirst ? [good, bad] : [bad, good])
      assert.match(answer, isGoodFirst ? /"root"|"tree"/ : /"reason":"malformed"/)
      assert.equal(await treeCount(), trees + (isGoodFirst ? 1 : 0))
      if (isGoodFirst) accepted++
    })
})

describe('A token that was used', () => {
  it('holds on its connection, on no other, and on none after a restart', async () => {
    const token = `Bearer ${signToken(operator, goodClaims(serving, operator))}`
    {
      using own = new PlainCaller(serving)
      using other = new PlainCaller(serving)
      for (const [caller, expected] of [
        [own, 'ok'],
        [own, 'ok'],
        [other, 'UNAUTHENTICATED replayed'],
        [other, 'UNAUTHENTICATED replayed'],
        [own, 'ok'],
      ] as const)
        assert.equal((await create(caller, token)).outcome, expected)
    }
    accepted++
    const trees = await treeCount()
    await serving[Symbol.asyncDispose]()
    serving = await start()
    using later = new PlainCaller(serving)
    assert.equal((await create(later, token)).outcome, 'UNAUTHENTICATED replayed')
    assert.equal(await treeCount(), trees)
  })

  it('is used in any other text, and with any other claims, that have its jti', async () => {
    using caller = new PlainCaller(serving)
    using other = new PlainCaller(serving)
    const claims = goodClaims(serving, operator)
    const [head, payload, signature] = signToken(operator, claims).split('.')
    const { outcome } = await create(caller, `Bearer ${head}.${payload}.${signature}`)
    assert.equal(outcome, 'ok')
    accepted++
    const texts = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
      .map((last) => `${signature!.slice(0, -1)}${last}`)
      .filter((text) => text !== signature)
    const same = texts.filter((text) =>
      Buffer.from(text, 'base64url').equals(Buffer.from(signature!, 'base64url')),
    )
    assert.equal(same.length, 15)
    for (const text of same)
      for (const connection of [caller, other])
        assert.equal(
          (await create(connection, `Bearer ${head}.${payload}.${text}`)).outcome,
          'UNAUTHENTICATED replayed',
        )
    const resigned = signToken(operator, { ...claims, exp: (claims.exp as number) + 30, more: 1 })
    assert.equal((await create(other, `Bearer ${resigned}`)).outcome, 'UNAUTHENTICATED replayed')
  })
})
