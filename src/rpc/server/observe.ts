/**
 * Reports how each call over a connection went: to the log at debug, and to the metrics. It sees a call from its first
 * message to the end of its answer, and the code of its error.
 */
import type { Interceptor } from '@connectrpc/connect'
import type { Clock } from '../../base/clock.ts'
import { CausewayError, type ErrorCode } from '../../base/errors.ts'
import { bytesToHex } from '../../dag/hex.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { type Caller, callerKey } from '../caller.ts'
import { fromConnectError } from '../errors.ts'

/** How a call went. */
export interface CallReport {
  /** The service and the method, such as `TreeService/Commit`. */
  readonly method: string
  /** Why it failed; undefined if it did not. */
  readonly code?: ErrorCode
  /** The caller's key, if it was proven. */
  readonly peer?: PeerId
  readonly remoteAddress: string
  /** The tree that its first message names. */
  readonly tree?: TreeId
  /** Milliseconds until the answer began to go, or, of a stream, until it ended. */
  readonly ms: number
}

export type CallListener = (report: CallReport) => void

/** Calls `onCall` at the end of each call. */
export function observeCalls(clock: Clock, onCall: CallListener): Interceptor {
  return (next) => async (request) => {
    const startedMs = clock.monotonic()
    const caller = request.contextValues.get(callerKey)
    const method = `${request.service.name}/${request.method.name}`
    let tree: TreeId | undefined
    const end = (error?: unknown) =>
      onCall(reportOf(caller, method, tree, clock.monotonic() - startedMs, error))
    let observed = request
    if (!request.stream) tree = treeOf(request.message)
    else {
      const noteFirst = async function* (messages: typeof request.message) {
        for await (const message of messages) {
          tree ??= treeOf(message)
          yield message
        }
      }
      observed = { ...request, message: noteFirst(request.message) }
    }
    try {
      const response = await next(observed)
      if (response.stream) return { ...response, message: untilEnd(response.message, end) }
      end()
      return response
    } catch (error) {
      end(error)
      throw error
    }
  }
}

/** Reports a call that was refused before its message was read. It names no method that the node does not have. */
export function refusedCall(
  caller: Caller,
  called:
    | { readonly service: { readonly name: string }; readonly method: { readonly name: string } }
    | undefined,
  error: unknown,
): CallReport {
  const method = called === undefined ? 'unknown' : `${called.service.name}/${called.method.name}`
  return reportOf(caller, method, undefined, 0, error)
}

async function* untilEnd<Message>(messages: AsyncIterable<Message>, end: (error?: unknown) => void) {
  let failure: unknown
  try {
    yield* messages
  } catch (error) {
    failure = error
    throw error
  } finally {
    end(failure)
  }
}

function reportOf(
  { peer, remoteAddress }: Caller,
  method: string,
  tree: TreeId | undefined,
  ms: number,
  error: unknown,
): CallReport {
  const code =
    error === undefined ? undefined : (error instanceof CausewayError ? error : fromConnectError(error)).code
  return { method, remoteAddress, ms, ...(code && { code }), ...(peer && { peer }), ...(tree && { tree }) }
}

function treeOf(message: object): TreeId | undefined {
  const { tree } = message as { tree?: unknown }
  return tree instanceof Uint8Array && tree.length === 32 ? (bytesToHex(tree) as TreeId) : undefined
}
