/** Level `blobs`: a server sends chunks of blobs, of what it has and to whom it may. */
import { Permission, PublicAccess } from '../../../../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../../../../base/limits.ts'
import { sha256Hex } from '../../../../dag/crypto.ts'
import type { VerifiedEntry } from '../../../../dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../../../dag/hex.ts'
import { idToBytes } from '../../../../dag/id.ts'
import { type Calling, call, failure } from '../../calls.ts'
import { type Case, expectSame } from '../../case.ts'
import { type ServedChunks, serve } from '../../serving.ts'
import { callAs, stranger } from '../../tokens.ts'
import { blobOf, naming } from '../../trees/blobs.ts'
import { Grown, granting } from '../../trees/trees.ts'

const whole = blobOf(1, 2 * limits.blobChunkBytes + 9)
const absent = blobOf(2, 100)
const unnamed = blobOf(3, 100)

/** A closed tree that names two blobs, and one of them with a wrong size too. */
function tree(name = 'blobs'): readonly VerifiedEntry[] {
  const grown = new Grown(name, PublicAccess.NONE)
  const grant = grown.add([grown.root], { changes: granting(Permission.READ, 1) })
  const first = grown.add([grant], naming('whole', whole))
  const second = grown.add([first], naming('absent', absent))
  grown.add([second], naming('wrong', { id: whole.id, size: whole.size + limits.blobChunkBytes }))
  return grown.entries
}

const other = () => tree('blobs too')

/** The server has these chunks for the first tree alone. */
const held: readonly ServedChunks[] = [
  { tree: tree()[0]!.id, chunks: [...whole.chunks, whole.list, ...unnamed.chunks, unnamed.list] },
]

interface Asked {
  readonly blob?: { readonly id: string; readonly size: number }
  readonly list?: boolean
  readonly chunks?: readonly number[]
  readonly of?: readonly VerifiedEntry[]
}

/** Asks for parts of a blob. Returns what comes: the hash of each part, and its number. */
async function get(
  { sync }: Calling,
  { blob = whole, list = false, chunks = [], of = tree() }: Asked,
): Promise<string[]> {
  const request = {
    tree: idToBytes(of[0]!.id),
    blob: { id: hexToBytes(blob.id), size: BigInt(blob.size) },
    ...{ list, chunks: [...chunks] },
  }
  const parts: string[] = []
  for await (const { part } of sync.getChunks(request))
    parts.push(
      part.case === 'list'
        ? `list ${bytesToHex(part.value)}`
        : `chunk ${part.value!.number} ${sha256Hex(part.value!.data)}`,
    )
  return parts
}

const shown = (number: number) => `chunk ${number} ${sha256Hex(whole.chunks[number]!)}`
const listed = `list ${bytesToHex(whole.list)}`

function served(name: string, rules: readonly string[], play: (calling: Calling) => Promise<void>): Case {
  return {
    ...{ name: `blobs: ${name}`, level: 'blobs', rules },
    async run(stage) {
      await using serving = await serve(stage, [...tree(), ...other()], held)
      await using calling = await callAs(serving, 1)
      await play(calling)
    },
  }
}

export function blobCases(): Case[] {
  const gets = (name: string, rules: readonly string[], asked: Asked, expected: readonly string[]): Case =>
    served(name, rules, async (calling) => {
      expectSame(rules[0]!, 'what comes', expected, await get(calling, asked))
    })
  const fails = (name: string, rules: readonly string[], asked: Asked, code: string): Case =>
    served(name, rules, async (calling) => {
      const error = await failure(() => get(calling, asked))
      expectSame(rules[0]!, 'the code of the error', code, error?.code ?? 'none')
    })
  return [
    gets('the list', ['B1'], { list: true }, [listed]),
    gets('list and chunks, in this order', ['B2', 'B1'], { list: true, chunks: [0, 1, 2] }, [
      ...[listed, shown(0), shown(1), shown(2)],
    ]),
    gets('some chunks', ['B1', 'B2'], { chunks: [0, 2] }, [shown(0), shown(2)]),
    gets('a blob whose list is not here', ['B2'], { blob: absent, list: true, chunks: [0] }, []),
    gets(
      'a blob that is named with a wrong size',
      ['B3'],
      { blob: { id: whole.id, size: whole.size + limits.blobChunkBytes }, list: true, chunks: [0, 3] },
      [],
    ),
    gets('a blob that is here for another tree', ['B4', 'B2'], { of: other(), list: true, chunks: [0] }, []),
    fails('a blob that no entry names', ['B4'], { blob: unnamed, list: true }, 'UNKNOWN_BLOB'),
    fails('a blob that nobody has', ['B4'], { blob: blobOf(4, 100), list: true }, 'UNKNOWN_BLOB'),
    fails('chunks that descend', ['B1'], { chunks: [1, 0] }, 'INVALID_ARGUMENT'),
    fails('257 chunks', ['B1', 'L2'], { chunks: Array.from({ length: 257 }, (_, n) => n) }, 'LIMIT_EXCEEDED'),
    ...[undefined, stranger].map(
      (key): Case => ({
        ...{
          name: `blobs: a caller ${key === undefined ? 'without a proof' : 'who may not read'}`,
          level: 'blobs',
        },
        rules: ['B4', 'I17'],
        async run(stage) {
          await using serving = await serve(stage, [...tree(), ...other()], held)
          await using calling = await (key === undefined ? call(serving) : callAs(serving, key))
          const error = await failure(() => get(calling, { list: true }))
          expectSame('B4', 'the code of the error', 'UNKNOWN_TREE', error?.code ?? 'none')
        },
      }),
    ),
  ]
}
