/**
 * Two sides in one process and the wire between them. The stores count their reads. The messages are encoded as they
 * would be sent, and their bytes are counted. A session is measured against the bounds that the protocol must keep.
 */
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  SendEntriesRequestSchema,
  SendEntriesResponseSchema,
  SyncTreeRequestSchema,
  SyncTreeResponseSchema,
} from '../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../src/base/clock.ts'
import { entryBytes, type SignedEntry } from '../src/dag/entry.ts'
import { idToBytes, type TreeId } from '../src/dag/id.ts'
import { writeSyncHeader, writeSyncRequest } from '../src/rpc/convert-sync.ts'
import type { DagStore } from '../src/store/store.ts'
import { answerSync } from '../src/sync/answer/answer.ts'
import { runSession, type SessionResult } from '../src/sync/ask/session.ts'
import type { Ingest } from '../src/sync/ingest.ts'
import type { Remote } from '../src/sync/remote.ts'
import type { Forge, Forged } from './forge.ts'

const cellBytes = 22
const fillPage = 1000

/** One side: a store that counts its reads, and an ingest that does not verify. */
export class Side {
  readonly store: DagStore
  reads = 0
  private readonly forge: Forge
  private ingesting = 0

  constructor(store: DagStore, forge: Forge) {
    this.store = store
    this.forge = forge
    const count = (name: 'lookup' | 'resolve' | 'idsAt' | 'read', many: (args: unknown[]) => number) => {
      const method = store[name].bind(store) as (...args: unknown[]) => unknown
      Object.assign(store, {
        [name]: (...args: unknown[]) => {
          if (this.ingesting === 0) this.reads += many(args)
          return method(...args)
        },
      })
    }
    count('lookup', ([ids]) => (ids as unknown[]).length)
    for (const name of ['resolve', 'idsAt', 'read'] as const)
      count(name, ([, items]) => (items as unknown[]).length)
  }

  readonly ingest = {
    page: async (tree: TreeId, page: readonly SignedEntry[]) => {
      this.ingesting++
      try {
        return await this.store.append(
          tree,
          page.map((signed) => this.forge.find(signed)),
        )
      } finally {
        this.ingesting--
      }
    },
  } as unknown as Ingest

  async fill(entries: readonly Forged[]): Promise<void> {
    for (let start = 0; start < entries.length; start += fillPage)
      await this.store.append(
        this.forge.tree,
        entries.slice(start, start + fillPage).map((entry) => this.forge.verified(entry)),
      )
  }
}

/** Counts each message as Connect would send it: encoded, with a prefix of five bytes. */
class Wire implements Remote {
  bytes = 0
  private readonly other: Side
  private readonly random: () => number

  constructor(other: Side, random: () => number) {
    this.other = other
    this.random = random
  }

  private count<Schema extends DescMessage>(schema: Schema, message: MessageInitShape<Schema>): void {
    this.bytes += 5 + toBinary(schema, create(schema, message)).length
  }

  async syncTree(request: Parameters<Remote['syncTree']>[0]) {
    this.count(SyncTreeRequestSchema, writeSyncRequest(request))
    const answer = await answerSync(this.other.store, request, this.random)
    this.count(SyncTreeResponseSchema, { part: { case: 'header', value: writeSyncHeader(answer.header) } })
    const count = (page: { entries: readonly SignedEntry[]; more: boolean }) =>
      this.count(SyncTreeResponseSchema, {
        part: { case: 'page', value: { ...page, entries: [...page.entries] } },
      })
    async function* pages() {
      for await (const page of answer.pages) {
        count(page)
        yield page
      }
    }
    return { header: answer.header, pages: pages() }
  }

  async sendEntries(tree: TreeId, entries: readonly SignedEntry[]) {
    this.count(SendEntriesRequestSchema, { tree: idToBytes(tree), entries: [...entries] })
    const { added, known, refused } = await this.other.ingest.page(tree, entries)
    const { tipsDigest, count } = await this.other.store.summary(tree)
    this.count(SendEntriesResponseSchema, {
      added: added.length,
      known,
      tipsDigest: new Uint8Array(32),
      count: BigInt(count),
    })
    const told = refused.map(({ id, index, error }) => ({
      id,
      index,
      code: error.code,
      message: error.message,
    }))
    return { added: added.length, known, refused: told, tipsDigest, count }
  }
}

export interface Measured {
  readonly result: SessionResult
  readonly seconds: number
  /** The bytes on the wire besides the missing entries. */
  readonly beside: number
  readonly reads: readonly [number, number]
  readonly entriesBytes: number
  readonly difference: number
}

/** Runs and measures one session; `extra` is the difference. */
export async function measureSession(
  asker: Side,
  answerer: Side,
  forge: Forge,
  extra: readonly Forged[],
  random: () => number = systemClock.random,
): Promise<Measured> {
  const wire = new Wire(answerer, random)
  asker.reads = 0
  answerer.reads = 0
  const started = performance.now()
  const result = await runSession(
    { store: asker.store, ingest: asker.ingest, clock: { ...systemClock, random } },
    wire,
    forge.tree,
  )
  const seconds = (performance.now() - started) / 1000
  if (!result.equal) throw new Error('A session did not end equal.')
  const entriesBytes = extra.reduce((sum, entry) => sum + entryBytes(forge.verified(entry).signed), 0)
  // An entry in a message has a few bytes of framing, which count as part of the entry.
  const framing = extra.length * 9
  return {
    result,
    seconds,
    beside: wire.bytes - entriesBytes - framing,
    reads: [asker.reads, answerer.reads],
    entriesBytes,
    difference: extra.length,
  }
}

/** Returns the greatest cost that a session may have. */
export function boundsOf({ result, entriesBytes, difference }: Measured) {
  const haves = result.redundant > 0 && !result.statuses.includes('sketch')
  return {
    bytes: 4096 + Math.ceil(2.3 * cellBytes * difference) + (haves ? Math.ceil(0.05 * entriesBytes) : 0),
    trips: difference <= 30 ? 1 : 2,
    reads: 4 * difference + 1024,
  }
}

/** Returns the bounds that a session exceeded; empty if all hold. */
export function exceeded(measured: Measured): string[] {
  const bounds = boundsOf(measured)
  const { result, beside, reads } = measured
  return [
    ...(beside > bounds.bytes ? ['bytes'] : []),
    ...(result.roundTrips > bounds.trips ? ['trips'] : []),
    ...(Math.max(...reads) > bounds.reads ? ['reads'] : []),
    ...(result.redundant > 0 && result.statuses.includes('sketch') ? ['redundant'] : []),
  ]
}

export function lineOf(name: string, measured: Measured): string {
  const { result, beside, reads, seconds } = measured
  const bounds = boundsOf(measured)
  const broken = exceeded(measured)
  const verdict = (bound: string) => (broken.includes(bound) ? ' (!)' : '')
  return [
    `${name}:`.padEnd(34),
    `${beside} of ${bounds.bytes} B${verdict('bytes')}`.padEnd(28),
    `${result.roundTrips} trip(s)${verdict('trips')} ${result.statuses.join('+')}`.padEnd(32),
    `reads ${reads.join(' + ')} of ${bounds.reads}${verdict('reads')}`.padEnd(34),
    `redundant ${result.redundant}${verdict('redundant')}`.padEnd(16),
    `${(seconds * 1000).toFixed(0)} ms`,
  ].join(' ')
}
