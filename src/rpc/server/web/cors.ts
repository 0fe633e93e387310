/**
 * The headers by which a browser lets a page of another origin call this node and read the answers (CORS). Which origins
 * may call at all is decided by `browsers.ts`, whatever the browser thinks of it.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { cors } from '@connectrpc/connect'
import { anyOrigin } from '../../../base/hosts.ts'
import type { PlainAnswer } from '../handler.ts'
import type { HttpRequest, HttpResponse } from '../http-call.ts'

const methods = cors.allowedMethods.join(', ')
const anonymousHeaders = cors.allowedHeaders.join(', ')
const provenHeaders = `${anonymousHeaders}, Authorization`
const exposedHeaders = cors.exposedHeaders.join(', ')
/** How long a browser need not ask again: two hours, the longest that Chromium takes. */
const askAgainSeconds = '7200'

/**
 * Sets the headers that the answer to a request must have for the page that made it. Returns the answer itself if the
 * browser only asks whether the page may call. The request is one that `refuseNaming` lets pass.
 */
export function answerPage(
  { method, headers }: HttpRequest,
  answer: HttpResponse,
  origins: readonly string[],
): PlainAnswer | undefined {
  if (origins.length === 0) return undefined
  // Both kinds of response have this member, but their overloads cannot be united.
  const response = answer as ServerResponse
  response.setHeader('vary', 'Origin')
  const { origin } = headers
  const isNamed = origin !== undefined && origins.includes(origin)
  if (origin === undefined || !(isNamed || origins.includes(anyOrigin))) return undefined
  response.setHeader('access-control-allow-origin', isNamed ? origin : '*')
  if (!isPreflight(method, headers)) {
    response.setHeader('access-control-expose-headers', exposedHeaders)
    return undefined
  }
  response.setHeader('access-control-allow-methods', methods)
  response.setHeader('access-control-allow-headers', isNamed ? provenHeaders : anonymousHeaders)
  response.setHeader('access-control-max-age', askAgainSeconds)
  return { status: 204, contentType: 'text/plain', body: '' }
}

function isPreflight(method: string | undefined, headers: IncomingHttpHeaders): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}
