/** A bare TCP or HTTP/2 client that sends what no honest client would. */
import { once } from 'node:events'
import * as http2 from 'node:http2'
import { connect, type Socket } from 'node:net'
import type { ServingNode } from './serving-node.ts'

/** Connects without any protocol. Errors are kept, since being cut is what is expected. */
export async function rawSocket(serving: ServingNode): Promise<Socket> {
  const socket = connect({ ...serving.hostPort, allowHalfOpen: true })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Returns everything that a server sends until it closes. */
export async function readToEnd(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  if (!socket.readableEnded && !socket.closed)
    await Promise.race([once(socket, 'end'), once(socket, 'close')]).catch(() => {})
  return text
}

/** The headers that prove the operator on a session. */
const authorizations = new WeakMap<http2.ClientHttp2Session, string>()

/** Opens an HTTP/2 session of the operator, without Connect on it. */
export async function rawSession(
  serving: ServingNode,
  options: http2.SecureClientSessionOptions = {},
): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(serving.address, options)
  session.on('error', () => {})
  await once(session, 'connect')
  authorizations.set(session, await serving.authorization())
  return session
}

/** Makes one request. Returns its status and body, or the code with which the stream was reset. */
export async function request(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body: Buffer | string = '',
): Promise<{ status: number | undefined; body: string; reset: number | undefined }> {
  const stream = session.request({
    ':method': 'POST',
    authorization: authorizations.get(session),
    ...headers,
  })
  let status: number | undefined
  let text = ''
  stream.on('error', () => {})
  stream.on('response', (answer) => (status = answer[':status']))
  stream.on('data', (chunk) => (text += chunk))
  if (body.length > 0) stream.write(body)
  stream.end()
  if (!stream.closed) await once(stream, 'close').catch(() => {})
  return { status, body: text, reset: stream.rstCode }
}
