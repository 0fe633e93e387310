/**
 * Opens connections from a browser: Connect over fetch, whose connections a page does not see. So the node proves its key
 * once, for the name that the page dials, and the page's tokens are good for any connection to that name.
 */
import type { DescService } from '@bufbuild/protobuf'
import {
  type Client,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-web'
import type { Clock } from '../../../src/base/clock.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { PeerId, Signer } from '../../../src/dag/identity.ts'
import { unprotected } from '../../../src/rpc/auth/binding.ts'
import { Prover } from '../../../src/rpc/auth/prover.ts'
import { insecure as insecureBinding, makeToken } from '../../../src/rpc/auth/token.ts'
import { shakeHands } from '../../../src/rpc/client/handshake.ts'
import type { Dialer, DialTarget, OpenConnection } from './dial.ts'

export function createDialer({ addresses, signer, insecure, clock }: DialTarget): Dialer {
  const closing = new AbortController()
  return {
    async dial(expected, signal) {
      let failure: unknown = new CausewayError(
        'NO_TRANSPORT',
        'A browser dials http: and https: addresses, and there is none.',
      )
      for (const address of addresses.filter((each) => /^https?:/i.test(each) && URL.canParse(each)))
        try {
          const connection = new WebConnection(new URL(address), clock, closing.signal)
          if (connection.binding === insecureBinding && !insecure && signer !== undefined)
            throw unprotected(address)
          const peer = await shakeHands(connection, { clock, expected, signal })
          return connection.proven(peer, signer)
        } catch (error) {
          failure = error
        }
      throw failure
    },
    async close() {
      closing.abort(new CausewayError('CLOSED', 'The connection to the node was closed by this program.'))
    },
  }
}

class WebConnection {
  /** Fetch opens a connection whenever it needs one. */
  readonly open = true
  readonly ended = undefined
  readonly binding: string
  private readonly transport: Transport
  private readonly prover: Prover
  private readonly clock: Clock

  constructor(url: URL, clock: Clock, closed: AbortSignal) {
    this.clock = clock
    this.binding = bindingOfUrl(url)
    this.prover = new Prover(clock)
    // On plain HTTP a token that is read could be used again.
    this.prover.renewAfterMs = this.binding === insecureBinding ? 0 : limits.proofTtlMs / 2
    this.transport = createConnectTransport({
      baseUrl: url.origin,
      useBinaryFormat: true,
      interceptors: [lostConnections, this.prover.interceptor],
      fetch: (input, init) => {
        const signals = [closed, ...(init?.signal ? [init.signal] : [])]
        // A page that has another origin sends no cookies, and one of the same origin needs none.
        return fetch(input, { ...init, credentials: 'omit', signal: AbortSignal.any(signals) })
      },
    })
  }

  client<Service extends DescService>(service: Service): Client<Service> {
    return createClient(service, this.transport)
  }

  /** Sends tokens of the signer to the peer with every call from now on. */
  proven(peer: PeerId, signer: Signer | undefined): OpenConnection {
    const { binding, prover, clock } = this
    const { location } = globalThis as { location?: { readonly origin: string } }
    const options = {
      binding,
      origin: location?.origin,
      ttlMs: limits.proofTtlMs,
      reusable: binding !== insecureBinding,
    }
    if (signer !== undefined) prover.make = () => makeToken(signer, peer, clock, options)
    return { peer, open: true, ended: undefined, client: (service) => this.client(service) }
  }
}

/** Returns how a browser names its channel to an address: it checks certificates, and does not show them. */
function bindingOfUrl({ protocol, hostname }: URL): string {
  if (protocol === 'https:') return `host:${hostname}`
  return /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(hostname) ? '' : insecureBinding
}

/** Tells a connection that was lost, or not made, from other failures: fetch says TypeError. */
const lostConnections: Interceptor = (next) => async (request) => {
  try {
    const answer = await next(request)
    return answer.stream ? { ...answer, message: untilLost(answer.message) } : answer
  } catch (error) {
    throw lost(error)
  }
}

async function* untilLost<Message>(messages: AsyncIterable<Message>): AsyncGenerator<Message> {
  try {
    yield* messages
  } catch (error) {
    throw lost(error)
  }
}

function lost(error: unknown): unknown {
  const cause = error instanceof ConnectError ? error.cause : error
  if (!(cause instanceof TypeError)) return error
  const reason = new CausewayError(
    'DISCONNECTED',
    'The node cannot be reached: it is away, or does not name the origin of this page in --cors-origin.',
    { cause },
  )
  return new ConnectError(reason.message, Code.Unavailable, undefined, undefined, reason)
}
