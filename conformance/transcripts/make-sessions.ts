/**
 * Writes sessions.json: `npx tsx conformance/transcripts/make-sessions.ts`. Our node syncs with a server of the kit, and
 * each request is noted with the answer before the next one. All of it follows from seeds, so the file stays the same byte
 * for byte until the protocol changes; a test checks that.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { toBinary } from '@bufbuild/protobuf'
import {
  SyncStatus,
  type SyncTreeHeader,
  SyncTreeHeaderSchema,
  type SyncTreeRequest,
  type SyncTreeResponse,
} from '../../gen/causeway/v1/sync_pb.ts'
import { storeIn } from '../../src/cli/conformance/reference.ts'
import {
  choosesTips,
  comparable,
  type Exchange,
  encodedRequest,
  plainly,
  ruleOfRequest,
  type SessionSpec,
  type SessionTranscript,
  sessionSpecs,
} from '../../src/cli/conformance/sessions.ts'
import { standWith, type Tricks } from '../../src/cli/conformance/stand/stand.ts'
import { pairOf } from '../../src/cli/conformance/trees/sets.ts'
import { summaryOf } from '../../src/cli/conformance/trees/trees.ts'
import { idOf } from '../../src/dag/entry.ts'
import { bytesToHex } from '../../src/dag/hex.ts'
import { createNode } from '../../src/node/node.ts'
import { projectFile } from '../../test/kit/project.ts'

export const sessionsFile = projectFile('conformance/transcripts/sessions.json')

const about = [
  'Whole sessions of an asker: each of its requests, and the answer after which the next request is due.',
  'set: the entries of both sides; conformance/README.md tells how they follow from the shape and its numbers. times: how many sessions one after the other, with what the first one left.',
  'exchanges[].request: an encoded SyncTreeRequest, its tips and wanted ids ascending, without budget_bytes and without the counts beyond the cells, which an asker may add. If the asker has more than 32 tips, it names 8 of them: these are left out here. rule: the one that another request breaks.',
  "header: the encoded SyncTreeHeader of the answer, its tips ascending, without `common`. pages: the first 16 digits of the ids of each page's entries; more: whether the last page says that others follow; cut: whether the connection ends after these pages.",
  'sent: the first 16 digits of the ids of the entries that the asker sends in all, ascending. Bytes are lowercase hex.',
]

/** One exchange as it is being noted. */
interface Noted {
  readonly request: SyncTreeRequest
  header?: SyncTreeHeader
  readonly pages: string[][]
  more: boolean
  whole: boolean
}

/** Notes what crosses, and leaves it as it is. */
function noting(notes: Noted[], { syncTree }: Tricks): Tricks {
  return {
    async *syncTree(request, honest, n) {
      const noted: Noted = { request, pages: [], more: false, whole: false }
      notes.push(noted)
      const answers: AsyncIterable<SyncTreeResponse> = syncTree?.(request, honest, n) ?? honest(request)
      for await (const message of answers) {
        const { part } = message
        if (part.case === 'header') noted.header = part.value
        if (part.case === 'page') {
          noted.pages.push(part.value.entries.map((entry) => idOf(entry).slice(0, 16)))
          noted.more = part.value.more
        }
        yield message
      }
      noted.whole = true
    },
  }
}

function exchangesOf(notes: readonly Noted[], isChoice: boolean): Exchange[] {
  const exchanges: Exchange[] = []
  for (const { request, header, pages, more, whole } of notes) {
    const { tips } = header!
    const shown = { ...header!, tips: [...tips].sort(Buffer.compare), common: new Uint8Array(0) }
    exchanges.push({
      rule: ruleOfRequest(request, exchanges),
      request: encodedRequest(comparable(request, isChoice)),
      status: SyncStatus[header!.status]!,
      header: bytesToHex(toBinary(SyncTreeHeaderSchema, shown)),
      ...{ pages, more },
      ...(!whole && { cut: true as const }),
    })
  }
  return exchanges
}

async function played({ name, rules, set, tricks = {}, times = 1 }: SessionSpec): Promise<SessionTranscript> {
  const pair = pairOf(set)
  const notes: Noted[] = []
  await using ours = await standWith(pair.server, noting(notes, plainly(tricks)))
  await using node = await createNode({ background: false })
  if (pair.asker.length > 0) await storeIn(node, pair.asker)
  // One that is cut fails, and the next one goes on where it was.
  for (let n = 0; n < times; n++) await node.sync(pair.server[0]!.tree, ours.stand.address).catch(() => {})
  const sent = ours.stand.sent.flatMap(({ entries }) => entries.map((entry) => idOf(entry).slice(0, 16)))
  const exchanges = exchangesOf(notes, choosesTips(summaryOf(pair.asker).tips))
  return { name, rules, set, times, exchanges, sent: [...new Set(sent)].sort() }
}

export async function makeSessions(): Promise<string> {
  const sessions: SessionTranscript[] = []
  for (const spec of sessionSpecs) sessions.push(await played(spec))
  return `${JSON.stringify({ about, sessions }, null, 1)}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(sessionsFile, await makeSessions())
