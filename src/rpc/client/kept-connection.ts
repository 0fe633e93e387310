/**
 * One connection to a remote node for a program that calls it: opened by the first call, and again by the next call
 * after it was lost. Calls that were under way fail; only their callers know whether they can be repeated.
 */
import { cancelled, unlessAborted } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'

interface Openable {
  /** Whether calls can be made on it. */
  readonly open: boolean
}

export class KeptConnection<Connection extends Openable> {
  private readonly dial: (signal: AbortSignal) => Promise<Connection>
  private readonly closing = new AbortController()
  private current: Connection | undefined
  /** The dial under way, which all calls share that wait for it. */
  private dialling: Promise<Connection> | undefined

  constructor(dial: (signal: AbortSignal) => Promise<Connection>) {
    this.dial = dial
  }

  /**
   * Returns the open connection, or opens one. Throws the dial's error, CLOSED after `close`, and the signal's error; the
   * dial goes on for the other calls that wait for it.
   */
  async get(signal: AbortSignal): Promise<Connection> {
    if (this.closing.signal.aborted) throw cancelled(this.closing.signal)
    if (this.current?.open) return this.current
    this.dialling ??= this.open().finally(() => {
      this.dialling = undefined
    })
    return unlessAborted(this.dialling, signal)
  }

  private async open(): Promise<Connection> {
    this.current = await this.dial(this.closing.signal)
    return this.current
  }

  /** Ends the dial under way. From now on `get` throws CLOSED. */
  close(): void {
    this.closing.abort(new CausewayError('CLOSED', 'The connection to the node was closed by this program.'))
  }
}
