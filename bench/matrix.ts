/**
 * What finding the difference costs, for every shape of DAG and size of difference: bytes on the wire beside the missing
 * entries, exchanges, and reads of either store, each against its bound. Both sides live in this process; messages are
 * encoded as they would be sent and counted. Signatures are not made or checked here, since they would only hide it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  SendEntriesRequestSchema,
  SendEntriesResponseSchema,
  SyncTreeRequestSchema,
  SyncTreeResponseSchema,
} from '../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../src/clock.ts'
import { encodeBody } from '../src/dag/body.ts'
import { entryBytes, type SignedEntry, type VerifiedEntry } from '../src/dag/entry.ts'
import { type EntryId, idToBytes, type TreeId } from '../src/dag/id.ts'
import type { PeerId } from '../src/dag/identity.ts'
import { writeSyncHeader, writeSyncRequest } from '../src/rpc/convert.ts'
import { openFolder } from '../src/store/open.ts'
import { DagStore } from '../src/store/store.ts'
import { answerSync } from '../src/sync/answer.ts'
import type { Ingest } from '../src/sync/ingest.ts'
import type { Remote } from '../src/sync/remote.ts'
import { runSession, type SessionResult } from '../src/sync/session.ts'
import { below, prng } from '../test/kit/entries.ts'
import type { Case, Row } from './harness.ts'
import { type Grow, growers } from './matrix-shapes.ts'

const cellBytes = 22

/** Entries with made-up signatures that carry their number, so that either side finds them again without verifying. */
export class Forge {
  readonly entries: VerifiedEntry[] = []
  private readonly random = prng(7)
  private readonly author = '11'.repeat(32) as PeerId

  add(parents: readonly VerifiedEntry[]): VerifiedEntry {
    const root = this.entries[0]
    const id = Array.from({ length: 8 }, () =>
      below(this.random, 0x1_0000_0000).toString(16).padStart(8, '0'),
    ).join('') as EntryId
    const body = {
      version: 1,
      tree: root?.tree,
      parents: [...new Set(parents.map((parent) => parent.id))].sort(),
      height: parents.length === 0 ? 0 : 1 + Math.max(...parents.map((parent) => parent.body.height)),
      author: this.author,
      createdAtMs: 1_700_000_000_000 + this.entries.length,
      policy: [],
      changes: [{ store: 'log', kind: 'add', payload: new Uint8Array(100) }],
      nonce: new Uint8Array(0),
    }
    const signature = new Uint8Array(64)
    new DataView(signature.buffer).setUint32(0, this.entries.length)
    const signed = { body: encodeBody(body), signature }
    const entry = { id, tree: root?.tree ?? id, signed, body } as unknown as VerifiedEntry
    this.entries.push(entry)
    return entry
  }

  find({ signature }: SignedEntry): VerifiedEntry {
    return this.entries[new DataView(signature.buffer, signature.byteOffset).getUint32(0)]!
  }
}

/** One side: a store that counts what is read of it, and an ingest that trusts. */
class Side {
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

  async fill(entries: readonly VerifiedEntry[]): Promise<void> {
    for (let start = 0; start < entries.length; start += 1000)
      await this.ingest.page(
        entries[0]!.tree,
        entries.slice(start, start + 1000).map(({ signed }) => signed),
      )
  }
}

/** Counts each message as Connect would send it: encoded, with five bytes before it. */
class Wire implements Remote {
  bytes = 0
  private readonly other: Side

  constructor(other: Side) {
    this.other = other
  }

  private count<Schema extends DescMessage>(schema: Schema, message: MessageInitShape<Schema>): void {
    this.bytes += 5 + toBinary(schema, create(schema, message)).length
  }

  async syncTree(request: Parameters<Remote['syncTree']>[0]) {
    this.count(SyncTreeRequestSchema, writeSyncRequest(request))
    const answer = await answerSync(this.other.store, request, systemClock.random)
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

interface Measured {
  readonly result: SessionResult
  readonly seconds: number
  readonly beside: number
  readonly reads: readonly [number, number]
  readonly entriesBytes: number
}

async function measure(
  asker: Side,
  answerer: Side,
  tree: TreeId,
  extra: readonly VerifiedEntry[],
): Promise<Measured> {
  const wire = new Wire(answerer)
  asker.reads = 0
  answerer.reads = 0
  const started = performance.now()
  const result = await runSession(
    { store: asker.store, ingest: asker.ingest, clock: systemClock },
    wire,
    tree,
  )
  const seconds = (performance.now() - started) / 1000
  if (!result.equal) throw new Error('A session did not end equal.')
  const entriesBytes = extra.reduce((sum, { signed }) => sum + entryBytes(signed), 0)
  // An entry in a message has a few bytes of framing, which are its own.
  const framing = extra.length * 9
  return {
    result,
    seconds,
    beside: wire.bytes - entriesBytes - framing,
    reads: [asker.reads, answerer.reads],
    entriesBytes,
  }
}

/** All differences of one shape, one after the other in the same two stores: each session makes them equal again. */
async function measureShape(
  name: string,
  grow: Grow,
  entries: number,
  sizes: readonly (readonly [number, number])[],
  note: (text: string) => void,
): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'causeway-matrix-'))
  const forge = new Forge()
  const [asker, answerer] = await Promise.all(
    ['a', 'b'].map(
      async (side) => new Side(await DagStore.open(await openFolder(join(folder, side))), forge),
    ),
  )
  const rows: Row[] = []
  try {
    const shape = grow(forge, entries)
    const { tree } = forge.entries[0]!
    for (const side of [asker!, answerer!]) await side.fill(forge.entries)
    for (const [left, right] of sizes) {
      const start = forge.entries.length
      await asker!.fill(shape(left, 0))
      await answerer!.fill(shape(right, 1))
      const extra = forge.entries.slice(start)
      const measured = await measure(asker!, answerer!, tree, extra)
      rows.push(rowOf(name, left + right, asker!.store.tree(tree)!.count, measured))
      note(lineOf(name, left, right, measured))
    }
  } finally {
    await Promise.all([asker!.store.close(), answerer!.store.close()])
    rmSync(folder, { recursive: true, force: true })
  }
  return rows
}

function boundsOf(difference: number, { result, entriesBytes }: Measured) {
  const haves = result.redundant > 0 && !result.statuses.includes('sketch')
  return {
    bytes: 4096 + Math.ceil(2.3 * cellBytes * difference) + (haves ? Math.ceil(0.05 * entriesBytes) : 0),
    trips: difference <= 30 ? 1 : 2,
    reads: 4 * difference + 1024,
  }
}

function lineOf(name: string, left: number, right: number, measured: Measured): string {
  const { result, beside, reads, seconds } = measured
  const bounds = boundsOf(left + right, measured)
  const verdict = (holds: boolean) => (holds ? '' : ' (!)')
  return [
    `${name} ${left}+${right}:`.padEnd(34),
    `${beside} of ${bounds.bytes} B${verdict(beside <= bounds.bytes)}`.padEnd(28),
    `${result.roundTrips} trip(s)${verdict(result.roundTrips <= bounds.trips)} ${result.statuses.join('+')}`.padEnd(
      32,
    ),
    `reads ${reads.join(' + ')} of ${bounds.reads}${verdict(Math.max(...reads) <= bounds.reads)}`.padEnd(34),
    `redundant ${result.redundant}`.padEnd(16),
    `${(seconds * 1000).toFixed(0)} ms`,
  ].join(' ')
}

function rowOf(name: string, difference: number, entries: number, measured: Measured): Row {
  const { result, seconds, beside, reads } = measured
  return {
    name: `${name} d=${difference}`,
    entries,
    seconds,
    bytesBeside: beside,
    roundTrips: result.roundTrips,
    reads,
    ofFloor: beside / boundsOf(difference, measured).bytes,
  }
}

export const matrix: Case = {
  name: 'matrix',
  summary:
    'the cost of finding the difference, by shape and size (ratio: of the bound on bytes, below 1 holds)',
  async run({ small, note }) {
    const entries = Number(process.env.MATRIX_N ?? (small ? 4_000 : 100_000))
    const sizes = small
      ? ([
          [1, 1],
          [15, 15],
        ] as const)
      : ([
          [1, 1],
          [15, 15],
          [500, 500],
          [5_000, 5_000],
        ] as const)
    const rows: Row[] = []
    for (const [name, grow] of Object.entries(growers))
      rows.push(...(await measureShape(name, grow, entries, sizes, note)))
    if (!small)
      rows.push(
        ...(await measureShape(
          'one-sided',
          growers['scattered forks']!,
          entries,
          [
            [5, 10_000],
            [10_000, 5],
          ],
          note,
        )),
      )
    return rows
  },
}
