/**
 * Calls by GET (Connect): those without side effects may carry their message in the URL, so that plain HTTP tools and
 * caches can ask. Such a call becomes the POST that it stands for, so that one way leads into the node. A token is never
 * read from a URL, which logs keep.
 */
import { createHash } from 'node:crypto'
import type { DescMethod } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import type { UniversalServerRequest, UniversalServerResponse } from '@connectrpc/connect/protocol'
import { CausewayError } from '../../../base/errors.ts'

/** Reports whether a method may be called by GET: a unary one without side effects. */
export function answersGet({ idempotency, methodKind }: DescMethod): boolean {
  return methodKind === 'unary' && idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS
}

/** Returns the head of the POST that a GET stands for, and a function that returns its body or throws INVALID_ARGUMENT. */
export function postOf(request: UniversalServerRequest): {
  post: UniversalServerRequest
  readMessage(): Uint8Array
} {
  const query = new URL(request.url).searchParams
  const header = new Headers(request.header)
  header.delete('content-length')
  const encoding = wordOf(query, 'encoding') ?? ''
  header.set('content-type', `application/${/^(json|proto)$/.test(encoding) ? encoding : 'unknown'}`)
  const [compression, version] = [wordOf(query, 'compression'), wordOf(query, 'connect')]
  if (compression !== undefined) header.set('content-encoding', compression)
  if (version !== undefined) header.set('connect-protocol-version', version.replace(/^v/, ''))
  return {
    post: { ...request, method: 'POST', header },
    readMessage() {
      const text = query.get('message') ?? ''
      if (query.get('base64') !== '1') return Buffer.from(text)
      if (/^[\w+/-]*={0,2}$/.test(text)) return Buffer.from(text, 'base64url')
      throw new CausewayError('INVALID_ARGUMENT', 'The `message` in the URL must be base64url.')
    },
  }
}

/** Returns a parameter that becomes a header. What no header can hold is a word that the protocol refuses. */
function wordOf(query: URLSearchParams, name: string): string | undefined {
  const text = query.get(name)
  return text === null || /^\w{1,32}$/.test(text) ? (text ?? undefined) : 'unknown'
}

/**
 * Returns the answer to a GET with what caches may do with it. What a proven caller gets is for nobody else. What
 * everybody gets may be kept, but each use asks the node again, which says in few bytes that nothing has changed.
 */
export async function cacheable(
  answer: UniversalServerResponse,
  asked: Headers,
  isAnonymous: boolean,
): Promise<UniversalServerResponse> {
  const header = new Headers(answer.header)
  header.set('vary', 'Origin, Authorization, Accept-Encoding')
  // No page of another origin gets it as a script or a picture.
  header.set('cross-origin-resource-policy', 'same-origin')
  header.set('x-content-type-options', 'nosniff')
  if (!isAnonymous || answer.status !== 200 || answer.body === undefined) {
    header.set('cache-control', 'no-store')
    return { ...answer, header }
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.body) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  const tag = `"${createHash('sha256').update(body).digest('base64url')}"`
  header.set('cache-control', 'no-cache')
  header.set('etag', tag)
  if (asked.get('if-none-match')?.includes(tag)) {
    for (const name of ['content-type', 'content-length', 'content-encoding']) header.delete(name)
    return { status: 304, header }
  }
  return { ...answer, header, body: once(body) }
}

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
