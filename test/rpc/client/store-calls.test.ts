/**
 * The calls of stores against a remote that lies: it cannot have signed what was not asked for, and no answer of its keeps
 * the client in a circle. And against one that does not answer: what is known of a write is said as it is.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { MessageInitShape } from '@bufbuild/protobuf'
import {
  Code,
  ConnectError,
  createClient,
  createRouterTransport,
  type ServiceImpl,
} from '@connectrpc/connect'
import {
  type ItemSchema,
  PastAction,
  type PrepareWriteRequest,
  StoreService,
  VersionState,
} from '../../../gen/causeway/v1/store_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { type EntryBody, encodeBody } from '../../../src/dag/body.ts'
import { type EntryId, idToBytes, type TreeId } from '../../../src/dag/id.ts'
import type { RpcConnection } from '../../../src/rpc/client/connection.ts'
import { remoteCalls } from '../../../src/rpc/client/store-calls.ts'
import { toConnectError } from '../../../src/rpc/errors.ts'
import { writePosition } from '../../../src/rpc/services/paging.ts'
import { Stores } from '../../../src/state/api/stores.ts'
import { encodeDelete, encodePut } from '../../../src/state/payload.ts'
import { testIdentity } from '../../kit/entries.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

type Lies = Partial<ServiceImpl<typeof StoreService>>
type TreeLies = Partial<ServiceImpl<typeof TreeService>>

const own = testIdentity(1)
const id = (byte: string) => byte.repeat(32) as EntryId & TreeId
const tree = id('aa')
const author = Buffer.from(own.peer, 'hex')
const nowMs = 1_700_000_000_000

/** Returns calls to a remote whose services are these functions. */
function callsTo(stores: Lies, trees: TreeLies = {}, clock = new VirtualClock({ nowMs })) {
  const transport = createRouterTransport((router) => {
    router.service(StoreService, stores)
    router.service(TreeService, trees)
  })
  const connection = { client: (service: typeof StoreService) => createClient(service, transport) }
  return remoteCalls({
    connection: async () => connection as unknown as RpcConnection,
    signer: own,
    clock,
  })
}

const storesOf = (lies: Lies, trees?: TreeLies) => new Stores(callsTo(lies, trees))

async function all<Item>(from: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of from) items.push(item)
  return items
}

const version = (fields: object = {}) => ({
  ...{ entry: idToBytes(id('bb')), author, height: 3n, createdAtMs: 5n },
  ...{ value: Buffer.from('v'), type: 'text/plain' },
  ...fields,
})
const item = (key: string, fields: object = {}): MessageInitShape<typeof ItemSchema> => ({
  key: { store: 's', key },
  value: version(),
  ...fields,
})
const token = (text: string) => Buffer.from(text).toString('base64url')

describe('a remote that prepares a write', () => {
  const honest = ({ changes, nonce }: PrepareWriteRequest): EntryBody => {
    const { key, what } = changes[0]!
    const { value } = what as Extract<typeof what, { case: 'put' }>
    const payload = encodePut({ key: key!.key, value: value.value, type: value.type, replaces: [id('bb')] })
    return {
      ...{ version: 1, tree, parents: [tree], height: 1, author: own.peer, createdAtMs: nowMs },
      ...{ policy: [tree], changes: [{ store: key!.store, kind: 'cw.put', payload }], nonce },
    }
  }
  const put = (key: string, value: string, type = 'text/plain', replaces = [id('bb')]) => ({
    ...{ store: 's', kind: 'cw.put' },
    payload: encodePut({ key, value: Buffer.from(value), type, replaces }),
  })
  const good = put('k', 'v')

  /** Puts a value by a remote that changes the honest body. Returns how many entries it was sent, and the error. */
  async function sentAfter(forge: (body: EntryBody) => Partial<EntryBody>) {
    let sent = 0
    const stores = storesOf(
      {
        prepareWrite: (request) => {
          const body = honest(request)
          return { body: encodeBody({ ...body, ...forge(body) }) }
        },
      },
      {
        submitEntries({ entries }) {
          sent += entries.length
          return { added: 1 }
        },
      },
    )
    const seen = { key: 'k', version: id('bb'), conflicts: [] } as never
    const code = await stores
      .open(tree, 's')
      .put('k', 'v', { replaces: seen })
      .then(
        () => 'written',
        (error: CausewayError) => error.code,
      )
    return [sent, code]
  }

  it('gets a signature under what was asked for', async () => {
    assert.deepEqual(await sentAfter(() => ({})), [1, 'written'])
  })

  const forgeries: Record<string, (body: EntryBody) => Partial<EntryBody>> = {
    'another value': () => ({ changes: [put('k', 'w')] }),
    'another key': () => ({ changes: [put('l', 'v')] }),
    'another type': () => ({ changes: [put('k', 'v', '')] }),
    'another store': () => ({ changes: [{ ...good, store: 't' }] }),
    'other versions': () => ({ changes: [put('k', 'v', 'text/plain', [])] }),
    'a delete': () => ({
      changes: [{ ...good, kind: 'cw.delete', payload: encodeDelete({ key: 'k', replaces: [id('bb')] }) }],
    }),
    'one change more': () => ({ changes: [good, put('l', 'v')] }),
    'no change': () => ({ changes: [] }),
    'a change of the policy': () => ({ changes: [{ ...good, store: '_policy' }] }),
    'another author': () => ({ author: testIdentity(2).peer }),
    'another tree': () => ({ tree: id('ab') }),
    'no nonce': () => ({ nonce: new Uint8Array(0) }),
    'another nonce': () => ({ nonce: new Uint8Array(limits.preparedNonceBytes) }),
    'a date far off': () => ({ createdAtMs: 1 }),
    'another version': () => ({ version: 2 }),
  }
  for (const [name, forge] of Object.entries(forgeries))
    it(`gets none under ${name}, and is sent nothing`, async () => {
      assert.deepEqual(await sentAfter(forge), [0, 'PROTOCOL'])
    })

  it('gets none if it replaces other versions than the write expects', async () => {
    const stores = storesOf(
      { prepareWrite: (request) => ({ body: encodeBody(honest(request)) }) },
      { submitEntries: () => ({ added: 1 }) },
    )
    const store = stores.open(tree, 's')
    const item = (byte: string) => ({ key: 'k', version: id(byte), conflicts: [] }) as never
    await store.put('k', 'v', { expect: item('bb') })
    for (const expect of [null, item('cc')])
      await assert.rejects(store.put('k', 'v', { expect }), { code: 'PROTOCOL' })
  })

  it('gets none under bytes that are no body', async () => {
    const stores = storesOf({ prepareWrite: () => ({ body: Uint8Array.of(1, 2, 3) }) })
    await assert.rejects(stores.open(tree, 's').put('k', 'v'), { code: 'PROTOCOL' })
  })

  /** Puts a value by a remote that answers each submission in turn: with an error, or as it should. */
  async function putWith(answers: readonly (CausewayError | ConnectError | number)[], isThere?: boolean) {
    const sent: string[] = []
    const stores = storesOf(
      { prepareWrite: (request) => ({ body: encodeBody(honest(request)) }) },
      {
        submitEntries({ entries }) {
          sent.push(Buffer.from(entries[0]!.signature).toString('hex'))
          const answer = answers[sent.length - 1]
          if (typeof answer !== 'number')
            throw answer instanceof CausewayError ? toConnectError(answer) : answer
          return { added: answer }
        },
        getEntries: ({ ids }) => (isThere ? { entries: [{}] } : { missing: ids }),
      },
    )
    const error = await stores
      .open(tree, 's')
      .put('k', 'v')
      .then(
        () => undefined,
        (thrown: CausewayError) => thrown,
      )
    assert.equal(new Set(sent).size, 1)
    return { sent: sent.length, code: error?.code, entry: error?.data.entry }
  }
  const lost = () => new ConnectError('lost', Code.Unavailable)
  const typed = (code: 'CONFLICT' | 'RESOURCE_EXHAUSTED' | 'ENTRY_FORBIDDEN') => new CausewayError(code, code)

  it('is sent the same entry once more if it did not answer', async () => {
    assert.deepEqual(await putWith([lost(), 1]), { sent: 2, code: undefined, entry: undefined })
  })

  it('is sent nothing again that it refused', async () => {
    for (const code of ['CONFLICT', 'RESOURCE_EXHAUSTED', 'ENTRY_FORBIDDEN'] as const)
      assert.deepEqual(await putWith([typed(code), 1], true), { sent: 1, code, entry: undefined })
  })

  it('may have stored an entry of which nothing is known', async () => {
    for (const second of [lost(), typed('RESOURCE_EXHAUSTED')]) {
      const { sent, code, entry } = await putWith([lost(), second, 1])
      assert.deepEqual([sent, code], [2, 'DISCONNECTED'])
      assert.match(String(entry), /^[0-9a-f]{64}$/)
    }
  })

  it('has stored an entry whose condition fails the second time, if it is there', async () => {
    assert.equal((await putWith([lost(), typed('CONFLICT')], true)).code, undefined)
    assert.equal((await putWith([lost(), typed('CONFLICT')], false)).code, 'CONFLICT')
    assert.equal((await putWith([lost(), typed('ENTRY_FORBIDDEN')])).code, 'ENTRY_FORBIDDEN')
  })

  it('lies if it counts other entries than it was sent', async () => {
    for (const count of [0, 2]) assert.deepEqual((await putWith([count])).code, 'PROTOCOL')
  })
})

describe('a remote that answers a read', () => {
  const wrongItems: Record<string, MessageInitShape<typeof ItemSchema>> = {
    'a key of another store': item('k', { key: { store: 't', key: 'k' } }),
    'another key': item('l'),
    'no key': { value: version() },
    'an id of 31 bytes': item('k', { value: version({ entry: new Uint8Array(31) }) }),
    'an author of 33 bytes': item('k', { value: version({ author: new Uint8Array(33) }) }),
    'a height that is no number': item('k', { value: version({ height: 2n ** 60n }) }),
    'a large value': item('k', { value: version({ value: new Uint8Array(limits.stateValueBytes + 1) }) }),
    'a long type': item('k', { value: version({ type: 'x'.repeat(limits.stateTypeBytes + 1) }) }),
    'more conflicts than it counts': item('k', { conflicts: [version()], conflictCount: 0 }),
    'more conflicts than fit': item('k', {
      conflicts: Array.from({ length: limits.stateHeads }, () => version()),
      conflictCount: 100,
    }),
  }
  for (const [name, wrong] of Object.entries(wrongItems))
    it(`cannot send ${name}`, async () => {
      const store = storesOf({
        get: () => ({ items: [wrong] }),
        list: () => ({ items: [wrong] }),
        async *watchStore() {
          yield { items: [wrong] }
        },
      }).open(tree, 's')
      await assert.rejects(store.get('k'), { code: 'PROTOCOL' })
      await assert.rejects(all(store.list({ prefix: 'k' })), { code: 'PROTOCOL' })
      const { signal } = new AbortController()
      await assert.rejects(all(store.watch({ prefix: 'k', signal })), { code: 'PROTOCOL' })
    })

  it('cannot return no key, or more than were asked for', async () => {
    for (const items of [[], [item('k'), item('k')]])
      await assert.rejects(
        storesOf({ get: () => ({ items }) })
          .open(tree, 's')
          .get('k'),
        { code: 'PROTOCOL' },
      )
  })

  const circles: [string, { items: MessageInitShape<typeof ItemSchema>[]; nextPageToken?: string }][] = [
    ['keys in no order', { items: [item('b'), item('a')] }],
    ['a key twice', { items: [item('a'), item('a')] }],
    ['an absent key', { items: [{ key: { store: 's', key: 'a' } }] }],
    ['a next page before its last key', { items: [item('b')], nextPageToken: token('a') }],
    ['a token that it cannot have made', { items: [item('b')], nextPageToken: '***' }],
    ['the same page for ever', { items: [item('b')], nextPageToken: token('b') }],
    ['empty pages at one place', { items: [], nextPageToken: token('b') }],
    [
      'more keys than were asked for',
      {
        items: Array.from({ length: limits.listedEntries + 1 }, (_, index) =>
          item(String(index).padStart(5, '0')),
        ),
      },
    ],
  ]
  for (const [name, page] of circles)
    it(`cannot list ${name}`, async () => {
      const store = storesOf({ list: () => page, listConflicts: () => page }).open(tree, 's')
      await assert.rejects(all(store.list()), { code: 'PROTOCOL' })
      await assert.rejects(all(store.conflicts()), { code: 'PROTOCOL' })
    })

  it('cannot list empty pages without end', async () => {
    let pages = 0
    const place = () => token(String(++pages).padStart(8, '0'))
    // No transport, which would take a minute for so many calls.
    const client = { list: async () => ({ items: [], nextPageToken: place() }) }
    const connection = { client: () => client } as unknown as RpcConnection
    const clock = new VirtualClock({ nowMs })
    const calls = remoteCalls({ connection: async () => connection, signer: own, clock })
    await assert.rejects(calls.list(tree, { store: 's' }), { code: 'PROTOCOL' })
    assert.equal(pages, limits.emptyPages)
  })

  it('cannot name stores in a circle', async () => {
    for (const page of [
      { stores: ['b', 'a'] },
      { stores: [''] },
      { stores: ['a'], nextPageToken: token('a') },
      { stores: [], nextPageToken: token('a') },
    ])
      await assert.rejects(all(storesOf({ listStores: () => page }).names(tree)), { code: 'PROTOCOL' })
  })

  it('cannot tell a history in a circle, or one that says too little', async () => {
    const past = (height: number, byte = 'bb') => ({
      version: version({ height: BigInt(height), entry: idToBytes(id(byte)) }),
      state: VersionState.HEAD,
      action: PastAction.PUT,
    })
    const place = (height: number) => writePosition({ height, id: id('bb') })
    for (const page of [
      { versions: [past(3), past(4)] },
      { versions: [past(3), past(3)] },
      { versions: [past(3)], nextPageToken: place(4) },
      { versions: [past(3)], nextPageToken: place(3) },
      { versions: [], nextPageToken: place(3) },
      { versions: [past(3)], nextPageToken: 'x' },
      { versions: [{ state: VersionState.HEAD }] },
      { versions: [{ version: version(), action: PastAction.PUT }] },
      { versions: [{ version: version(), state: VersionState.HEAD }] },
      { versions: [{ ...past(3), state: 9 as VersionState }] },
      { versions: Array.from({ length: limits.listedByDefault + 1 }, (_, index) => past(999 - index)) },
    ])
      await assert.rejects(
        all(
          storesOf({ history: () => page })
            .open(tree, 's')
            .history('k'),
        ),
        {
          code: 'PROTOCOL',
        },
      )
  })

  const watches: [string, { items?: []; sequence: bigint; synced: boolean }[]][] = [
    ['goes back', [9n, 8n].map((sequence) => ({ sequence, synced: true }))],
    ['is in sync before its first arrival', [{ sequence: 0n, synced: true }]],
    ['counts arrivals before it is in sync', [{ sequence: 4n, synced: false }]],
    [
      'is no more in sync',
      [
        { sequence: 4n, synced: true },
        { sequence: 0n, synced: false },
      ],
    ],
    ['counts past all numbers', [{ sequence: 2n ** 60n, synced: true }]],
  ]
  for (const [name, messages] of watches)
    it(`cannot send a watch that ${name}`, async () => {
      const calls = callsTo({
        async *watchStore() {
          yield* messages
        },
      })
      const { signal } = new AbortController()
      await assert.rejects(all(calls.watch(tree, { store: 's' }, signal)), { code: 'PROTOCOL' })
    })

  it('loses a watch that it ends, or on which it is silent', async () => {
    const { signal } = new AbortController()
    const ending = callsTo({
      async *watchStore() {
        yield { sequence: 3n, synced: true }
      },
    })
    await assert.rejects(all(ending.watch(tree, { store: 's' }, signal)), { code: 'DISCONNECTED' })
    const clock = new VirtualClock({ nowMs })
    const silent = callsTo(
      {
        async *watchStore(_, context) {
          yield { sequence: 3n, synced: true }
          await new Promise((resolve) => context.signal.addEventListener('abort', resolve))
        },
      },
      {},
      clock,
    )
    const watching = all(silent.watch(tree, { store: 's' }, signal))
    watching.catch(() => {})
    await clock.runUntil(watching.catch(() => {}))
    await assert.rejects(watching, { code: 'TIMEOUT' })
    assert.ok(clock.monotonic() >= limits.watchSilenceMs)
  })

  it('passes its errors on with their codes', async () => {
    for (const code of ['NOT_HERE_YET', 'VIEW_BUILDING', 'UNKNOWN_TREE', 'CONFLICT'] as const) {
      const fail = () => {
        throw toConnectError(new CausewayError(code, 'no', { data: { retryAfterMs: 500 } }))
      }
      const store = storesOf({ get: fail, prepareWrite: fail }).open(tree, 's')
      for (const call of [() => store.get('k'), () => store.put('k', 'v')])
        await assert.rejects(call(), (error: CausewayError) => {
          assert.deepEqual([error.code, error.data.retryAfterMs], [code, 500])
          return true
        })
    }
  })

  it('that never answers ends a call in time', async () => {
    const clock = new VirtualClock({ nowMs })
    const calls = callsTo({ get: () => new Promise(() => {}) }, {}, clock)
    const reading = calls.get(tree, [{ store: 's', key: 'k' }], { at: [id('bb')], waitMs: 20_000 })
    await clock.runUntil(reading.catch(() => {}))
    await assert.rejects(reading, { code: 'TIMEOUT' })
    assert.ok(clock.monotonic() >= limits.unaryTimeoutMs + 20_000)
  })
})
