/**
 * The sockets at which peers see this node. Behind a NAT that is its public address, which nobody on this side knows; but
 * a single peer may be mistaken or lie, so two of different origin have to say the same.
 */
import { hostOf, reachOf } from '../../base/hosts.ts'
import { limits } from '../../base/limits.ts'
import { isSocket } from './advertised.ts'

export interface ObservedParts {
  addSocket(socket: string): Promise<void>
  removeSocket(socket: string): Promise<void>
}

export class Observed {
  private readonly parts: ObservedParts
  /** The origin that first told of each socket that nobody else has told of; the latest is the last. */
  private readonly waiting = new Map<string, string>()
  /** Where each origin saw this node last; the latest is the last. */
  private readonly latest = new Map<string, string>()
  /** Those that two have told of, the latest last. */
  private readonly confirmed = new Set<string>()

  constructor(parts: ObservedParts) {
    this.parts = parts
  }

  /** An observer of this origin sees this node at a socket. */
  async told(origin: string, socket: string): Promise<void> {
    if (!isSocket(socket) || reachOf(hostOf(socket)!) !== 'everywhere') return
    this.latest.delete(origin)
    this.latest.set(origin, socket)
    if (this.latest.size > limits.observedWaiting) this.latest.delete(this.latest.keys().next().value!)
    if (this.confirmed.has(socket)) return
    const first = this.waiting.get(socket)
    if (first === undefined) this.wait(socket, origin)
    else if (first !== origin) await this.confirm(socket)
  }

  /** Returns where this node was seen last, once for each origin. */
  sockets(): string[] {
    return [...this.latest.values()]
  }

  private wait(socket: string, origin: string): void {
    this.waiting.set(socket, origin)
    if (this.waiting.size > limits.observedWaiting) this.waiting.delete(this.waiting.keys().next().value!)
  }

  private async confirm(socket: string): Promise<void> {
    this.waiting.delete(socket)
    this.confirmed.add(socket)
    await this.parts.addSocket(socket)
    if (this.confirmed.size <= limits.observedSockets) return
    const [oldest] = this.confirmed as Set<string> & Iterable<string>
    this.confirmed.delete(oldest!)
    await this.parts.removeSocket(oldest!)
  }
}
