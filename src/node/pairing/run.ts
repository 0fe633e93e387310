/**
 * One run of a pairing, from `causeway pair` to its end: the candidates with which it agrees on digits, the one partner
 * that comes of them, what both people have decided, and what its operator is told. It keeps nothing that outlives it;
 * pairing.ts moves it on.
 */
import type { PairingEvent, SharedTree } from '../../access/pairing.ts'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { Candidates, type Partner } from './candidates.ts'

export class PairingRun {
  /** What this node calls itself. */
  readonly name: string
  /** The tree that it shares. */
  readonly tree: SharedTree | undefined
  /** Fires when the run has ended, with the reason. */
  readonly ended = new AbortController()
  /** Those without digits. */
  readonly candidates: Candidates
  /** The one whose digits are shown. */
  partner: Partner | undefined
  /** How often this node has shown its nonce. */
  attempts = 0
  /** Why the last call to another node failed. */
  lastError: CausewayError | undefined
  private readonly events: PairingEvent[] = []
  private done = false
  private wake = () => {}

  constructor(name: string, tree: SharedTree | undefined, clock: Clock) {
    this.name = name
    this.tree = tree
    this.candidates = new Candidates(clock)
  }

  get isOver(): boolean {
    return this.done || this.ended.signal.aborted
  }

  tell(event: PairingEvent): void {
    this.events.push(event)
    if (event.kind === 'paired') this.done = true
    this.wake()
  }

  /** Ends the run with an error, unless it has ended. */
  fail(error: CausewayError): void {
    if (this.isOver) return
    this.ended.abort(error)
    this.candidates.clear()
    this.wake()
  }

  /** Yields what happens. Throws the error with which the run ends. */
  async *follow(): AsyncGenerator<PairingEvent> {
    // Ends with the run, which time ends.
    for (;;) {
      const next = this.events.shift()
      if (next !== undefined) {
        yield next
        if (next.kind === 'paired') return
      } else if (this.ended.signal.aborted) throw this.ended.signal.reason as CausewayError
      else
        await new Promise<void>((resolve) => {
          this.wake = resolve
        })
    }
  }
}

export function refusedThere(): CausewayError {
  return new CausewayError('ACCESS_REJECTED', 'The other side has said no. Nothing was kept.')
}

export function refusedHere(): CausewayError {
  return new CausewayError('ACCESS_REJECTED', 'You have said no. Nothing was kept.')
}
