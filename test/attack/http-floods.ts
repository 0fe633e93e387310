/** Callers over HTTP/1.1 and HTTP/2 that are slow, do not read, send what grows, or are many. */
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { endHeaders, endStream, frame, frameTypes, RequestBlocks, uint32 } from '../kit/http2-frames.ts'
import type { Attack, Attacker } from './attacker.ts'

const { data, headers } = frameTypes
const listTrees = '/causeway.v1.TreeService/ListTrees'
const syncTree = '/causeway.v1.SyncService/SyncTree'
/** Connections of one slow attack: what the node allows from one address. */
const slowConnections = 200
const stepMs = 100

/** Holds connections that send these bytes one by one, and opens new ones for those that the node has ended. */
async function trickle(
  attacker: Attacker,
  open: () => Promise<Socket>,
  bytes: (at: number) => Uint8Array,
): Promise<void> {
  const sockets: (Socket | undefined)[] = new Array(slowConnections).fill(undefined)
  for (let at = 0; !attacker.over; at++) {
    for (const [index, socket] of sockets.entries()) {
      if (attacker.over) return
      if (socket === undefined || socket.destroyed) sockets[index] = await open()
      else socket.write(bytes(at))
    }
    await attacker.pace(slowConnections)
    await sleep(Math.min(stepMs, attacker.leftMs))
  }
}

/** Opens a connection and writes the beginning of a request. */
async function begun(attacker: Attacker, text: string): Promise<Socket> {
  const socket = await attacker.socket()
  socket.write(text)
  return socket
}

/** Opens an HTTP/2 connection and writes these frames. */
async function begunHttp2(attacker: Attacker, frames: Buffer, values = {}): Promise<Socket> {
  const socket = await attacker.http2(values)
  socket.write(frames)
  return socket
}

const head = (path: string, more: string) => `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}\r\n`

/** The envelope of one message that asks for the whole tree. */
function wholeTree({ target }: Attacker): Buffer {
  const tree = Buffer.from(target.tree, 'hex')
  const message = Buffer.concat([Buffer.from([0x0a, tree.length]), tree])
  return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message])
}

/** Asks for the whole tree on every stream of a connection, with windows of this size, and holds the connections. */
async function neverReads(attacker: Attacker, window: number): Promise<void> {
  const blocks = new RequestBlocks(syncTree, 'application/connect+proto')
  const body = wholeTree(attacker)
  const requests = Buffer.concat(
    Array.from({ length: 100 }, (_, at) =>
      Buffer.concat([
        frame(headers, endHeaders, 1 + 2 * at, at === 0 ? blocks.first : blocks.next),
        frame(data, endStream, 1 + 2 * at, body),
      ]),
    ),
  )
  while (!attacker.over) {
    const socket = await begunHttp2(attacker, requests, { 4: window })
    // The connection's own window is no bound.
    socket.write(frame(frameTypes.windowUpdate, 0, 0, uint32(2 ** 30)))
    if (window > 0) setTimeout(() => socket.pause(), 50)
    await attacker.pace(100)
    await sleep(Math.min(stepMs, attacker.leftMs))
  }
}

async function neverReadsHttp1(attacker: Attacker): Promise<void> {
  const body = wholeTree(attacker)
  const fields = `Content-Type: application/connect+proto\r\nContent-Length: ${body.length}\r\n`
  while (!attacker.over) {
    const socket = await attacker.socket()
    socket.pause()
    socket.write(Buffer.concat([Buffer.from(head(syncTree, fields)), body]))
    await attacker.pace(1)
  }
}

function bombs(attacker: Attacker): Promise<void> {
  const bomb = gzipSync(Buffer.alloc(50_000_000))
  const fields = `Content-Type: application/proto\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n`
  const request = Buffer.concat([Buffer.from(head(listTrees, fields)), bomb])
  return attacker.again(
    () => attacker.socket(),
    () => request,
    1,
  )
}

function pipelined(attacker: Attacker): Promise<void> {
  const request = head(listTrees, 'Content-Length: 2\r\nContent-Type: application/json\r\n')
  const requests = Buffer.from(`${request}{}`.repeat(256))
  return attacker.again(
    () => attacker.socket(),
    () => requests,
    256,
  )
}

/** Opens 10,000 connections, or as many as time allows, from some dozens of addresses. */
async function sockets(attacker: Attacker): Promise<void> {
  for (let count = 0; count < 10_000 && !attacker.over; count++) {
    await attacker.socket(count)
    await attacker.pace(1)
  }
  await sleep(attacker.leftMs)
}

export const httpFloods: readonly Attack[] = [
  {
    name: 'slow headers over HTTP/1.1',
    bound: 'headersTimeoutMs',
    cut: false,
    run: (attacker) =>
      trickle(
        attacker,
        () => begun(attacker, 'POST / HTTP/1.1\r\nX: '),
        () => Buffer.from('a'),
      ),
  },
  {
    name: 'slow headers over HTTP/2',
    bound: 'idleTimeoutMs',
    cut: false,
    run: (attacker) => {
      const block = new RequestBlocks(listTrees).first
      const frames = frame(headers, endHeaders | endStream, 1, block)
      return trickle(
        attacker,
        () => begunHttp2(attacker, frames.subarray(0, 12)),
        (at) => frames.subarray(12 + at, 13 + at),
      )
    },
  },
  {
    name: 'slow bodies over HTTP/1.1',
    bound: 'requestTimeoutMs, slowestBytesPerSecond',
    cut: false,
    run: (attacker) => {
      const begin = head(listTrees, 'Content-Type: application/json\r\nContent-Length: 9999\r\n')
      return trickle(
        attacker,
        () => begun(attacker, begin),
        () => Buffer.from(' '),
      )
    },
  },
  {
    name: 'slow bodies over HTTP/2',
    bound: 'requestTimeoutMs, frames as above',
    cut: false,
    run: (attacker) => {
      const begin = frame(headers, endHeaders, 1, new RequestBlocks(listTrees, 'application/json').first)
      return trickle(
        attacker,
        () => begunHttp2(attacker, begin),
        () => frame(data, 0, 1, Buffer.from(' ')),
      )
    },
  },
  {
    name: 'answers through windows of zero',
    bound: 'strangerCalls, idleTimeoutMs',
    cut: false,
    run: (attacker) => neverReads(attacker, 0),
  },
  {
    name: 'answers that nobody reads',
    bound: 'strangerCalls, idleTimeoutMs',
    cut: false,
    run: (attacker) => neverReads(attacker, 2 ** 30),
  },
  {
    name: 'answers that nobody reads, HTTP/1.1',
    bound: 'strangerCalls, idleTimeoutMs',
    cut: false,
    run: neverReadsHttp1,
  },
  { name: 'decompression bombs', bound: 'messageBytes', cut: true, run: bombs },
  { name: 'pipelined calls over HTTP/1.1', bound: 'requestsPipelined', cut: true, run: pipelined },
  {
    name: '10,000 sockets',
    bound: 'connectionsPerOrigin, connectionsPerSecond',
    cut: true,
    run: sockets,
  },
]
