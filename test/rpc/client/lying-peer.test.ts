/**
 * A peer that lies about its entries, sends what it should not, or stops answering: the session ends with a typed error
 * within a bound, the stored entries are valid, and the node can sync with honest peers afterwards.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import type { MessageInitShape } from '@bufbuild/protobuf'
import { SyncStatus, type SyncTreeResponseSchema } from '../../../gen/causeway/v1/sync_pb.ts'
import type { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { createNode } from '../../../src/node/node.ts'
import { createRemote } from '../../../src/rpc/client/remote.ts'
import { shapes } from '../../kit/entries.ts'
import { FakePeer, type Lies } from '../../kit/fake-peer.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

type Message = MessageInitShape<typeof SyncTreeResponseSchema>
const all = shapes.linear(20, { seed: 'lies' })
const tree = all[0]!.id
const signed = all.map((entry) => entry.signed)

const header = (fields: object = {}): Message => ({
  part: {
    case: 'header',
    value: { status: SyncStatus.DELTA, count: 21n, tipsDigest: new Uint8Array(32).fill(1), ...fields },
  },
})
const page = (entries: typeof signed, more = false): Message => ({
  part: { case: 'page', value: { entries, more } },
})

/**
 * Syncs with a liar from a node that has the first `has` entries. Returns the error and the count of entries
 * afterwards. Time stands still until `silent` fires, when the liar has sent its last message.
 */
async function syncWith(lies: Lies, has = 0, silent?: AbortSignal) {
  // Many turns, so that signs of life over real sockets come long before the time for them is over.
  const clock = new VirtualClock({ nowMs: Date.now(), turns: 20 })
  await using fake = await FakePeer.start(lies)
  await using honest = await ServingNode.start()
  await using node = await createNode({ clock })
  const { trees } = await honest.dial()
  await trees.submitEntries({ tree: idToBytes(tree), entries: signed })
  const rpc = await import('@connectrpc/connect').then(({ createClient }) => createClient)
  const { TreeService } = await import('../../../gen/causeway/v1/tree_pb.ts')
  if (has > 0)
    await rpc(TreeService, node.rpc()).submitEntries({ tree: idToBytes(tree), entries: signed.slice(0, has) })
  const syncing = node.sync(tree, fake.address).then(
    (result) => ({ code: `equal ${result.equal}`, message: '' }),
    (error: CausewayError) => error,
  )
  if (silent !== undefined) {
    await Promise.race([once(silent, 'abort'), syncing])
    await clock.runUntil(syncing)
    clock.skewMs = -clock.monotonic()
  }
  const failure = await syncing
  const count = node.store.tree(tree)?.count ?? 0
  // Nothing that it received keeps it from syncing with an honest peer.
  const again = await createNode()
  await again.close()
  assert.equal((await node.sync(tree, honest.address)).equal, true)
  return { code: failure.code, message: failure.message, count }
}
const stream = (...messages: Message[]): Lies => ({
  async *syncTree() {
    yield* messages
  },
})

describe('A lying peer', () => {
  it('that sends no header, a second one, or nothing', async () => {
    for (const messages of [[], [page(signed)], [{}], [header({ status: 99 })], [header({ status: 0 })]])
      assert.equal((await syncWith(stream(...messages))).code, 'PROTOCOL')
    const second = await syncWith(stream(header(), page(signed.slice(0, 3)), header()))
    assert.deepEqual([second.code, second.count], ['PROTOCOL', 3])
    assert.equal((await syncWith(stream(header(), {}))).code, 'PROTOCOL')
  })

  it('that says it is equal and is not', async () => {
    const equal = header({ status: SyncStatus.EQUAL, tipsDigest: new Uint8Array(32).fill(9) })
    assert.equal((await syncWith(stream(equal), 3)).code, 'PROTOCOL')
  })

  it('that has tips and counts, but sends nothing', async () => {
    const tips = [new Uint8Array(32).fill(3)]
    assert.equal((await syncWith(stream(header({ tips, count: 999n })), 3)).code, 'UNIMPLEMENTED')
    const deaf: Lies = {
      ...stream(header({ tips })),
      sendEntries: async () => ({ added: 0, known: 0, count: 1n, tipsDigest: new Uint8Array(32) }),
    }
    assert.equal((await syncWith(deaf, 3)).code, 'PROTOCOL')
    const boaster: Lies = {
      ...stream(header({ tips })),
      sendEntries: async ({ entries }) => ({ added: entries.length + 1, count: 1n }),
    }
    assert.equal((await syncWith(boaster, 3)).code, 'PROTOCOL')
  })

  it('that goes beyond the bounds of a header', async () => {
    const many = (count: number) => Array.from({ length: count }, () => new Uint8Array(32).fill(3))
    for (const fields of [
      { tips: many(limits.answerTips + 1) },
      { tips: [new Uint8Array(31)] },
      { tipsDigest: new Uint8Array(31) },
      { count: 2n ** 60n },
      { entries: 2n ** 60n },
    ]) {
      const { code } = await syncWith(stream(header(fields), page(signed)))
      assert.match(code, /^(PROTOCOL|LIMIT_EXCEEDED|INVALID_ARGUMENT)$/)
    }
  })

  it('that sends pages without end', async () => {
    const endless = (next: () => Message): Lies => ({
      async *syncTree(_request, { signal }) {
        yield header({ count: 1000n })
        while (!signal.aborted) yield next()
      },
    })
    assert.equal((await syncWith(endless(() => page([])))).code, 'PROTOCOL')
    assert.equal((await syncWith(endless(() => page(signed)))).code, 'PROTOCOL')
    assert.equal((await syncWith(endless(() => page(signed, true)))).code, 'PROTOCOL')
  })

  it('that sends pages too large, forged, garbage or in disorder', async () => {
    const forged = signed.map(({ body }) => ({ body, signature: new Uint8Array(64) }))
    const large = Array.from({ length: limits.pageEntries + 1 }, () => signed[1]!)
    const cases: [Message, RegExp, number][] = [
      [page(forged), /PROTOCOL/, 0],
      [page([{ body: new Uint8Array(5), signature: new Uint8Array(64) }]), /PROTOCOL/, 0],
      [page([...signed].reverse()), /PROTOCOL/, 1],
      [page(large), /LIMIT_EXCEEDED|PROTOCOL/, 0],
      [page(shapes.linear(3, { seed: 'another tree' }).map((entry) => entry.signed)), /PROTOCOL/, 0],
    ]
    for (const [message, code, count] of cases) {
      const outcome = await syncWith(stream(header({ count: 5000n }), message))
      assert.match(outcome.code, code, outcome.message)
      assert.equal(outcome.count, count)
    }
  })
})

describe('A peer that falls silent', () => {
  it('while its HTTP/2 is alive, before and after its header', async () => {
    for (const messages of [[], [header()], [header(), page(signed.slice(0, 3))]]) {
      const silent = new AbortController()
      const lies: Lies = {
        async *syncTree(_request, { signal }) {
          yield* messages
          silent.abort()
          if (!signal.aborted) await once(signal, 'abort')
        },
      }
      const { code, message } = await syncWith(lies, 0, silent.signal)
      assert.deepEqual(
        [code, message],
        ['TIMEOUT', `The remote sent nothing for ${limits.idleTimeoutMs} ms.`],
      )
    }
  })

  it('while bytes of another call keep coming on the connection', async () => {
    const clock = new VirtualClock({ nowMs: Date.now() })
    const syncTree = (_: unknown, { signal }: { signal: AbortSignal }) => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      }),
    })
    const connection = { ended: undefined, lastReadMs: 0, client: () => ({ syncTree }) }
    const remote = createRemote(connection as never, clock)
    const asked = remote.syncTree({ tree: tree as never, tips: [], tipsDigest: '', count: 0 })
    let code = ''
    asked.catch((error: CausewayError) => {
      code = error.code
    })
    for (let second = 0; second < 600; second++) {
      connection.lastReadMs = clock.monotonic()
      await clock.advance(1_000)
    }
    assert.equal(code, 'TIMEOUT')
  })

  it('while it receives a page', async () => {
    const silent = new AbortController()
    const lies: Lies = {
      ...stream(header()),
      sendEntries() {
        silent.abort()
        return new Promise(() => {})
      },
    }
    const { code, message } = await syncWith(lies, 3, silent.signal)
    assert.equal(code, 'TIMEOUT')
    assert.match(message, /^Sending a page took longer/)
  })
})
