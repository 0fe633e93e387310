/**
 * Level `asker`: sessions whose every request is known before. The program meets our node, whose answers are those of the
 * transcripts, and each of its requests must be the one that is due after them.
 */
import { fromBinary } from '@bufbuild/protobuf'
import { SyncTreeRequestSchema } from '../../../../gen/causeway/v1/sync_pb.ts'
import { idOf } from '../../../dag/entry.ts'
import { hexToBytes } from '../../../dag/hex.ts'
import { type Case, expectSame, Mismatch } from '../case.ts'
import {
  choosesTips,
  comparable,
  encodedRequest,
  plainly,
  type SessionTranscript,
  sessionSpecs,
} from '../sessions.ts'
import { type Stand, standWith } from '../stand/stand.ts'
import { pairOf } from '../trees/sets.ts'
import { summaryOf } from '../trees/trees.ts'
import { readVectors } from '../vectors.ts'
import { meet } from './asking.ts'

export function transcriptCases(): Case[] {
  const { sessions } = readVectors<{ sessions: SessionTranscript[] }>('sessions', 'transcripts')
  return sessions.map((session) => ({
    name: `asker: transcript: ${session.name}`,
    level: 'asker',
    rules: [...new Set([...session.rules, ...session.exchanges.map(({ rule }) => rule), 'S4', 'S5'])],
    async run({ program }) {
      const pair = pairOf(session.set)
      const tricks = sessionSpecs.find(({ name }) => name === session.name)?.tricks
      await using ours = await standWith(pair.server, plainly(tricks))
      const ends = await meet(program, ours, pair, session.times)
      const isChoice = choosesTips(summaryOf(pair.asker).tips)
      expectRequests(ours.stand, session, isChoice)
      const sent = ours.stand.sent.flatMap(({ entries }) => entries.map((entry) => idOf(entry).slice(0, 16)))
      expectSame('S4', 'the entries that were sent', session.sent, [...new Set(sent)].sort())
      expectSame('S5', 'the code of the last session', '', ends.at(-1)!.code)
    },
  }))
}

/** Each request must be the one that is due after the answers before it. */
function expectRequests({ requests }: Stand, { exchanges }: SessionTranscript, isChoice: boolean): void {
  for (const [index, { rule, request: expected }] of exchanges.entries()) {
    const what = `request ${index + 1} of ${exchanges.length}, a SyncTreeRequest`
    const came = requests[index]
    if (came === undefined) throw new Mismatch(rule, what, expected, '')
    // What an asker may choose, `comparable` takes out of both.
    const wanted = comparable(fromBinary(SyncTreeRequestSchema, hexToBytes(expected)), isChoice)
    expectSame(rule, what, encodedRequest(wanted), encodedRequest(comparable(came, isChoice)))
  }
  const further = requests[exchanges.length]
  if (further !== undefined)
    throw new Mismatch('S5', 'a request after the last one', '', encodedRequest(further))
}
