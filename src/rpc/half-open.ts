/**
 * Keeps a process alive whose remote ends its half of a byte stream. node:http2 wraps a stream that is not a socket, and
 * the wrapper ends itself when its stream ends. While that goes on, which over QUIC takes another thread's turn, a frame
 * that the session still writes fails an assertion of Node's (js_stream_socket.js, doWrite), which nothing can catch.
 */
import type { Http2Session } from 'node:http2'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Leaves it to the owner of a session's byte stream to end the session when the remote has ended its half. */
export function leaveHalfOpen(session: Http2Session, stream: Duplex): void {
  // Sets it on the wrapper, which `session.socket` stands for. A socket is not wrapped, and decides itself.
  if (!(stream instanceof Socket)) session.socket.allowHalfOpen = true
}
