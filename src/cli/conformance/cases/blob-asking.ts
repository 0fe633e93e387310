/** Level `blob-asker`: the program reads a blob whose chunks only peers have, and believes no wrong byte. */
import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import {
  type GetChunksRequest,
  type GetChunksResponse,
  GetChunksResponseSchema,
} from '../../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../../base/limits.ts'
import { sha256Hex } from '../../../dag/crypto.ts'
import { type Case, expectSame } from '../case.ts'
import { serverKey } from '../serving.ts'
import { type OurStand, standWith, type Tricks } from '../stand/stand.ts'
import { blobOf, naming } from '../trees/blobs.ts'
import { Grown, wire } from '../trees/trees.ts'

const blob = blobOf(5, 2 * limits.blobChunkBytes + 9)
const wholeHash = sha256Hex(...blob.chunks)

/** A public tree that names the blob. */
function tree(size = blob.size) {
  const grown = new Grown('blobs to read', PublicAccess.READ)
  grown.add([grown.root], naming('whole', { id: blob.id, size }))
  return grown.entries
}

const listed = (value: Uint8Array) => create(GetChunksResponseSchema, { part: { case: 'list', value } })
const chunk = (number: number, data: Uint8Array) =>
  create(GetChunksResponseSchema, { part: { case: 'chunk', value: { number, data } } })

/** Sends what is asked for, with each part changed; `seen` receives the requests. */
function sending(
  change: (part: GetChunksResponse, n: number) => GetChunksResponse = (part) => part,
  seen: GetChunksRequest[] = [],
): Tricks {
  return {
    async *getChunks(request) {
      seen.push(request)
      let n = 0
      if (request.list) yield change(listed(blob.list), n++)
      for (const number of request.chunks) yield change(chunk(number, blob.chunks[number]!), n++)
    },
  }
}

/** Changes the data of one chunk. */
const changing = (number: number, data: (honest: Uint8Array) => Uint8Array): Tricks =>
  sending((part) =>
    part.part.case === 'chunk' && part.part.value.number === number
      ? chunk(number, data(part.part.value.data))
      : part,
  )

const flipped = (bytes: Uint8Array) => bytes.map((byte, at) => (at === 5 ? byte ^ 1 : byte))

interface Read {
  readonly code: string
  /** SHA-256 of the bytes. */
  readonly sha256: string
}

/** The program reads the blob of peers that do these things. */
function reads(
  name: string,
  rules: readonly string[],
  peers: readonly Tricks[],
  check: (read: Read) => void,
  size = blob.size,
): Case {
  return {
    ...{ name: `blob-asker: ${name}`, level: 'blob-asker', rules },
    async run({ program }) {
      const entries = tree(size)
      const stands: OurStand[] = []
      try {
        for (const [index, tricks] of peers.entries())
          stands.push(await standWith(entries, tricks, serverKey + index))
        const asked = {
          ...{ tree: entries[0]!.id, entries: entries.map(wire), blob: { id: blob.id, size } },
          peers: stands.map(({ stand: { peer, address } }) => ({ peer, address })),
        }
        check((await program.expect('read-blob', asked)) as unknown as Read)
      } finally {
        for (const stand of stands) await stand[Symbol.asyncDispose]()
      }
    },
  }
}

const whole = (rule: string) => (read: Read) =>
  expectSame(rule, 'code and SHA-256 of the bytes', ['', wholeHash], [read.code, read.sha256])
const nothing = (rule: string) => (read: Read) =>
  expectSame(
    rule,
    'whether reading fails, and the SHA-256 of the bytes',
    [true, ''],
    [read.code !== '', read.sha256],
  )

export function blobAskerCases(): Case[] {
  const seen: GetChunksRequest[] = []
  const [first, second] = blob.chunks as [Uint8Array, Uint8Array]
  return [
    reads('a blob of one peer', ['B5', 'B1'], [sending()], whole('B5')),
    reads(
      'a list with a bit flipped',
      ['B5'],
      [sending((part) => (part.part.case === 'list' ? listed(flipped(blob.list)) : part))],
      nothing('B5'),
    ),
    reads('a chunk with a bit flipped', ['B5'], [changing(1, flipped)], nothing('B5')),
    reads('a chunk in the place of another', ['B5'], [changing(1, () => first)], nothing('B5')),
    reads('a chunk that is cut short', ['B5'], [changing(1, () => second.slice(1))], nothing('B5')),
    reads('a liar, and a peer that is none', ['B7', 'B5'], [changing(1, flipped), sending()], whole('B7')),
    reads(
      'a peer that lacks the blob, and one that has it',
      ['B7', 'B2'],
      [{ async *getChunks() {} }, sending()],
      whole('B7'),
    ),
    reads('a blob that is named with a wrong size', ['B7', 'B3'], [sending()], nothing('B7'), blob.size + 1),
    reads(
      'a call that is cut goes on where it was',
      ['B5'],
      [
        {
          async *getChunks(request) {
            seen.push(request)
            const isFirst = seen.filter(({ chunks }) => chunks.length > 0).length === 1
            if (request.list) yield listed(blob.list)
            for (const [index, number] of request.chunks.entries()) {
              if (isFirst && index === 1)
                throw new ConnectError('The kit cuts this call off.', Code.Unavailable)
              yield chunk(number, blob.chunks[number]!)
            }
          },
        },
        sending(undefined, seen),
      ],
      (read) => {
        whole('B5')(read)
        const asked = seen.splice(0).flatMap(({ chunks }) => [...chunks])
        const again = asked.filter((number, index) => number === asked[0] && index > 0)
        expectSame('B5', 'how often the chunk that came before the cut is asked for again', 0, again.length)
      },
    ),
  ]
}
