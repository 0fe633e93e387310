/**
 * Every decoder of ours with arbitrary and nearly valid inputs. Each accepts its input or refuses it with a typed
 * error, and a value with one encoding is accepted only in that.
 */
import { strict as assert } from 'node:assert'
import { type DescMessage, fromBinary, fromJsonString, type Message, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { type PolicyChange, PolicyChangeSchema, SignedEntrySchema } from '../../gen/causeway/v1/entry_pb.ts'
import {
  SyncTreeHeaderSchema,
  SyncTreeRequestSchema,
  WatchRequestSchema,
  WatchResponseSchema,
} from '../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { originOf } from '../../src/base/origin.ts'
import { parseByteSize } from '../../src/cli/byte-size.ts'
import { parseHostPort } from '../../src/cli/host-port.ts'
import { decodeBody, encodeBody } from '../../src/dag/body.ts'
import { sha256Hex } from '../../src/dag/crypto.ts'
import { packHaves, unpackHaves } from '../../src/dag/difference/haves.ts'
import { compareChunks, RangeChunker } from '../../src/dag/difference/ranges.ts'
import { createSketch } from '../../src/dag/difference/sketch.ts'
import {
  decodeCells,
  decodeCounts,
  encodeCells,
  loadSketch,
  saveSketch,
} from '../../src/dag/difference/sketch-codec.ts'
import { peel } from '../../src/dag/difference/sketch-peel.ts'
import { readEntry } from '../../src/dag/entry.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { formatId, idFromBytes, parseId } from '../../src/dag/id.ts'
import { parsePeerId } from '../../src/dag/identity.ts'
import { pointFlaw } from '../../src/dag/point.ts'
import { decodePolicyChange } from '../../src/dag/policy/change.ts'
import { formatTicket, parseTicket } from '../../src/peer/ticket.ts'
import {
  readSyncHeader,
  readSyncRequest,
  readWatchMessage,
  readWatchRequest,
} from '../../src/rpc/convert-sync.ts'
import { readToken } from '../../src/rpc/services/paging.ts'
import { decodeIndex, decodePosition, decodeTree } from '../../src/store/database/layout.ts'
import { parseHttpAddress } from '../../src/transport/http.ts'
import { anyBody, anyId, mutations } from '../kit/arbitrary.ts'
import { shapes } from '../kit/entries.ts'
import { anyMessage, nothingKnown } from './messages.ts'
import { decoderTarget, type Target } from './target.ts'

const someId = shapes.linear(0)[0]!.id
const anyBytes = fc.uint8Array({ maxLength: 300, size: 'max' })
const anyText = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary', maxLength: 200 }))

/** Arbitrary bytes, and nearly valid ones. */
function near(...valid: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const nearly = fc
    .constantFrom(...valid)
    .chain((bytes) => mutations(bytes).chain((once) => fc.oneof(fc.constant(once), mutations(once))))
  return fc.oneof({ weight: 1, arbitrary: anyBytes }, { weight: 4, arbitrary: nearly })
}

/** Arbitrary texts, and nearly valid ones. */
function nearText(...valid: readonly string[]): fc.Arbitrary<string> {
  const nearly = near(...valid.map((text) => new TextEncoder().encode(text)))
  return fc.oneof(
    anyText,
    nearly.map((bytes) => Buffer.from(bytes).toString('latin1')),
  )
}

/**
 * A message of the contract, its mutated encoding, and our reader of it. A refusal by Protobuf itself is not a finding.
 */
function messageTarget<Shape extends Message>(
  name: string,
  schema: DescMessage,
  read: (message: Shape) => unknown,
): Target {
  const message = anyMessage(schema, nothingKnown)
  const inputs = fc.oneof(
    message.map((value) => toBinary(schema, value)),
    message.chain((value) => mutations(toBinary(schema, value))),
    anyBytes,
  )
  return decoderTarget(name, 4, inputs, (bytes) => {
    let decoded: Shape
    try {
      decoded = fromBinary(schema, bytes) as Shape
    } catch {
      return
    }
    read(decoded)
  })
}

/** Runs a parser that refuses with another library's errors, of this name. */
function refusing(name: string, parse: (text: string) => unknown): (text: string) => void {
  return (text) => {
    try {
      parse(text)
    } catch (error) {
      if ((error as Error).constructor.name !== name) throw error
    }
  }
}

export function decoderTargets(): Target[] {
  const entries = shapes.twoBranches(60)
  const bodies = entries.slice(0, 8).map(({ signed }) => signed.body)
  const sketch = createSketch(256)
  for (const { id } of entries) sketch.add(hexToBytes(id))
  const cells = encodeCells({ ...sketch, from: 0, total: entries.length })
  const policy = toBinary(PolicyChangeSchema, fromJsonString(PolicyChangeSchema, '{"publicAccess":2}'))
  const ticket = formatTicket({
    tree: entries[0]!.id,
    peer: entries[0]!.body.author,
    addresses: ['http://127.0.0.1:1', 'iroh:endpointabc'],
    invitation: 'ab'.repeat(32),
  })
  const chunker = new RangeChunker((bytes) => hexToBytes(sha256Hex(bytes)))
  const header = (total: number) => ({ from: 0, total, maxCells: 65_536 })
  const chunk = fc.record({
    last: fc.record({ height: fc.nat({ max: 20 }), id: fc.uint8Array({ minLength: 32, maxLength: 32 }) }),
    count: fc.nat(),
    fingerprint: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  })
  return [
    decoderTarget('body', 24, near(...bodies), (bytes) => {
      assert.deepEqual(encodeBody(decodeBody(bytes)), bytes, 'read, but not in its one encoding')
    }),
    decoderTarget('body, from fields', 6, anyBody.map(encodeOrNothing), (bytes) => {
      if (bytes.length > 0) assert.deepEqual(encodeBody(decodeBody(bytes)), bytes)
    }),
    decoderTarget(
      'entry',
      12,
      fc.record({
        body: near(...bodies),
        signature: fc.oneof(anyBytes, fc.uint8Array({ minLength: 64, maxLength: 64 })),
      }),
      (signed) => readEntry(signed),
    ),
    decoderTarget('policy change', 10, near(policy), decodePolicyChange),
    decoderTarget('sketch cells', 8, fc.tuple(near(cells), fc.nat({ max: 100 })), ([bytes, total]) =>
      peel(decodeCells(bytes, header(total))),
    ),
    decoderTarget('sketch counts', 4, fc.tuple(anyBytes, fc.nat({ max: 100 })), ([bytes, total]) =>
      decodeCounts(bytes, header(total)),
    ),
    decoderTarget('saved sketch', 4, near(saveSketch(sketch)[0]!), (bytes) => loadSketch([bytes])),
    decoderTarget('haves', 6, near(packHaves([[hexToBytes(entries[0]!.id)]])), unpackHaves),
    decoderTarget(
      'range chunks',
      6,
      fc.tuple(fc.array(chunk, { maxLength: 12 }), fc.array(chunk, { maxLength: 12 })),
      ([ours, theirs]) => compareChunks(undefined, ours, theirs),
    ),
    decoderTarget('range chunker', 2, fc.array(anyId, { maxLength: 20 }), (ids) => {
      for (const id of ids) chunker.push(1, hexToBytes(id))
      chunker.finish()
    }),
    decoderTarget('ticket', 8, nearText(ticket), (text) => {
      formatTicket(parseTicket(text))
    }),
    decoderTarget('address', 8, nearText('http://127.0.0.1:80', 'https://[::1]:8443'), parseHttpAddress),
    decoderTarget('origin', 4, nearText('127.0.0.1:80', '[2001:db8::1]:80'), originOf),
    decoderTarget('id', 6, nearText(formatId(entries[0]!.id)), (text) =>
      assert.equal(formatId(parseId(text)), text),
    ),
    decoderTarget('id, binary', 2, anyBytes, (bytes) => {
      if (bytes.length === 32) idFromBytes(bytes)
    }),
    decoderTarget('peer id', 4, nearText(entries[0]!.body.author), parsePeerId),
    decoderTarget('point', 4, fc.uint8Array({ minLength: 32, maxLength: 32 }), pointFlaw),
    decoderTarget('page token', 3, nearText(Buffer.alloc(40).toString('base64url')), (text) =>
      readToken(text, 40),
    ),
    decoderTarget(
      'host and port',
      2,
      nearText('127.0.0.1:80'),
      refusing('InvalidArgumentError', parseHostPort),
    ),
    decoderTarget('size', 2, nearText('10G'), refusing('InvalidArgumentError', parseByteSize)),
    decoderTarget('index record', 2, anyBytes, (bytes) => decodeIndex(someId, Buffer.from(bytes))),
    decoderTarget('position record', 1, anyBytes, (bytes) => decodePosition(1, Buffer.from(bytes))),
    decoderTarget('tree record', 1, anyBytes, (bytes) => decodeTree(someId, Buffer.from(bytes))),
    messageTarget('SyncTreeRequest', SyncTreeRequestSchema, readSyncRequest),
    messageTarget('SyncTreeHeader', SyncTreeHeaderSchema, (message: never) => readSyncHeader(message, 3)),
    messageTarget('WatchRequest', WatchRequestSchema, readWatchRequest),
    messageTarget('WatchResponse', WatchResponseSchema, readWatchMessage),
    messageTarget('SignedEntry', SignedEntrySchema, (signed: never) => readEntry(signed)),
    messageTarget('PolicyChange', PolicyChangeSchema, (change: PolicyChange) =>
      decodePolicyChange(toBinary(PolicyChangeSchema, change)),
    ),
  ]
}

/** Returns a body's encoding, or nothing if it has none. */
function encodeOrNothing(body: Parameters<typeof encodeBody>[0]): Uint8Array {
  try {
    return encodeBody(body)
  } catch (error) {
    if (error instanceof CausewayError) return new Uint8Array(0)
    throw error
  }
}
