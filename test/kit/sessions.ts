/**
 * connect-node's HTTP/2 sessions for tests that call as other programs do, without two faults that are not ours: version
 * 2.1.2 ends the process by an error without a listener if a call follows a GOAWAY (connectrpc/connect-es#1768), and on
 * Node 24.20 and 26.3 or later its calls fail if their answer arrives at once (nodejs/node#65677). docs/clients.md tells
 * about both. 2.3.0 mends the first, but needs Node 22.
 */
import type { ClientHttp2Stream } from 'node:http2'
import { Http2SessionManager } from '@connectrpc/connect-node'
import { chunksOf } from '../../src/rpc/client/chunks.ts'

const ignore = () => {}

export class Sessions extends Http2SessionManager {
  override async request(...call: Parameters<Http2SessionManager['request']>): Promise<ClientHttp2Stream> {
    const stream = await super.request(...call)
    stream[Symbol.asyncIterator] = () => chunksOf(stream)
    const { session } = stream
    if (!session?.listeners('error').includes(ignore)) session?.on('error', ignore)
    return stream
  }
}
