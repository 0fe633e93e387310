/** Level `server`: what a Watch tells. */
import { create } from '@bufbuild/protobuf'
import {
  type WatchRequest,
  WatchRequestSchema,
  type WatchResponse,
} from '../../../../../gen/causeway/v1/sync_pb.ts'
import { idOf } from '../../../../dag/entry.ts'
import { bytesToHex } from '../../../../dag/hex.ts'
import { idToBytes } from '../../../../dag/id.ts'
import { type Calling, call } from '../../calls.ts'
import { type Case, expectSame, Mismatch } from '../../case.ts'
import { type Serving, serve } from '../../serving.ts'
import { forked } from '../../trees/sets.ts'
import { Grown, summaryOf } from '../../trees/trees.ts'

const { asker, server } = forked(12, 5, 0)
const news = asker.slice(-5)
const tree = () => idToBytes(server[0]!.tree)

/** A watch that the case reads message by message. It ends with the case. */
class Watched implements Disposable {
  private readonly end = new AbortController()
  private readonly messages: AsyncIterator<WatchResponse>

  constructor({ sync }: Calling, request: WatchRequest) {
    this.messages = sync.watch(request, { signal: this.end.signal })[Symbol.asyncIterator]()
  }

  async next(): Promise<WatchResponse> {
    const { done, value } = await this.messages.next()
    if (done) throw new Mismatch('W1', 'how the watch goes on', 'a message', 'its end')
    return value
  }

  [Symbol.dispose](): void {
    this.end.abort()
    // The call that was under way ends with the signal.
    this.messages.next().catch(() => {})
  }
}

function watches(
  name: string,
  rules: readonly string[],
  trees: () => { tree: Uint8Array; tipsDigest?: Uint8Array; cursor?: bigint }[],
  play: (watched: Watched, calling: Calling, serving: Serving) => Promise<void>,
): Case {
  return {
    name: `server: watch: ${name}`,
    level: 'server',
    rules,
    async run(stage) {
      await using serving = await serve(stage, server)
      await using calling = await call(serving)
      using watched = new Watched(calling, create(WatchRequestSchema, { trees: trees() }))
      const first = await watched.next()
      expectSame('W1', 'the tree of the first message', '', bytesToHex(first.tree))
      await play(watched, calling, serving)
    },
  }
}

const send = ({ sync }: Calling) =>
  sync.sendEntries({ tree: tree(), entries: news.map(({ signed }) => signed) })

function expectState(rule: string, event: WatchResponse, entries: typeof asker): void {
  const { digest, count, tips } = summaryOf(entries)
  expectSame(rule, 'the digest of the event', digest, bytesToHex(event.tipsDigest))
  expectSame(rule, 'the count of the event', count, Number(event.count))
  if (event.tips.length > 0)
    expectSame(rule, 'the tips of the event', tips, event.tips.map(bytesToHex).sort())
}

export function watchCases(): Case[] {
  return [
    watches(
      'the present state',
      ['W1', 'W2'],
      () => [{ tree: tree() }],
      async (watched) => {
        expectState('W2', await watched.next(), server)
      },
    ),
    watches(
      'a change, with its entries',
      ['W3', 'W4', 'W5'],
      () => [{ tree: tree() }],
      async (watched, calling) => {
        const before = await watched.next()
        await send(calling)
        const event = await watched.next()
        expectState('W3', event, asker)
        const ids = event.entries.map((signed) => idOf(signed) as string)
        if (ids.length > 0)
          expectSame(
            'W4',
            'the entries of the event',
            news.map(({ id }) => id as string),
            ids,
          )
        expectSame('W5', 'whether the cursor goes up', true, event.cursor > before.cursor)
      },
    ),
    watches(
      'an equal watcher hears nothing first',
      ['W2', 'W3'],
      () => [{ tree: tree(), tipsDigest: idToBytes(summaryOf(server).digest as never) }],
      async (watched, calling) => {
        // The next message is the one of the change, so none came before.
        await send(calling)
        expectState('W2', await watched.next(), asker)
      },
    ),
    watches(
      'a cursor goes on where it was',
      ['W5'],
      () => [{ tree: tree() }],
      async (watched, calling) => {
        const { cursor } = await watched.next()
        await send(calling)
        using again = new Watched(calling, create(WatchRequestSchema, { trees: [{ tree: tree(), cursor }] }))
        await again.next()
        const event = await again.next()
        expectState('W5', event, asker)
        const ids = event.entries.map((signed) => idOf(signed) as string)
        if (ids.length > 0)
          expectSame(
            'W5',
            'the entries since the cursor',
            news.map(({ id }) => id as string),
            ids,
          )
      },
    ),
    watches(
      'a tree that is not there is followed in silence',
      ['W6', 'I17'],
      () => [{ tree: idToBytes(new Grown('nowhere').root.id) }, { tree: tree() }],
      async (watched, calling) => {
        expectSame(
          'W6',
          'the tree of the first event',
          bytesToHex(tree()),
          bytesToHex((await watched.next()).tree),
        )
        await send(calling)
        expectSame(
          'W6',
          'the tree of the next event',
          bytesToHex(tree()),
          bytesToHex((await watched.next()).tree),
        )
      },
    ),
  ]
}
