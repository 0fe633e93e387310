/** The services of the node, as every other program calls them: the page has no API of its own. */
import { Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-web'
import { ErrorDetailSchema } from '../../../gen/causeway/v1/error_pb.ts'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { readKey, sessionOver } from './session.ts'

/** Proves the session with every call, and notices its end. */
const withKey: Interceptor = (next) => async (request) => {
  request.header.set('causeway-page', readKey())
  try {
    return await next(request)
  } catch (error) {
    if (ConnectError.from(error).code === Code.Unauthenticated) sessionOver.set(true)
    throw error
  }
}

const transport = createConnectTransport({
  baseUrl: location.origin,
  useBinaryFormat: true,
  interceptors: [withKey],
})

export const nodeCalls = createClient(NodeService, transport)
export const treeCalls = createClient(TreeService, transport)
export const storeCalls = createClient(StoreService, transport)

/** Returns the node's code for what went wrong, such as `CONFLICT`; '' if it is none of the node's. */
export function codeOf(error: unknown): string {
  return ConnectError.from(error).findDetails(ErrorDetailSchema)[0]?.code ?? ''
}

/** Returns what went wrong in one sentence. */
export function sentenceOf(error: unknown): string {
  return ConnectError.from(error).rawMessage
}
