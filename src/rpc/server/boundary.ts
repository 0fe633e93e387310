/**
 * The edge of every service: whatever a handler throws leaves as an error of the contract, over the network and
 * in-process alike, and what is not the caller's fault is told to the node. That a caller left, whatever code it gave, is
 * its own affair.
 */
import type { Interceptor } from '@connectrpc/connect'
import { ErrorDetailSchema } from '../../../gen/causeway/v1/error_pb.ts'
import { toConnectError } from '../errors.ts'

/** Told of every call that failed for a reason that is not the caller's. */
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

/** Passes a stream of answers on, with its error translated. */
async function* translate<Message>(messages: AsyncIterable<Message>, report: (error: unknown) => Error) {
  try {
    yield* messages
  } catch (error) {
    throw report(error)
  }
}
