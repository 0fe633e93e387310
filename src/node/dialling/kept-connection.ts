/**
 * One connection to a remote node for a program that calls it: opened by the first call, and again by the next call
 * after it was lost. Calls that were under way fail; only their callers know whether they can be repeated.
 */
import { cancelled } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import type { RpcConnection } from '../../rpc/client/connection.ts'

type Dial = (signal: AbortSignal) => Promise<RpcConnection>

export class KeptConnection {
  private readonly dial: Dial
  private readonly closing = new AbortController()
  private current: RpcConnection | undefined
  /** The dial under way, which all calls share that wait for it. */
  private dialling: Promise<RpcConnection> | undefined

  constructor(dial: Dial) {
    this.dial = dial
  }

  /**
   * Returns the open connection, or opens one. Throws the dial's error, CLOSED after `close`, and the signal's error; the
   * dial goes on for the other calls that wait for it.
   */
  async get(signal: AbortSignal): Promise<RpcConnection> {
    if (this.closing.signal.aborted) throw cancelled(this.closing.signal)
    if (this.current?.open) return this.current
    this.dialling ??= this.open().finally(() => {
      this.dialling = undefined
    })
    return unlessAborted(this.dialling, signal)
  }

  private async open(): Promise<RpcConnection> {
    this.current = await this.dial(this.closing.signal)
    return this.current
  }

  /** Ends the dial under way. From now on `get` throws CLOSED. */
  close(): void {
    this.closing.abort(new CausewayError('CLOSED', 'The connection to the node was closed by this program.'))
  }
}

/** Resolves as the task does. Throws the signal's error if it fires first. */
function unlessAborted<Result>(task: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(cancelled(signal))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
