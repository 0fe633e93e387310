/**
 * The boundary of every service: translates what a handler throws into an error of the contract, over the network and
 * in-process alike. Reports errors that are not the caller's fault to the node. A caller that left, with whatever code,
 * is not reported.
 */
import { Code, ConnectError, type Interceptor } from '@connectrpc/connect'
import { ErrorDetailSchema } from '../../../gen/causeway/v1/error_pb.ts'
import { toConnectError } from '../errors.ts'

/** Receives the error of every call that failed for a reason other than its caller. */
export type ProblemListener = (error: unknown, method: string) => void

export function errorBoundary(onProblem?: ProblemListener): Interceptor {
  return (next) => async (request) => {
    const report = (error: unknown) => {
      const left = request.signal.aborted && error === request.signal.reason
      const method = `${request.service.typeName}/${request.method.name}`
      return translateError(error, method, left ? undefined : onProblem)
    }
    try {
      const response = await next(request)
      if (!response.stream) return response
      return { ...response, message: translate(response.message, request.signal, report) }
    } catch (error) {
      throw report(error)
    }
  }
}

/** Returns an error as one of the contract, and reports it if no caller is to blame. */
export function translateError(error: unknown, method: string, onProblem?: ProblemListener): ConnectError {
  const translated = toConnectError(error)
  if (translated.findDetails(ErrorDetailSchema).some(({ code }) => code === 'INTERNAL'))
    onProblem?.(error, method)
  return translated
}

/**
 * Passes on a stream of answers, and translates its error. A watch ends when its deadline has passed, as it does when its
 * caller leaves; only here does its caller learn why.
 */
async function* translate<Message>(
  messages: AsyncIterable<Message>,
  signal: AbortSignal,
  report: (error: unknown) => Error,
) {
  try {
    yield* messages
    if (signal.reason instanceof ConnectError && signal.reason.code === Code.DeadlineExceeded)
      throw signal.reason
  } catch (error) {
    throw report(error)
  }
}
