/**
 * Sessions whose every request is known before: conformance/transcripts/sessions.json has the bytes, made by our node, and
 * the cases of cases/transcripts.ts compare a program's with them. What an asker may choose is taken out of both.
 */
import { clone, create, toBinary } from '@bufbuild/protobuf'
import {
  SketchSchema,
  type SyncTreeRequest,
  SyncTreeRequestSchema,
} from '../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../base/limits.ts'
import { bytesToHex } from '../../dag/hex.ts'
import type { Tricks } from './stand/stand.ts'
import { asksRanges, cutting, inPagesOf, undecodable } from './stand/tricks.ts'
import type { PairSpec } from './trees/sets.ts'

export interface SessionSpec {
  readonly name: string
  readonly rules: readonly string[]
  readonly set: PairSpec
  /** What the server does other than our node would. */
  readonly tricks?: Tricks
  /** How many sessions one after the other. Default: 1. */
  readonly times?: number
}

/** A request, and the answer after which the next one is due. */
export interface Exchange {
  /** The rule that a request other than this one breaks. */
  readonly rule: string
  /** The request as `comparable` leaves it. */
  readonly request: string
  readonly status: string
  /** The encoded header of the answer. */
  readonly header: string
  /** The first 16 digits of the ids of the entries in each page. */
  readonly pages: readonly (readonly string[])[]
  readonly more: boolean
  /** Whether the answer was cut off after these pages. */
  readonly cut?: true
}

export interface SessionTranscript {
  readonly name: string
  readonly rules: readonly string[]
  readonly set: PairSpec
  readonly times: number
  readonly exchanges: readonly Exchange[]
  /** The first 16 digits of the ids of the entries that the asker sends, ascending. */
  readonly sent: readonly string[]
}

export const sessionSpecs: readonly SessionSpec[] = [
  { name: 'equal sides', rules: ['S2', 'R3', 'S7', 'E11'], set: ['forked', 12, 0, 0] },
  { name: 'nothing is there', rules: ['S6', 'R4'], set: ['fresh', 40, 0, 0] },
  {
    ...{ name: 'an answer with a budget', rules: ['S18', 'R16', 'S6'], set: ['fresh', 600, 0, 0] },
    tricks: { syncTree: (request, honest) => honest({ ...request, budgetBytes: 40_000n }) },
  },
  {
    ...{ name: 'an answer that is cut off', rules: ['S1', 'E7', 'S6'], set: ['fresh', 60, 0, 0], times: 2 },
    tricks: inPagesOf(10, cutting(1, 3)),
  },
  { name: 'the asker is behind', rules: ['S3', 'R7'], set: ['forked', 12, 0, 4] },
  { name: 'the asker is ahead', rules: ['S4', 'R9', 'S19'], set: ['forked', 12, 4, 0] },
  { name: 'the server names what it lacks', rules: ['S4', 'R9', 'S19'], set: ['forked', 12, 3, 4] },
  {
    name: 'the tips of the server show what it lacks',
    ...{ rules: ['S19', 'R11', 'S4', 'S11', 'S12', 'S13'], set: ['forked', 300, 70, 70] },
  },
  {
    name: 'the server names its entries',
    ...{ rules: ['G5', 'R12', 'S20', 'R1'], set: ['starred', 60, 70, 70] },
  },
  {
    name: 'the cells of the server',
    ...{ rules: ['K7', 'R13', 'S15', 'S20', 'K4', 'K5', 'K6', 'R1'], set: ['starred', 2500, 70, 70] },
  },
  {
    ...{ name: 'cells that cannot be peeled', rules: ['S16', 'R5', 'G3'], set: ['forked', 200, 0, 30] },
    tricks: undecodable(),
  },
  {
    ...{
      name: 'ranges',
      rules: ['G3', 'G1', 'G2', 'G4', 'G5', 'R2', 'R14', 'S20'],
      set: ['forked', 200, 30, 30],
    },
    tricks: asksRanges(),
  },
  {
    ...{
      name: 'ranges of several chunks',
      rules: ['G3', 'G1', 'G2', 'G5', 'R14'],
      set: ['forked', 2200, 5, 7],
    },
    tricks: asksRanges(),
  },
]

const ascending = (packed: Uint8Array, bytes: number) => {
  const names = bytesToHex(packed).match(new RegExp(`.{1,${2 * bytes}}`, 'g')) ?? []
  return new Uint8Array(Buffer.from(names.sort().join(''), 'hex'))
}

/**
 * Returns a request without what an asker may choose: which of more than 32 tips it names, their order and that of
 * wanted ids, the budget, whether it adds counts to its cells, and whether it takes compact pages.
 */
export function comparable(request: SyncTreeRequest, isChoice: boolean): SyncTreeRequest {
  const { tips, want, wantShort, sketch, ...rest } = clone(SyncTreeRequestSchema, request)
  return create(SyncTreeRequestSchema, {
    ...{ ...rest, tips: isChoice ? [] : tips.sort((a, b) => Buffer.compare(a, b)), budgetBytes: 0n },
    ...{ want: ascending(want, 16), wantShort: ascending(wantShort, 8), compact: false },
    ...(sketch && { sketch: create(SketchSchema, { ...sketch, counts: new Uint8Array(0) }) }),
  })
}

/** These tricks, with an answer in plain pages to whoever asks for compact ones, so that all askers get the same. */
export function plainly({ syncTree, ...tricks }: Tricks = {}): Tricks {
  return {
    ...tricks,
    syncTree(request, honest, n) {
      const plain = { ...request, compact: false }
      return syncTree?.(plain, honest, n) ?? honest(plain)
    },
  }
}

export const encodedRequest = (request: SyncTreeRequest) =>
  bytesToHex(toBinary(SyncTreeRequestSchema, request))

/** Whether a set has so many tips that the asker chooses some. */
export const choosesTips = (tips: readonly unknown[]): boolean => tips.length > limits.requestTips

/** Returns the rule by which a request of a session follows from what came before. */
export function ruleOfRequest(request: SyncTreeRequest, before: readonly Exchange[]): string {
  const last = before.at(-1)
  if (last === undefined) return request.count === 0n ? 'S6' : 'S2'
  if ((request.sketch?.from ?? 0) > 0) return 'S16'
  if (request.want.length + request.wantShort.length > 0) return last.status === 'SKETCH' ? 'K7' : 'G5'
  if (request.range !== undefined) return before.some(({ rule }) => rule === 'G3') ? 'G5' : 'G3'
  if (last.more) return 'S18'
  return last.cut ? 'S1' : 'S5'
}
