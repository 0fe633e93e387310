/**
 * The boundary of every service: translates what a handler throws into an error of the contract, over the network and
 * in-process alike. Reports errors that are not the caller's fault to the node. A caller that left, with whatever code,
 * is not reported.
 */
import type { Interceptor } from '@connectrpc/connect'
import { ErrorDetailSchema } from '../../../gen/causeway/v1/error_pb.ts'
import { toConnectError } from '../errors.ts'

/** Receives the error of every call that failed for a reason other than its caller. */
export type ProblemListener = (error: unknown, method: string) => void

export function errorBoundary(onProblem?: ProblemListener): Interceptor {
  return (next) => async (request) => {
    const report = (error: unknown) => {
      const translated = toConnectError(error)
      const left = request.signal.aborted && error === request.signal.reason
      if (!left && translated.findDetails(ErrorDetailSchema).some(({ code }) => code === 'INTERNAL'))
        onProblem?.(error, `${request.service.typeName}/${request.method.name}`)
      return translated
    }
    try {
      const response = await next(request)
      if (!response.stream) return response
      return { ...response, message: translate(response.message, report) }
    } catch (error) {
      throw report(error)
    }
  }
}

/** Passes on a stream of answers, and translates its error. */
async function* translate<Message>(messages: AsyncIterable<Message>, report: (error: unknown) => Error) {
  try {
    yield* messages
  } catch (error) {
    throw report(error)
  }
}
