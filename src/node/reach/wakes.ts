/**
 * Notices that this machine was asleep, or has joined another network, so that nothing waits any longer for peers that may
 * be reachable now. It looks every few seconds, since Node.js reports neither.
 */
import { networkInterfaces } from 'node:os'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'

export interface WakesParts {
  readonly clock: Clock
  /** Returns the machine's own addresses. Default: those of its interfaces. */
  readonly interfaces?: () => readonly string[]
  /** Called when the machine woke up or has a new address. */
  readonly onWake: () => void
}

export class Wakes {
  private readonly parts: WakesParts
  private readonly interfaces: () => readonly string[]
  private known: ReadonlySet<string> = new Set()
  private cancelTimer = () => {}

  constructor(parts: WakesParts) {
    this.parts = parts
    this.interfaces = parts.interfaces ?? ownAddresses
  }

  start(): void {
    this.known = new Set(this.interfaces())
    this.lookLater()
  }

  stop(): void {
    this.cancelTimer()
  }

  private lookLater(): void {
    const { clock } = this.parts
    const startedMs = clock.now()
    this.cancelTimer = clock.setTimer(limits.wakeCheckMs, () => {
      // The monotonic clock stands still while a machine sleeps, and the wall clock does not.
      const slept = clock.now() - startedMs > limits.wakeCheckMs + limits.wakeJumpMs
      const addresses = this.interfaces()
      const isNew = addresses.some((address) => !this.known.has(address))
      this.known = new Set(addresses)
      this.lookLater()
      if (slept || isNew) this.parts.onWake()
    })
  }
}

/** Returns the addresses of the machine's interfaces, other than loopback. */
function ownAddresses(): string[] {
  const entries = Object.values(networkInterfaces()).flatMap((of) => of ?? [])
  return entries.filter(({ internal }) => !internal).map(({ address }) => address)
}
