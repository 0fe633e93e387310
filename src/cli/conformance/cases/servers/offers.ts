/**
 * Level `offers`: a tree is offered to a server that may have lost it. The request `decide-offer` tells the program what
 * the person at the server does.
 */
import { create } from '@bufbuild/protobuf'
import { Permission, PublicAccess } from '../../../../../gen/causeway/v1/entry_pb.ts'
import { OfferStatus, SyncStatus, SyncTreeRequestSchema } from '../../../../../gen/causeway/v1/sync_pb.ts'
import type { VerifiedEntry } from '../../../../dag/entry.ts'
import { bytesToHex } from '../../../../dag/hex.ts'
import { idToBytes } from '../../../../dag/id.ts'
import { type Calling, call, failure } from '../../calls.ts'
import { type Case, expectSame, type Stage } from '../../case.ts'
import { hear, type Serving, serve, serverKey } from '../../serving.ts'
import { callAs } from '../../tokens.ts'
import { Grown, granting, summaryOf } from '../../trees/trees.ts'

/** The key that has the tree, and offers it. */
const holder = 1

/** A closed tree that gives the server a right, and only at its end lets the holder read. */
function lost(name = 'lost'): readonly [root: VerifiedEntry, grant: VerifiedEntry, ...VerifiedEntry[]] {
  const tree = new Grown(name, PublicAccess.NONE)
  const grant = tree.add([tree.root], { changes: granting(Permission.WRITE, serverKey) })
  const [last] = tree.chain(grant, 1)
  tree.add([last!], { changes: granting(Permission.READ, holder) })
  return tree.entries as [VerifiedEntry, VerifiedEntry, ...VerifiedEntry[]]
}

/** The root of a tree that the server itself began. */
const own = () => new Grown('own', PublicAccess.NONE, serverKey).root

const signed = (entry: VerifiedEntry) => ({ ...entry.signed })

/** Offers the tree, or these entries, and returns the status. */
async function offer(
  { sync }: Calling,
  root = signed(lost()[0]),
  grant: ReturnType<typeof signed> | undefined = signed(lost()[1]),
): Promise<string> {
  const { status } = await sync.offerTree({ root, ...(grant && { grant }) })
  return OfferStatus[status]
}

function served(
  name: string,
  rules: readonly string[],
  play: (calling: Calling, serving: Serving, stage: Stage) => Promise<void>,
  entries: readonly VerifiedEntry[] = [],
): Case {
  return {
    ...{ name: `offers: ${name}`, level: 'offers', rules },
    async run(stage) {
      await using serving = await serve(stage, entries)
      await using calling = await callAs(serving, holder)
      await play(calling, serving, stage)
    },
  }
}

const decide = ({ program }: Stage, accept: boolean) =>
  program.expect('decide-offer', { tree: lost()[0].id, accept })

export function offerCases(): Case[] {
  return [...refusedOffers(), ...decidedOffers(), ...wantedTrees()]
}

function refusedOffers(): Case[] {
  const refused = (name: string, code: string, root: object, grant: object | undefined): Case =>
    served(`refuses: ${name}`, ['O2', 'O1'], async ({ sync }) => {
      const error = await failure(() => sync.offerTree({ root, ...(grant && { grant }) } as never))
      expectSame('O2', 'the code of the error', code, error?.code ?? 'none')
    })
  const flipped = (entry: VerifiedEntry) => {
    const signature = entry.signed.signature.slice()
    signature[40]! ^= 1
    return { body: entry.signed.body, signature }
  }
  const [root, grant, plain, other] = lost() as unknown as VerifiedEntry[]
  const bad = 'INVALID_ARGUMENT'
  return [
    {
      ...{ name: 'offers: refuses: a caller without a proof', level: 'offers', rules: ['O2'] },
      async run(stage) {
        await using serving = await serve(stage, [])
        await using calling = await call(serving)
        const error = await failure(() => offer(calling))
        expectSame('O2', 'the error', 'UNAUTHENTICATED missing', `${error?.code} ${error?.data.reason}`)
      },
    },
    refused('a root whose signature does not hold', 'ENTRY_SIGNATURE', flipped(own()), undefined),
    // The id of that root is another one, so the grant is of another tree.
    refused('a root that somebody changed, with its grant', bad, flipped(root!), signed(grant!)),
    refused('a grant whose signature does not hold', 'ENTRY_SIGNATURE', signed(root!), flipped(grant!)),
    refused('a root that is none', bad, signed(plain!), signed(grant!)),
    refused('no grant', bad, signed(root!), undefined),
    refused('a grant that is no policy entry', bad, signed(root!), signed(plain!)),
    refused('a grant that names another key', bad, signed(root!), signed(other!)),
    refused('a grant of another tree', bad, signed(root!), signed(lost('another lost one')[1])),
  ]
}

function decidedOffers(): Case[] {
  return [
    served('nobody has decided', ['O3', 'O1'], async (calling) => {
      expectSame(
        'O3',
        'the answers, one after the other',
        ['WAITING', 'WAITING'],
        [await offer(calling), await offer(calling)],
      )
    }),
    served(
      'of a tree that is there',
      ['O2', 'O3'],
      async (calling) => {
        expectSame('O2', 'the answer, which must not show it', 'WAITING', await offer(calling))
      },
      lost(),
    ),
    served('somebody accepted it', ['O4'], async (calling, _, stage) => {
      await offer(calling)
      await decide(stage, true)
      expectSame('O4', 'the answer', 'WANTED', await offer(calling))
    }),
    served('somebody declined it', ['O5'], async (calling, _, stage) => {
      await offer(calling)
      await decide(stage, false)
      expectSame('O5', 'the answer', 'DECLINED', await offer(calling))
    }),
    served('a tree that the server itself began', ['O1', 'O4'], async (calling) => {
      const answer = await calling.sync.offerTree({ root: signed(own()) })
      expectSame('O1', 'the answer', 'WANTED', OfferStatus[answer.status])
    }),
  ]
}

/** The server takes what it wants from a caller that it cannot call. */
function wantedTrees(): Case[] {
  const tree = () => idToBytes(lost()[0].id)
  return [
    served('a wanted tree is asked of the caller', ['O6'], async (calling, serving, stage) => {
      await offer(calling)
      await decide(stage, true)
      const { header, ids } = await hear(calling.sync, create(SyncTreeRequestSchema, { tree: tree() }))
      expectSame('O6', 'status and count', ['DELTA', 0], [SyncStatus[header.status], Number(header.count)])
      expectSame('O6', 'how many tips and entries', [0, 0], [header.tips.length, ids.length])
      const [root, grant, ...rest] = lost()
      const send = (entries: readonly VerifiedEntry[]) =>
        calling.sync.sendEntries({ tree: tree(), entries: entries.map(({ signed: each }) => each) })
      const first = await send([root, grant])
      expectSame('O6', 'how many entries are added', 2, first.added)
      expectSame(
        'O6',
        'digest and count, which the policy does not let the caller read',
        ['', 0],
        [bytesToHex(first.tipsDigest), Number(first.count)],
      )
      await send(rest)
      // The page that brings the right may be answered as those before it; the next one may not.
      const last = await send(rest)
      const { count, digest } = summaryOf(lost())
      expectSame(
        'O6',
        'digest and count, once it may read',
        [digest, count],
        [bytesToHex(last.tipsDigest), Number(last.count)],
      )
      await using stranger = await callAs(serving, holder + 7)
      const error = await failure(() => hear(stranger.sync, create(SyncTreeRequestSchema, { tree: tree() })))
      expectSame('O6', 'what another caller gets', 'UNKNOWN_TREE', error?.code ?? 'none')
    }),
    served('a watch says that a tree is wanted', ['O6', 'W1'], async (calling, _, stage) => {
      await offer(calling)
      await decide(stage, true)
      const messages = calling.sync.watch({ trees: [{ tree: tree() }] })[Symbol.asyncIterator]()
      expectSame('W1', 'the tree of the first message', '', bytesToHex((await messages.next()).value!.tree))
      const event = (await messages.next()).value!
      expectSame('O6', 'the tree of the event', bytesToHex(tree()), bytesToHex(event.tree))
      expectSame('O6', 'its tips and entries', [0, 0], [event.tips.length, event.entries.length])
      await messages.return?.()
    }),
  ]
}
