/** The transcripts are what our node says: made anew, they are the same, and there is one for each way to answer. */
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { makeSessions, sessionsFile } from '../../conformance/transcripts/make-sessions.ts'
import { makeTranscripts, transcriptsFile } from '../../conformance/transcripts/make-transcripts.ts'
import { SyncStatus, SyncTreeHeaderSchema, SyncTreeRequestSchema } from '../../gen/causeway/v1/sync_pb.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'

interface Transcript {
  readonly name: string
  readonly rules: readonly string[]
  readonly server: { readonly count: number; readonly digest: string }
  readonly request: string
  readonly status: string
  readonly header: string
}

const text = readFileSync(transcriptsFile, 'utf8')

it('the transcripts are those of this checkout', async () => {
  const { transcripts } = JSON.parse(text) as { transcripts: Transcript[] }
  // Those of large trees take seconds to make.
  const made = await makeTranscripts({ isShort: true })
  assert.ok(
    JSON.stringify(made) ===
      JSON.stringify(transcripts.filter(({ name }) => made.some((one) => one.name === name))),
    'If the change of the protocol is intended, run npx tsx conformance/transcripts/make-transcripts.ts.',
  )
})

it('the sessions are those of this checkout', async () => {
  assert.ok(
    (await makeSessions()) === readFileSync(sessionsFile, 'utf8'),
    'If the change of the protocol is intended, run npx tsx conformance/transcripts/make-sessions.ts.',
  )
})

it('each is one request and the header that answers it, and R1 to R14 each have one', () => {
  const { transcripts } = JSON.parse(text) as { transcripts: Transcript[] }
  for (const { name, request, header, status, server } of transcripts) {
    const asked = fromBinary(SyncTreeRequestSchema, hexToBytes(request))
    const answered = fromBinary(SyncTreeHeaderSchema, hexToBytes(header))
    assert.equal(asked.tree.length, 32, name)
    assert.equal(SyncStatus[answered.status], status, name)
    assert.deepEqual(
      [Number(answered.count), bytesToHex(answered.tipsDigest)],
      [server.count, server.digest],
      name,
    )
  }
  const rules = new Set(transcripts.flatMap((transcript) => transcript.rules))
  for (let number = 1; number <= 14; number++) assert.ok(rules.has(`R${number}`), `R${number}`)
})
