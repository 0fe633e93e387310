/**
 * Writes answers.json: `npx tsx conformance/transcripts/make-transcripts.ts`. For each question of the level `server` it
 * has the bytes of the request, and what our node answers. All of it follows from seeds, so the file stays the same byte
 * for byte until the protocol changes; a test checks that.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { toBinary } from '@bufbuild/protobuf'
import { SyncStatus, SyncTreeHeaderSchema, SyncTreeRequestSchema } from '../../gen/causeway/v1/sync_pb.ts'
import { questions } from '../../src/cli/conformance/cases/servers/answers.ts'
import { hear, reference } from '../../src/cli/conformance/serving.ts'
import { pairOf } from '../../src/cli/conformance/trees/sets.ts'
import { summaryOf } from '../../src/cli/conformance/trees/trees.ts'
import { sha256Hex } from '../../src/dag/crypto.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import { projectFile } from '../../test/kit/project.ts'

export const transcriptsFile = projectFile('conformance/transcripts/answers.json')

const about = [
  'Requests for SyncTree and what a server answers, one at least for each rule R1 to R14 of docs/protocol.md.',
  'set: the entries of both sides; conformance/README.md tells how they follow from the shape and its numbers. asker and server: count and tips digest of each.',
  'request: an encoded SyncTreeRequest. header: the encoded SyncTreeHeader of the answer, with its tips ascending. Bytes are lowercase hex.',
  'ids: SHA-256 over the ids of the entries in the pages, in ascending order, and how many they are; more: whether the last page says that others follow.',
]

/** Makes them all, or those of small trees. */
export async function makeTranscripts({ isShort = false } = {}) {
  const transcripts = []
  for (const { name, rules, set, request: makeRequest, isLong } of questions) {
    if (isShort && isLong) continue
    const pair = pairOf(set)
    const request = makeRequest(pair)
    await using ours = await reference(pair.server)
    const { header, ids, more } = await hear(ours.sync, request)
    header.tips.sort((a, b) => Buffer.compare(a, b))
    const sideOf = (entries: typeof pair.server) => {
      const { count, digest } = summaryOf(entries)
      return { count, digest }
    }
    const pages = summaryOfIds(ids)
    transcripts.push({
      ...{ name, rules, set, asker: sideOf(pair.asker), server: sideOf(pair.server) },
      request: bytesToHex(toBinary(SyncTreeRequestSchema, request)),
      ...{ status: SyncStatus[header.status], header: bytesToHex(toBinary(SyncTreeHeaderSchema, header)) },
      ...{ entries: ids.length, ids: pages, more },
    })
  }
  return transcripts
}

function summaryOfIds(ids: readonly string[]): string {
  return sha256Hex(...[...ids].sort().map(hexToBytes))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = JSON.stringify({ about, transcripts: await makeTranscripts() }, null, 1)
  writeFileSync(transcriptsFile, `${text}\n`)
}
