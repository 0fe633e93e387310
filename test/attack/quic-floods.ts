/** Floods of the QUIC endpoint: datagrams, handshakes of new keys, and streams on which nothing comes. */
import { randomBytes } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createIdentity } from '../../src/dag/identity.ts'
import { createIrohTransport } from '../../src/transport/iroh/iroh.ts'
import type { Transport } from '../../src/transport/transport.ts'
import { preface } from '../kit/http2-frames.ts'
import type { Attack, Attacker } from './attacker.ts'

/** The smallest first datagram that QUIC allows. */
const initialBytes = 1_200
const batch = 64
const streamsAtOnce = 100

const dialler = (): Transport =>
  createIrohTransport({ identity: createIdentity(), bind: '127.0.0.2:0', relay: 'off' })

/** Sends datagrams that begin as the first one of a QUIC connection does. */
async function datagrams(attacker: Attacker): Promise<void> {
  const socket = createSocket('udp4')
  socket.on('error', () => {})
  socket.bind(0, '127.0.0.2')
  await once(socket, 'listening')
  // A long header of version 1, with connection ids of eight bytes each and no token.
  const head = Buffer.from([0xc3, 0, 0, 0, 1, 8])
  while (!attacker.over) {
    for (let count = 0; count < batch; count++) {
      const datagram = Buffer.concat([head, randomBytes(initialBytes - head.length)])
      datagram[14] = 8
      datagram[23] = 0
      socket.send(datagram, attacker.target.quicPort, '127.0.0.1', () => {})
    }
    attacker.count(batch * initialBytes, 0)
    await attacker.pace(batch)
    await sleep(1)
  }
  socket.close()
}

/** Connects with a new key each time. */
async function handshakes(attacker: Attacker): Promise<void> {
  while (!attacker.over) {
    const transport = dialler()
    await dial(attacker, transport)
    await transport.close()
    await attacker.pace(1)
  }
}

/** Opens streams on one connection, and sends nothing on them but the beginning of the preface. */
async function streams(attacker: Attacker): Promise<void> {
  while (!attacker.over) {
    const transport = dialler()
    for (let count = 0; count < streamsAtOnce && !attacker.over; count++) {
      await dial(attacker, transport)
      await attacker.pace(1)
    }
    await transport.close()
  }
}

async function dial(attacker: Attacker, transport: Transport): Promise<void> {
  const over = AbortSignal.timeout(Math.ceil(attacker.leftMs) + 1)
  try {
    const { stream } = await transport.dial(attacker.target.quic, { signal: over })
    attacker.count(0, 1)
    stream.on('error', () => {})
    stream.write(preface.subarray(0, 10))
  } catch {
    // Refused, or the time is over.
  }
}

export const quicFloods: readonly Attack[] = [
  { name: 'QUIC: first datagrams', bound: 'iroh; irohHandshakes', cut: false, run: datagrams },
  {
    name: 'QUIC: handshakes of new keys',
    bound: 'irohHandshakes, irohConnections',
    cut: false,
    run: handshakes,
  },
  {
    name: 'QUIC: streams half open',
    bound: 'irohStreamsPerConnection, firstBytesTimeoutMs',
    cut: false,
    run: streams,
  },
]
