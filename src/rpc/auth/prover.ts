/**
 * The calling side of a proof: sends one proof with every call on a connection, since the server accepts it for the
 * connection's life. Behind a proxy that spreads calls over its own connections, the server rejects the proof as
 * replayed. The prover then repeats the call with a new proof, and makes a new one for each later call. Where calls share
 * no connection, as in a browser, the proofs are reusable, and each is replaced before it expires.
 */
import type { Interceptor, StreamRequest, UnaryRequest } from '@connectrpc/connect'
import type { Clock } from '../../base/clock.ts'
import { fromConnectError } from '../errors.ts'

export class Prover {
  /** Makes a proof; undefined while calls carry none. */
  make: (() => Promise<string>) | undefined
  /** After how long a proof is replaced by a new one; 0: each call has its own. */
  renewAfterMs = Number.POSITIVE_INFINITY
  private readonly clock: Clock
  private proof: Promise<string> | undefined
  private madeAtMs = 0

  constructor(clock: Clock) {
    this.clock = clock
  }

  readonly interceptor: Interceptor = (next) => async (request) => {
    if (this.make === undefined) return next(request)
    if (!request.stream)
      return this.withProof(
        () => next(request),
        () => this.addProof(request),
      )
    // The request's stream can be read once, but may have to be sent twice.
    const messages: (typeof request.message extends AsyncIterable<infer Message> ? Message : never)[] = []
    for await (const message of request.message) messages.push(message)
    const call = async () => {
      const response = await next({ ...request, message: streamOf(messages) })
      if (!response.stream) return response
      const answers = response.message[Symbol.asyncIterator]()
      const first = await answers.next()
      return { ...response, message: resume(first, answers) }
    }
    return this.withProof(call, () => this.addProof(request))
  }

  private async addProof({ header }: UnaryRequest | StreamRequest): Promise<void> {
    // By the wall clock, as the proof's own end is: a machine that slept must not show an old one.
    const nowMs = this.clock.now()
    const isOld = nowMs < this.madeAtMs || nowMs - this.madeAtMs >= this.renewAfterMs
    if (this.proof === undefined || isOld) {
      this.proof = this.make!()
      this.madeAtMs = nowMs
    }
    header.set('authorization', `Bearer ${await this.proof}`)
  }

  /** Makes a call with a proof, and once more with a new one if the server rejects the proof as replayed. */
  private async withProof<Answer>(
    call: () => Promise<Answer>,
    addProof: () => Promise<void>,
  ): Promise<Answer> {
    await addProof()
    try {
      return await call()
    } catch (error) {
      const { code, data } = fromConnectError(error)
      if (code !== 'UNAUTHENTICATED' || data.reason !== 'replayed') throw error
      this.renewAfterMs = 0
      await addProof()
      return call()
    }
  }
}

async function* streamOf<Message>(messages: readonly Message[]): AsyncGenerator<Message> {
  yield* messages
}

/** Returns the whole of a stream whose first step has been taken. */
async function* resume<Message>(
  first: IteratorResult<Message>,
  rest: AsyncIterator<Message>,
): AsyncGenerator<Message> {
  try {
    for (let step = first; !step.done; step = await rest.next()) yield step.value
  } finally {
    await rest.return?.()
  }
}
