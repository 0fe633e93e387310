/** Lets the program serve entries, and plays the same entries on our own node beside it. */
import { type Client, createClient } from '@connectrpc/connect'
import {
  type EntryPage,
  SyncService,
  type SyncTreeHeader,
  type SyncTreeRequest,
} from '../../../gen/causeway/v1/sync_pb.ts'
import { decodeParents } from '../../dag/body.ts'
import { idOf, type SignedEntry, type VerifiedEntry } from '../../dag/entry.ts'
import { bytesToHex } from '../../dag/hex.ts'
import { type EntryId, idFromBytes } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { createNode, type Node } from '../../node/node.ts'
import { readCompactPage } from '../../rpc/compact/read-page.ts'
import { expectSame, Mismatch, type Stage } from './case.ts'
import { storeIn } from './reference.ts'
import { kitKey, kitSeed, wire } from './trees/trees.ts'

/** A program that serves. */
export interface Serving extends AsyncDisposable {
  readonly peer: PeerId
  readonly http: string
  readonly quic: string
}

/** The number of the key with which programs serve. */
export const serverKey = 50

/** The chunks of a blob that a program has for a tree. */
export interface ServedChunks {
  readonly tree: EntryId
  readonly chunks: readonly Uint8Array[]
}

/** Lets the program serve these entries, which it stores in this order, on loopback, and perhaps chunks of blobs. */
export async function serve(
  { program, transports }: Stage,
  entries: readonly VerifiedEntry[],
  blobs: readonly ServedChunks[] = [],
): Promise<Serving> {
  const quic = transports.includes('quic')
  const answer = await program.expect('serve', {
    ...{ seed: bytesToHex(kitSeed(serverKey)), entries: entries.map(wire), quic },
    ...(blobs.length > 0 && {
      blobs: blobs.map(({ tree, chunks }) => ({ tree, chunks: chunks.map(bytesToHex) })),
    }),
  })
  return {
    peer: kitKey(serverKey).peer,
    http: String(answer.http),
    quic: String(answer.quic ?? ''),
    async [Symbol.asyncDispose]() {
      await program.expect('stop')
    },
  }
}

/** Our own node with the same entries, called without a network. */
export interface Reference extends AsyncDisposable {
  readonly node: Node
  readonly sync: Client<typeof SyncService>
}

export async function reference(entries: readonly VerifiedEntry[]): Promise<Reference> {
  const node = await createNode({ background: false, identity: kitKey(serverKey) })
  if (entries.length > 0) await storeIn(node, entries)
  return {
    node,
    sync: createClient(SyncService, node.rpc()),
    [Symbol.asyncDispose]: () => node.close(),
  }
}

/** One whole answer to SyncTree. */
export interface Heard {
  readonly header: SyncTreeHeader
  readonly ids: readonly EntryId[]
  /** The sizes of the pages. */
  readonly pages: readonly { readonly entries: number; readonly bytes: number }[]
  readonly more: boolean
  /** Whether each entry of these came after its parents, as far as those came too. */
  readonly parentsFirst: boolean
}

/** Reads the answer to a request to its end. Throws a Mismatch if it has not just one header, and first. */
export async function hear(sync: Client<typeof SyncService>, request: SyncTreeRequest): Promise<Heard> {
  let header: SyncTreeHeader | undefined
  const ids: EntryId[] = []
  const pages: { entries: number; bytes: number }[] = []
  const bodies: Uint8Array[] = []
  let more = false
  for await (const { part } of sync.syncTree(request)) {
    if (part.case === 'header' && header === undefined) header = part.value
    else if (part.case === 'page' && header !== undefined) {
      const entries = pageOf(request, part.value)
      ids.push(...entries.map(idOf))
      bodies.push(...entries.map(({ body }) => body))
      const bytes = entries.reduce((sum, { body, signature }) => sum + body.length + signature.length, 0)
      pages.push({ entries: entries.length, bytes })
      more = part.value.more
    } else {
      const came = header === undefined ? 'first' : 'after the header'
      throw new Mismatch(
        'S3',
        'the parts of the answer',
        'a header, then pages',
        `${part.case ?? 'nothing'} ${came}`,
      )
    }
  }
  if (header === undefined) throw new Mismatch('S3', 'the parts of the answer', 'a header, then pages', '')
  return { header, ids, pages, more, parentsFirst: areParentsFirst(ids, bodies) }
}

/** Returns the entries of a page in either form. */
function pageOf(request: SyncTreeRequest, page: EntryPage): readonly SignedEntry[] {
  if (page.compact.length === 0) return page.entries
  expectSame('Z1', 'whether the request was for compact pages', true, request.compact)
  expectSame('Z1', 'the entries beside the compact ones', 0, page.entries.length)
  try {
    return readCompactPage(idFromBytes(request.tree), page.compact)
  } catch (error) {
    throw new Mismatch('Z5', 'a compact page', 'a page that can be read', (error as Error).message)
  }
}

function areParentsFirst(ids: readonly EntryId[], bodies: readonly Uint8Array[]): boolean {
  const later = new Set(ids)
  return bodies.every((body, index) => {
    later.delete(ids[index]!)
    return decodeParents(body).every((parent) => !later.has(parent))
  })
}
