/**
 * What attacks share: connections that are counted, and a bound on the attacker's own processor, so that it takes at
 * most half of a core from a node on the same machine.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { FrameFinder, frame, frameTypes, preface, settings } from '../kit/http2-frames.ts'

/** The node under attack. All texts, so that it can be passed to another process. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly peer: string
  /** The address over QUIC. */
  readonly quic: string
  readonly quicPort: number
  /** A public tree, as hex. */
  readonly tree: string
}

export interface Attack {
  readonly name: string
  /** What bounds it, for the table in docs/security.md. */
  readonly bound: string
  /** Whether the node must end its connections while it goes on. */
  readonly cut: boolean
  /** Attacks until `attacker.over`. */
  run(attacker: Attacker): Promise<void>
}

/** What an attack did and what it cost the attacker. */
export interface AttackReport {
  /** Frames, requests, sockets or entries: whatever the attack is about. */
  readonly made: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly connections: number
  /** Connections that the node ended. */
  readonly cuts: number
  /** GOAWAY frames with ENHANCE_YOUR_CALM. */
  readonly calmed: number
  readonly cpuSeconds: number
}

/** The share of one core that an attacker may use. */
const cpuShare = 0.5
/** Connections from one address: more than a node lets in at once. */
const perOrigin = 320
/** How long an attack goes on at most until it is cut, if it must be. */
const untilCutMs = 15_000
const enhanceYourCalm = 11

export class Attacker {
  readonly target: Target
  made = 0
  private readonly endMs: number
  private readonly mustBeCut: boolean
  private readonly startMs = performance.now()
  private readonly startCpu = process.cpuUsage()
  private readonly sockets = new Set<Socket>()
  private bytesSent = 0
  private bytesReceived = 0
  private connections = 0
  private cuts = 0
  private calmed = 0

  /** Attacks for so many seconds, or longer, until the node has ended a connection, if it must do that. */
  constructor(target: Target, seconds: number, mustBeCut: boolean) {
    this.target = target
    this.endMs = this.startMs + seconds * 1000
    this.mustBeCut = mustBeCut
  }

  get over(): boolean {
    return this.leftMs === 0
  }

  /** How long it may wait for something, in milliseconds. */
  get leftMs(): number {
    const leftMs = this.endMs - performance.now()
    if (leftMs > 0) return leftMs
    return this.mustBeCut && this.cuts === 0 && leftMs > -untilCutMs ? 100 : 0
  }

  private get cpuMs(): number {
    const { user, system } = process.cpuUsage(this.startCpu)
    return (user + system) / 1000
  }

  /** Counts what was made, and waits while this process has used more than its share of a core. */
  async pace(made: number): Promise<void> {
    this.made += made
    const aheadMs = this.cpuMs / cpuShare - (performance.now() - this.startMs)
    await sleep(Math.min(Math.max(aheadMs, 0), this.leftMs))
  }

  /** Counts what went another way than over `socket`. */
  count(bytesSent: number, connections: number): void {
    this.bytesSent += bytesSent
    this.connections += connections
  }

  /** Opens a TCP connection. `index` tells its address: 320 in a row come from one. */
  async socket(index = 0): Promise<Socket> {
    const { host, port } = this.target
    const localAddress = `127.0.0.${2 + Math.floor(index / perOrigin)}`
    const socket = connect({ host, port, localAddress, noDelay: true })
    this.connections++
    this.sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      this.bytesReceived += chunk.length
    })
    socket.once('close', () => {
      if (!this.sockets.delete(socket)) return
      this.bytesSent += socket.bytesWritten
      this.cuts++
    })
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
    return socket
  }

  /** Opens a connection and begins HTTP/2 on it. */
  async http2(values: Readonly<Record<number, number>> = {}): Promise<Socket> {
    const socket = await this.socket()
    const finder = new FrameFinder()
    socket.on('data', (chunk) => {
      for (const payload of finder.find(chunk, frameTypes.goaway))
        if (payload.readUInt32BE(4) === enhanceYourCalm) this.calmed++
    })
    socket.write(Buffer.concat([preface, settings(values), frame(frameTypes.settings, 1, 0)]))
    return socket
  }

  /** Writes, and waits for room. Returns false once the connection is closed. */
  async write(socket: Socket, bytes: Uint8Array): Promise<boolean> {
    if (socket.destroyed) return false
    if (!socket.write(bytes)) await this.unless(socket, 'drain')
    return !socket.destroyed
  }

  /** Ends a connection. It does not count as cut. */
  leave(socket: Socket): void {
    if (this.sockets.delete(socket)) this.bytesSent += socket.bytesWritten
    socket.destroy()
  }

  private async unless(socket: Socket, event: string): Promise<void> {
    const giveUp = new AbortController()
    const timer = setTimeout(() => giveUp.abort(), this.leftMs)
    const { signal } = giveUp
    await Promise.race([once(socket, event, { signal }), once(socket, 'close', { signal })]).catch(() => {})
    clearTimeout(timer)
    giveUp.abort()
  }

  /** Repeats an attack, each time on a new connection once the node has ended the last one, until the time is over. */
  async again(open: () => Promise<Socket>, bytesOf: () => Uint8Array, made: number): Promise<void> {
    while (!this.over) {
      const socket = await open()
      let going = !socket.destroyed
      while (going && !this.over) {
        going = await this.write(socket, bytesOf())
        await this.pace(made)
      }
      if (this.over) this.leave(socket)
      else socket.destroy()
    }
  }

  report(): AttackReport {
    for (const socket of this.sockets) this.leave(socket)
    const { made, bytesSent, bytesReceived, connections, cuts, calmed } = this
    return { made, bytesSent, bytesReceived, connections, cuts, calmed, cpuSeconds: this.cpuMs / 1000 }
  }
}
