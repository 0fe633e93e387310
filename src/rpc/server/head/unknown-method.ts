/**
 * Answers calls of methods that the node does not have, each in its caller's protocol: a method that it has stands in
 * for the unknown one, and refuses the call. Requests that are no calls are left to others.
 */
import type { createConnectRouter } from '@connectrpc/connect'
import { CausewayError } from '../../../base/errors.ts'
import type { HttpRequest } from '../http-call.ts'

export type MethodHandler = ReturnType<typeof createConnectRouter>['handlers'][number]

const methodPath = /^\/([A-Za-z_][\w.]*)\/([A-Za-z_]\w*)$/
const unaryType = /^application\/(proto|json)\b/i
const streamType = /^application\/(connect\+|grpc)/i

/** Returns a function that finds a handler whose refusals the caller of an unknown method understands, if it is a call. */
export function standInsOf(
  handlers: readonly MethodHandler[],
): (path: string, request: HttpRequest) => MethodHandler | undefined {
  const kindOf = (kind: MethodHandler['method']['methodKind']) =>
    handlers.find(({ method }) => method.methodKind === kind)
  const [unary, stream] = [kindOf('unary'), kindOf('server_streaming')]
  return (path, { method, headers: { 'content-type': type = '' } }) => {
    if (method !== 'POST' || !methodPath.test(path)) return undefined
    if (streamType.test(type)) return stream
    return unaryType.test(type) ? unary : undefined
  }
}

/** Returns the error of a call to a method that the node does not have. */
export function unknownMethod(path: string): CausewayError {
  const [, service, method] = methodPath.exec(path)!
  return new CausewayError(
    'UNIMPLEMENTED',
    `This node has no method ${service}.${method}: it may be older than the contract that you have, or newer.`,
    { data: { method: `${service}.${method}` } },
  )
}
