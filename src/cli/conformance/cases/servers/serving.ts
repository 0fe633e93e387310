/** Level `server`: what a server takes, tells of changes, proves, and refuses; and that it does so over each transport. */
import { create } from '@bufbuild/protobuf'
import {
  type RefusedEntry,
  type SendEntriesResponse,
  SyncTreeRequestSchema,
} from '../../../../../gen/causeway/v1/sync_pb.ts'
import { signEntry, type VerifiedEntry } from '../../../../dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../../../dag/hex.ts'
import { idToBytes } from '../../../../dag/id.ts'
import { verifyHandshake } from '../../../../rpc/auth/handshake.ts'
import { requestOf } from '../../asking.ts'
import { type Calling, call, failure } from '../../calls.ts'
import { type Case, expectSame, type Stage, transportNames } from '../../case.ts'
import { hear, type Serving, serve } from '../../serving.ts'
import { forked } from '../../trees/sets.ts'
import { Grown, kitKey, summaryOf } from '../../trees/trees.ts'

/** Returns a case in which the program serves these entries. */
export function served(
  name: string,
  rules: readonly string[],
  entries: () => readonly VerifiedEntry[],
  play: (calling: Calling, serving: Serving, stage: Stage) => Promise<void>,
): Case {
  return {
    name: `server: ${name}`,
    level: 'server',
    rules,
    async run(stage) {
      await using serving = await serve(stage, entries())
      await using calling = await call(serving)
      await play(calling, serving, stage)
    },
  }
}

const chain = () => forked(12, 0, 0).server

export function servingCases(): Case[] {
  return [...sendingCases(), ...boundCases(), ...handshakeCases(), ...transportCases()]
}

/** Sends one page. */
function send({ sync }: Calling, entries: readonly VerifiedEntry[]): Promise<SendEntriesResponse> {
  return sync.sendEntries({
    tree: idToBytes(entries[0]!.tree),
    entries: entries.map(({ signed }) => signed),
  })
}

const refusals = (refused: readonly RefusedEntry[]) => refused.map(({ index, code }) => `${index} ${code}`)

function sendingCases(): Case[] {
  const { asker, server } = forked(12, 5, 3)
  const news = asker.slice(-5)
  const all = summaryOf([...server, ...news])
  return [
    served(
      'sending: a page, twice',
      ['U2', 'S5', 'U1'],
      () => server,
      async (calling) => {
        const first = await send(calling, news)
        expectSame(
          'U2',
          'added, known and refused',
          [5, 0, 0],
          [first.added, first.known, first.refused.length],
        )
        expectSame('S5', 'the digest after the page', all.digest, bytesToHex(first.tipsDigest))
        expectSame('S5', 'the count after the page', all.count, Number(first.count))
        const again = await send(calling, news)
        expectSame(
          'U2',
          'added, known and refused, again',
          [0, 5, 0],
          [again.added, again.known, again.refused.length],
        )
      },
    ),
    served(
      'sending: a page that overtakes another',
      ['U4', 'E6'],
      () => server,
      async (calling) => {
        const late = await send(calling, news.slice(2))
        const missing = [0, 1, 2].map((index) => `${index} ENTRY_MISSING_PARENT`)
        expectSame('U4', 'what is refused', missing, refusals(late.refused))
        await send(calling, news.slice(0, 2))
        expectSame('U4', 'how many are added then', 3, (await send(calling, news.slice(2))).added)
      },
    ),
    served(
      'sending: an entry that is not valid, and its descendants',
      ['U2', 'E5', 'S4'],
      () => server,
      async (calling) => {
        const [first, second, third, ...rest] = news as [VerifiedEntry, VerifiedEntry, VerifiedEntry]
        const signature = second.signed.signature.slice()
        signature[40]! ^= 1
        const answer = await calling.sync.sendEntries({
          tree: idToBytes(first.tree),
          entries: [
            first.signed,
            { body: second.signed.body, signature },
            third.signed,
            ...rest.map(({ signed }) => signed),
          ],
        })
        const expected = ['1 ENTRY_SIGNATURE', ...[2, 3, 4].map((index) => `${index} ENTRY_MISSING_PARENT`)]
        expectSame('U2', 'what is refused', expected, refusals(answer.refused))
        expectSame('U2', 'how many are added', 1, answer.added)
      },
    ),
    served(
      'sending: a parent in another tree of the server',
      ['U3'],
      () => [...server, new Grown('the other tree').root],
      async (calling) => {
        const tree = new Grown('the other tree').root.id
        const parents = [server[0]!.id]
        const entry = signEntry(kitKey(0), { tree, parents, height: 1, createdAtMs: 1 })
        const { refused } = await send(calling, [entry])
        expectSame('U3', 'what is refused', ['0 ENTRY_MISSING_PARENT'], refusals(refused))
      },
    ),
    served(
      'sending: an entry of another tree',
      ['E6'],
      () => server,
      async (calling) => {
        const other = new Grown('the other tree')
        const { refused } = await calling.sync.sendEntries({
          tree: idToBytes(server[0]!.tree),
          entries: [other.root.signed],
        })
        expectSame('E6', 'what is refused', ['0 ENTRY_TREE'], refusals(refused))
      },
    ),
  ]
}

/** Requests past a bound, and for what is not there. */
function boundCases(): Case[] {
  const { tips, tipsDigest, count } = requestOf(forked(12, 3, 0).asker)
  const mine = { tips, tipsDigest, count }
  const tree = () => idToBytes(chain()[0]!.tree)
  const refuses = (
    name: string,
    rule: string,
    code: string,
    play: (calling: Calling) => Promise<unknown>,
  ): Case =>
    served(`refuses: ${name}`, [rule], chain, async (calling) => {
      expectSame(rule, 'the code of the error', code, (await failure(() => play(calling)))?.code ?? 'none')
    })
  const asks = (fields: object) => (calling: Calling) =>
    hear(calling.sync, create(SyncTreeRequestSchema, { tree: tree(), ...fields }))
  const bytes = (length: number) => new Uint8Array(length)
  return [
    refuses('a tree that is not there', 'I17', 'UNKNOWN_TREE', asks({ tree: bytes(32) })),
    refuses('a tree of 31 bytes', 'L2', 'INVALID_ARGUMENT', asks({ tree: bytes(31) })),
    refuses(
      '33 tips',
      'L2',
      'LIMIT_EXCEEDED',
      asks({ tips: Array<Uint8Array>(33).fill(bytes(32)), tipsDigest: bytes(32) }),
    ),
    refuses('65,537 wanted entries', 'L2', 'LIMIT_EXCEEDED', asks({ want: bytes(65_537 * 16) })),
    refuses('129 haves', 'S13', 'PROTOCOL', asks({ haves: bytes(129 * 8) })),
    refuses('haves that are cut short', 'S13', 'PROTOCOL', asks({ haves: bytes(7) })),
    refuses(
      'cells that are no cells',
      'K6',
      'PROTOCOL',
      asks({ ...mine, sketch: { version: 1, from: 0, cells: bytes(19), state: bytes(32) } }),
    ),
    refuses('a page of 1,025 entries', 'U1', 'LIMIT_EXCEEDED', ({ sync }) => {
      const [root] = chain()
      return sync.sendEntries({ tree: tree(), entries: Array(1025).fill(root!.signed) })
    }),
    refuses('a page for a tree that is not there', 'U1', 'UNKNOWN_TREE', ({ sync }) =>
      sync.sendEntries({ tree: bytes(32), entries: [chain()[0]!.signed] }),
    ),
    refuses('a watch of no tree', 'L2', 'INVALID_ARGUMENT', ({ sync }) => firstOf(sync.watch({ trees: [] }))),
    refuses('a watch of 257 trees', 'L2', 'LIMIT_EXCEEDED', ({ sync }) =>
      firstOf(
        sync.watch({ trees: Array.from({ length: 257 }, (_, n) => ({ tree: bytes(32).fill(n % 250, 1) })) }),
      ),
    ),
  ]
}

async function firstOf<Message>(messages: AsyncIterable<Message>): Promise<Message | undefined> {
  for await (const message of messages) return message
  return undefined
}

function handshakeCases(): Case[] {
  const nonce = hexToBytes('a5'.repeat(32))
  return [
    served('handshake', ['H1', 'H3', 'C1', 'C6'], chain, async ({ sync }, { peer }) => {
      const answer = await sync.handshake({ version: 2, nonce, binding: '' })
      expectSame('H1', 'the key that the server states', peer, bytesToHex(answer.peer))
      const proven = await verifyHandshake(nonce, '', answer).catch((error: Error) => error.message)
      expectSame('H1', 'the key that it proves', peer, proven)
      const again = await sync.handshake({ version: 2, nonce, binding: '' })
      expectSame(
        'H1',
        "whether the server's nonce is fresh",
        true,
        bytesToHex(again.nonce) !== bytesToHex(answer.nonce),
      )
      expectSame('H3', 'whether the features are at most 32', true, answer.features.length <= 32)
    }),
    ...[`tls:${'ab'.repeat(32)}`, 'host:example.org', 'insecure', 'x'].map((binding) =>
      served(
        `handshake: the binding ${binding.slice(0, 20)}, over loopback`,
        ['H2', 'C6', 'C8'],
        chain,
        async ({ sync }) => {
          const error = await failure(() => sync.handshake({ version: 2, nonce, binding }))
          expectSame('H2', 'the code of the error', 'WRONG_PEER', error?.code ?? 'none')
          expectSame('H2', 'data.reason', 'binding', error?.data.reason)
        },
      ),
    ),
    served('handshake: a nonce of 31 bytes', ['H1', 'L2'], chain, async ({ sync }) => {
      const error = await failure(() => sync.handshake({ version: 2, nonce: nonce.slice(1), binding: '' }))
      expectSame('H1', 'the code of the error', 'INVALID_ARGUMENT', error?.code ?? 'none')
    }),
  ]
}

/** The same exchange over each transport, and what only HTTP has. */
function transportCases(): Case[] {
  const { asker, server } = forked(12, 3, 4)
  const exchange = async (calling: Calling, rule: string) => {
    const { header, ids } = await hear(calling.sync, requestOf(asker))
    expectSame(rule, 'the count in the header', server.length, Number(header.count))
    const lacks = server.slice(-4).map(({ id }) => id as string)
    expectSame(rule, 'the entries that come', [...lacks].sort(), [...ids].sort())
    const { added } = await send(calling, asker.slice(-3))
    expectSame(rule, 'the entries that are added', 3, added)
  }
  return [
    ...transportNames.map((transport) => ({
      name: `server: transport: ${transport}`,
      level: 'server' as const,
      rules: ['T1'],
      ...(transport !== 'connect' && { needs: transport }),
      async run(stage: Stage) {
        await using serving = await serve(stage, server)
        await using calling = await call(serving, { transport })
        await exchange(calling, 'T1')
      },
    })),
    ...(['gzip', 'br'] as const).map((compression) =>
      served(
        `transport: messages in ${compression}`,
        ['T3', 'T4'],
        () => server,
        async (_, serving) => {
          await using calling = await call(serving, { compression })
          await exchange(calling, 'T3')
        },
      ),
    ),
    served(
      'transport: an origin that the server was not told of',
      ['T7'],
      () => server,
      async (_, serving) => {
        await using calling = await call(serving, { headers: { origin: 'https://elsewhere.example' } })
        const error = await failure(() => hear(calling.sync, requestOf(asker)))
        expectSame('T7', 'the code of the error', 'FORBIDDEN', error?.code ?? 'none')
      },
    ),
  ]
}
