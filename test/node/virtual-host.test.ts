/**
 * A node behind a proxy that chooses the server by the host's name, as most do: calls name the host of the address that
 * was dialled.
 */
import assert from 'node:assert/strict'
import * as http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { createNode } from '../../src/node/node.ts'
import { certificateHashOfPem } from '../../src/transport/certificate.ts'
import { testCertificate } from '../kit/serving-node.ts'

const listen = { host: '127.0.0.1', port: 0 }

/** A proxy over HTTP/2 that answers 404 unless a call is for this name, and notes the names that calls are for. */
class NamedHost implements AsyncDisposable {
  readonly names: (string | undefined)[] = []
  private readonly server: http2.Http2Server
  private readonly upstream: http2.ClientHttp2Session
  private readonly sessions = new Set<http2.ServerHttp2Session>()

  private constructor(name: string, upstream: string, server: http2.Http2Server) {
    this.upstream = http2.connect(upstream)
    this.upstream.on('error', () => {})
    this.server = server
    server.on('session', (session) => this.sessions.add(session))
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      const authority = headers[':authority']
      this.names.push(`${headers[':scheme']}://${authority}`)
      if (authority?.split(':')[0] !== name) {
        stream.respond({ ':status': 404 }, { endStream: true })
        return
      }
      const call = this.upstream.request(headers)
      call.on('error', () => stream.close())
      call.on('response', ({ ':status': status, ...rest }) => {
        if (!stream.destroyed) stream.respond({ ':status': status, ...rest })
        call.pipe(stream)
      })
      stream.pipe(call)
    })
  }

  static async start(name: string, upstream: string, server: http2.Http2Server): Promise<NamedHost> {
    const host = new NamedHost(name, upstream, server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return host
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.sessions) session.destroy()
    this.upstream.destroy()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

describe('A node behind a proxy with several hosts', () => {
  const servers: Record<string, () => http2.Http2Server> = {
    http: () => http2.createServer(),
    https: () => http2.createSecureServer(testCertificate) as unknown as http2.Http2Server,
  }
  for (const [scheme, createServer] of Object.entries(servers))
    it(`is reached by its name, over ${scheme}`, async () => {
      // A proxy that ends TLS is one whose certificate the node was told; any other is a relay.
      const tlsBindings = [certificateHashOfPem(testCertificate.cert)]
      await using a = await createNode({ http: listen, tlsBindings })
      await a.listen()
      const tree = await a.createTree('behind', 2)
      await using proxy = await NamedHost.start('localhost', a.addresses()[0]!, createServer())
      await using b = await createNode({ tls: { ca: testCertificate.cert } })
      const result = await b.sync(tree, `${scheme}://localhost:${proxy.port}`)
      assert.equal(result.equal, true)
      assert.deepEqual([...new Set(proxy.names)], [`${scheme}://localhost:${proxy.port}`])
      await assert.rejects(b.sync(tree, `${scheme}://127.0.0.1:${proxy.port}`))
    })
})
