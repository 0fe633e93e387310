/**
 * The calling side of a proof: sends one proof with every call on a connection, since the server accepts it for the
 * connection's life. Behind a proxy that spreads calls over its own connections, the server rejects the proof as
 * replayed. The prover then repeats the call with a new proof, and makes a new one for each later call.
 */
import type { Interceptor, StreamRequest, UnaryRequest } from '@connectrpc/connect'
import { fromConnectError } from '../errors.ts'

export class Prover {
  /** Makes a proof; undefined while calls carry none. */
  make: (() => Promise<string>) | undefined
  private proof: Promise<string> | undefined
  private newProofEachCall = false

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
    if (this.newProofEachCall || this.proof === undefined) this.proof = this.make!()
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
      this.newProofEachCall = true
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
