/**
 * Level `server`: compact pages, of a server that writes or reads them. Nobody has to, so a server that sends plain pages
 * and does not say that it reads others passes.
 */
import { create } from '@bufbuild/protobuf'
import { SyncTreeRequestSchema } from '../../../../../gen/causeway/v1/sync_pb.ts'
import type { VerifiedEntry } from '../../../../dag/entry.ts'
import { idToBytes } from '../../../../dag/id.ts'
import { writeCompactPage } from '../../../../rpc/compact/write-page.ts'
import { type Calling, failure } from '../../calls.ts'
import { type Case, expectSame } from '../../case.ts'
import { hear } from '../../serving.ts'
import { forked } from '../../trees/sets.ts'
import { randomTree } from '../../trees/trees.ts'
import { served } from './serving.ts'

export function compactCases(): Case[] {
  const merges = () => randomTree(31, 80)
  const { asker, server } = forked(12, 5, 3)
  const news = asker.slice(-5).map(({ signed }) => signed)
  const tree = idToBytes(server[0]!.tree)
  return [
    served('compact pages', ['Z5', 'Z1', 'Z2', 'Z4', 'Z6'], merges, async (calling) => {
      const ids: readonly string[] = merges().map(({ id }) => id)
      const got = await ask(calling, merges())
      expectSame('Z5', 'the ids of the entries', [...ids].sort(), [...got.ids].sort())
      expectSame('R16', 'whether each came after its parents', true, got.parentsFirst)
    }),
    served(
      'sending: a compact page',
      ['Z5', 'Z1', 'Z3', 'Z7'],
      () => server,
      async (calling) => {
        if (!(await ask(calling, server)).header.compact) return
        const compact = writeCompactPage(server[0]!.tree, news)
        const send = (page: object) => calling.sync.sendEntries({ tree, ...page })
        const code = async (page: object) => (await failure(() => send(page)))?.code ?? 'none'
        expectSame(
          'Z7',
          'the code for half a page',
          'PROTOCOL',
          await code({ compact: compact.slice(0, 99) }),
        )
        expectSame('Z1', 'the code for both forms', 'PROTOCOL', await code({ compact, entries: news }))
        const large = Uint8Array.of(2, 0x81, 0x80, 0x10)
        expectSame('Z3', 'the code for 262,145 bytes', 'LIMIT_EXCEEDED', await code({ compact: large }))
        const { added, known, refused } = await send({ compact })
        expectSame('Z5', 'added, known and refused', [5, 0, 0], [added, known, refused.length])
      },
    ),
  ]
}

/** Asks for everything, compact. */
function ask({ sync }: Calling, entries: readonly VerifiedEntry[]) {
  return hear(sync, create(SyncTreeRequestSchema, { tree: idToBytes(entries[0]!.tree), compact: true }))
}
