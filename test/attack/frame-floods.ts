/** Floods of HTTP/2 frames on one connection at a time, and a new connection whenever the node ends it. */

import {
  endHeaders,
  endStream,
  frame,
  frameTypes,
  literal,
  padded,
  RequestBlocks,
  remembered,
  settings,
  uint32,
} from '../kit/http2-frames.ts'
import type { Attack, Attacker } from './attacker.ts'

const { data, headers, priority, rstStream, ping, windowUpdate, continuation, unknown } = frameTypes
const listTrees = '/causeway.v1.TreeService/ListTrees'
const cancel = uint32(8)
/** Frames in one write. */
const batch = 512

/** Sends the same frames again and again, after those of `begin`. */
function flood(frames: Buffer, begin: Buffer = Buffer.alloc(0)) {
  const bytes = Buffer.concat(Array.from({ length: batch }, () => frames))
  return (attacker: Attacker) =>
    attacker.again(
      async () => {
        const socket = await attacker.http2()
        await attacker.write(socket, begin)
        return socket
      },
      () => bytes,
      batch,
    )
}

/** Opens stream after stream; `after` is what follows the headers of each. */
function streams(flags: number, after: (stream: number) => Buffer, path = listTrees) {
  return (attacker: Attacker) => {
    const blocks = new RequestBlocks(path)
    let next = 1
    const request = () => {
      const block = next === 1 ? blocks.first : blocks.next
      const bytes = [frame(headers, endHeaders | flags, next, block), after(next)]
      next += 2
      return Buffer.concat(bytes)
    }
    return attacker.again(
      () => {
        next = 1
        return attacker.http2()
      },
      () => Buffer.concat(Array.from({ length: batch }, request)),
      batch,
    )
  }
}

/** An open stream whose request goes on. */
const openStream = frame(headers, endHeaders, 1, new RequestBlocks(listTrees).first)

/** A header of 4,000 bytes that the receiver's table holds, and frames that name it many times each. */
function headerBomb(attacker: Attacker): Promise<void> {
  const first = new RequestBlocks(listTrees)
  const large = remembered('x', 'y'.repeat(3_900))
  const block = Buffer.concat([Buffer.from([0x83, 0x86]), Buffer.alloc(16_000, 0xbe)])
  let next = 1
  return attacker.again(
    async () => {
      next = 3
      const socket = await attacker.http2()
      await attacker.write(
        socket,
        frame(headers, endHeaders | endStream, 1, Buffer.concat([first.first, large])),
      )
      return socket
    },
    () => {
      const frames = Array.from({ length: 4 }, (_, at) =>
        frame(headers, endHeaders | endStream, next + 2 * at, block),
      )
      next += 8
      return Buffer.concat(frames)
    },
    4,
  )
}

const budget = 'frames of a connection and its origin (frameBurst, framesPerSecond)'

export const frameFloods: readonly Attack[] = [
  {
    name: 'rapid reset',
    bound: budget,
    cut: true,
    run: streams(endStream, (stream) => frame(rstStream, 0, stream, cancel)),
  },
  {
    name: 'resets that the node is made to send',
    bound: budget,
    cut: true,
    run: streams(0, (stream) => frame(windowUpdate, 0, stream, uint32(0))),
  },
  {
    name: 'streams past the bound',
    bound: budget,
    cut: true,
    run: streams(0, () => Buffer.alloc(0), '/causeway.v1.SyncService/Watch'),
  },
  {
    name: 'CONTINUATION without end',
    bound: 'nghttp2: 8 for a header list',
    cut: true,
    run: flood(
      frame(continuation, 0, 1, literal('a', 'b')),
      frame(headers, 0, 1, new RequestBlocks(listTrees).first),
    ),
  },
  { name: 'SETTINGS', bound: budget, cut: true, run: flood(settings({ 4: 65_535 })) },
  { name: 'empty SETTINGS', bound: budget, cut: true, run: flood(settings()) },
  { name: 'PING', bound: budget, cut: true, run: flood(frame(ping, 0, 0, Buffer.alloc(8))) },
  { name: 'answers to no PING', bound: budget, cut: true, run: flood(frame(ping, 1, 0, Buffer.alloc(8))) },
  {
    name: 'PRIORITY',
    bound: budget,
    cut: true,
    run: flood(frame(priority, 0, 3, Buffer.from([0, 0, 0, 0, 16]))),
  },
  { name: 'empty DATA', bound: budget, cut: true, run: flood(frame(data, 0, 1), openStream) },
  {
    name: 'DATA that is only padding',
    bound: budget,
    cut: true,
    run: flood(frame(data, padded, 1, Buffer.from([9, ...Buffer.alloc(9)])), openStream),
  },
  {
    name: 'WINDOW_UPDATE',
    bound: budget,
    cut: true,
    run: flood(frame(windowUpdate, 0, 0, uint32(1)), openStream),
  },
  { name: 'frames of no known type', bound: budget, cut: true, run: flood(frame(unknown, 0, 0)) },
  { name: 'large header lists', bound: 'headerBytes, and frames by their bytes', cut: true, run: headerBomb },
]
