/**
 * The calling side of a proof: shows the same one with every call on a connection, as the server takes it for the
 * connection's life. Behind a proxy that spreads calls over connections of its own it is taken for replayed; then the
 * call is made again with a new one, and so is each from then on.
 */
import type { Interceptor, StreamRequest, UnaryRequest } from '@connectrpc/connect'
import { fromConnectError } from '../errors.ts'

export class Prover {
  /** Makes a proof; undefined while there is nothing to prove. */
  make: (() => Promise<string>) | undefined
  private kept: Promise<string> | undefined
  private oneEach = false

  readonly interceptor: Interceptor = (next) => async (request) => {
    if (this.make === undefined) return next(request)
    if (!request.stream)
      return this.again(
        () => next(request),
        () => this.show(request),
      )
    // What is said is read once, but may have to be said twice.
    const said: (typeof request.message extends AsyncIterable<infer Message> ? Message : never)[] = []
    for await (const message of request.message) said.push(message)
    const begin = async () => {
      const response = await next({ ...request, message: from(said) })
      if (!response.stream) return response
      const answers = response.message[Symbol.asyncIterator]()
      const first = await answers.next()
      return { ...response, message: resumed(first, answers) }
    }
    return this.again(begin, () => this.show(request))
  }

  private async show({ header }: UnaryRequest | StreamRequest): Promise<void> {
    if (this.oneEach || this.kept === undefined) this.kept = this.make!()
    header.set('authorization', `Bearer ${await this.kept}`)
  }

  private async again<Answer>(call: () => Promise<Answer>, show: () => Promise<void>): Promise<Answer> {
    await show()
    try {
      return await call()
    } catch (error) {
      const { code, data } = fromConnectError(error)
      if (code !== 'UNAUTHENTICATED' || data.reason !== 'replayed') throw error
      this.oneEach = true
      await show()
      return call()
    }
  }
}

async function* from<Message>(messages: readonly Message[]): AsyncGenerator<Message> {
  yield* messages
}

/** A stream of which the first step was taken already. */
async function* resumed<Message>(
  first: IteratorResult<Message>,
  rest: AsyncIterator<Message>,
): AsyncGenerator<Message> {
  try {
    for (let step = first; !step.done; step = await rest.next()) yield step.value
  } finally {
    await rest.return?.()
  }
}
