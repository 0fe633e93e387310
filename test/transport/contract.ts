/**
 * The contract of a transport as a suite, which every implementation passes, so that callers can use any of them. A
 * fixture returns a new pair of transports; the suite closes what it opened.
 */
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { after, before, describe, it } from 'node:test'
import type { ErrorCode } from '../../src/base/errors.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import type { Address, Transport } from '../../src/transport/transport.ts'
import {
  closed,
  echo,
  footprint,
  Inbox,
  openHandles,
  openPair,
  readAll,
  readBytes,
  until,
  write,
} from './streams.ts'

export interface ContractFixture {
  readonly server: Transport
  /** Another transport that reaches the server. */
  readonly client: Transport
  /** Addresses of this transport's kind that mean nothing. */
  readonly badAddresses: readonly Address[]
  /** Where nobody listens. */
  readonly refusedAddress: Address
  /** The keys that each side must see, where the transport proves them. */
  readonly peers?: { readonly server: PeerId; readonly client: PeerId }
  /** Dials share a connection: what is dialled before the client has seen the server's stop ends with it. */
  readonly pooled?: boolean
  /** Frees what the fixture holds besides the transports. */
  close?(): Promise<void> | void
}

export interface ContractSize {
  readonly sequential?: number
  readonly concurrent?: number
  readonly bulkBytes?: number
}

/** For servers that nobody should reach. */
const unexpected = () => assert.fail('a channel came in')

/** What may lie between a writer and a reader that has stopped: the kernel's buffers are the largest. */
const inFlightBytes = 16 * 1_048_576

export function transportContract(
  name: string,
  makeFixture: () => Promise<ContractFixture> | ContractFixture,
  { sequential = 1_000, concurrent = 100, bulkBytes = 400_000 }: ContractSize = {},
): void {
  describe(`the transport contract: ${name}`, () => {
    let fixture: ContractFixture
    before(async () => {
      fixture = await makeFixture()
    })
    after(async () => {
      await fixture.client.close()
      await fixture.server.close()
      await fixture.close?.()
    })

    /** Runs with a server that listens, and stops it. */
    async function serving(
      run: (address: Address, inbox: Inbox) => Promise<void>,
      accept?: (inbox: Inbox) => Parameters<Transport['listen']>[0],
    ): Promise<void> {
      const inbox = new Inbox()
      const handler = accept?.(inbox) ?? inbox.accept
      let witnessed = !fixture.pooled
      await fixture.server.listen((channel) => {
        if (witnessed) return handler(channel)
        witnessed = true
      })
      const address = fixture.server.addresses()[0]!
      const witness = fixture.pooled ? await fixture.client.dial(address) : undefined
      witness?.stream.write('.')
      try {
        await run(address, inbox)
      } finally {
        await fixture.server.stop()
        if (witness !== undefined) await closed(witness.stream.resume())
      }
    }

    it('listens, returns its addresses, and stops', async () => {
      const { server } = fixture
      assert.deepEqual(server.addresses(), [])
      await serving(async (address) => {
        assert.ok(server.addresses().length > 0)
        assert.ok(server.canHandleAddress(address))
      })
      assert.deepEqual(server.addresses(), [])
    })

    it('refuses a second start, and goes on serving', async () => {
      await serving(async (address, inbox) => {
        await fails('ALREADY_STARTED', fixture.server.listen(unexpected))
        const { near } = await openPair(fixture.client, inbox, address)
        near.stream.destroy()
      })
    })

    it('refuses to stop while it is not listening', async () => {
      await fails('NOT_STARTED', fixture.server.stop())
      await serving(async () => {})
      await fails('NOT_STARTED', fixture.server.stop())
    })

    it('starts and stops in the order of the calls', async () => {
      const { server } = fixture
      await Promise.all([server.listen(unexpected), server.stop(), server.listen(unexpected), server.stop()])
      assert.deepEqual(server.addresses(), [])
    })

    it('listens again after a stop', async () => {
      for (let round = 0; round < 3; round++)
        await serving(async (address, inbox) => {
          const { near } = await openPair(fixture.client, inbox, address)
          near.stream.destroy()
        })
    })

    it('reports that nothing listens at an address', async () => {
      await fails(['UNREACHABLE', 'TIMEOUT'], fixture.client.dial(fixture.refusedAddress))
      let stopped: Address = ''
      await serving(async (address) => {
        stopped = address
      })
      await fails(['UNREACHABLE', 'TIMEOUT'], fixture.client.dial(stopped))
    })

    it('refuses malformed addresses, and does not handle those of other transports', async () => {
      for (const address of fixture.badAddresses) await fails('BAD_ADDRESS', fixture.client.dial(address))
      for (const address of ['', 'nothing', 'carrier-pigeon:coop', 'x'.repeat(10_000)]) {
        assert.equal(fixture.client.canHandleAddress(address), false)
        await fails('BAD_ADDRESS', fixture.client.dial(address))
      }
    })

    it('dials without listening', async () => {
      await serving(async (address, inbox) => {
        const { near } = await openPair(fixture.client, inbox, address)
        assert.deepEqual(fixture.client.addresses(), [])
        near.stream.destroy()
      })
    })

    it('can be cancelled, before and during a dial', async () => {
      await fails('CANCELLED', fixture.client.dial(fixture.refusedAddress, { signal: AbortSignal.abort() }))
      await serving(async (address) => {
        const controller = new AbortController()
        const dialling = fixture.client.dial(address, { signal: controller.signal })
        controller.abort()
        await fails('CANCELLED', dialling)
      })
    })

    it('leaves a stream alone when the signal of its dial fires later', async () => {
      await serving(
        async (address) => {
          const controller = new AbortController()
          const { stream } = await fixture.client.dial(address, { signal: controller.signal })
          controller.abort()
          stream.write('still here')
          assert.equal((await readBytes(stream, 10)).toString(), 'still here')
          stream.destroy()
        },
        () => echo,
      )
    })

    it('proves the remote’s key, if it claims to', async () => {
      await serving(async (address, inbox) => {
        const { near, far } = await openPair(fixture.client, inbox, address)
        assert.equal(near.remotePeer, fixture.peers?.server)
        assert.equal(far.remotePeer, fixture.peers?.client)
        assert.match(near.remoteAddress, /./)
        assert.match(far.remoteAddress, /./)
        near.stream.destroy()
      })
    })

    it('carries bytes in both directions at once, unchanged', async () => {
      await serving(async (address, inbox) => {
        const { near, far } = await openPair(fixture.client, inbox, address)
        const [up, down] = [randomBytes(bulkBytes), randomBytes(bulkBytes)]
        near.stream.end(up)
        far.stream.end(down)
        const [gotUp, gotDown] = await Promise.all([readAll(far.stream), readAll(near.stream)])
        assert.ok(gotUp.equals(up) && gotDown.equals(down))
        await Promise.all([closed(near.stream), closed(far.stream)])
      })
    })

    it('ends one direction and still carries the other', async () => {
      await serving(async (address, inbox) => {
        for (const opener of ['near', 'far'] as const) {
          const pair = await openPair(fixture.client, inbox, address)
          const [first, second] = opener === 'near' ? [pair.near, pair.far] : [pair.far, pair.near]
          first.stream.end('question')
          assert.equal((await readAll(second.stream)).toString(), 'question')
          const answer = randomBytes(100_000)
          second.stream.end(answer)
          assert.ok((await readAll(first.stream)).equals(answer))
          await Promise.all([closed(pair.near.stream), closed(pair.far.stream)])
        }
      })
    })

    it('ends the other side when one side aborts in the middle', async () => {
      await serving(async (address, inbox) => {
        const error = new Error('nobody listens for this error')
        for (const [opener, reason] of [['near', error], ['near'], ['far', error], ['far']] as const) {
          const pair = await openPair(fixture.client, inbox, address)
          const [first, second] = opener === 'near' ? [pair.near, pair.far] : [pair.far, pair.near]
          await write(first.stream, randomBytes(50_000))
          await readBytes(second.stream, 1_000)
          first.stream.destroy(reason)
          second.stream.resume()
          const writing = (async () => {
            while (!second.stream.destroyed) await write(second.stream, randomBytes(10_000))
          })()
          await Promise.all([closed(first.stream), closed(second.stream), writing])
        }
      })
    })

    it('makes a writer wait for a reader that has stopped', async () => {
      await serving(async (address, inbox) => {
        const { near, far } = await openPair(fixture.client, inbox, address)
        const beside = await openPair(fixture.client, inbox, address)
        echo(beside.far)
        const chunk = randomBytes(65_536)
        let written = 0
        let stopping = false
        const writing = (async () => {
          while (!stopping) {
            await write(near.stream, chunk)
            if (near.stream.destroyed) return
            written += chunk.length
            assert.ok(written < 2 * inFlightBytes, 'the writer never had to wait')
          }
        })()
        // Round trips on another stream are the measure of "long enough": no progress over twenty of them.
        let before = -1
        for (let quiet = 0; quiet < 20; quiet = written === before ? quiet + 1 : 0) {
          before = written
          beside.near.stream.write('ping')
          await readBytes(beside.near.stream, 4)
        }
        assert.ok(written <= inFlightBytes, `${written} bytes in flight`)
        assert.ok(near.stream.writableLength <= 4 * chunk.length)
        stopping = true
        far.stream.resume()
        await writing
        near.stream.end()
        await new Promise((resolve) => far.stream.once('end', resolve))
        for (const { stream } of [near, far, beside.near, beside.far]) stream.destroy()
      })
    })

    it('survives a handler that throws', async () => {
      await serving(
        async (address, inbox) => {
          const { stream } = await fixture.client.dial(address)
          stream.write('boom')
          stream.resume()
          await closed(stream.once('end', () => stream.destroy()))
          const { near } = await openPair(fixture.client, inbox, address)
          near.stream.destroy()
        },
        (inbox) => {
          let first = true
          return (channel) => {
            if (!first) return inbox.accept(channel)
            first = false
            throw new Error('a bug in the handler')
          }
        },
      )
    })

    it('ends the inbound channels when it stops', async () => {
      let ended: Array<Promise<void>> = []
      await serving(async (address, inbox) => {
        const { near, far } = await openPair(fixture.client, inbox, address)
        near.stream.resume().once('end', () => near.stream.destroy())
        ended = [closed(near.stream), closed(far.stream)]
      })
      await Promise.all(ended)
    })

    it('carries HTTP/2, and ends a session when the other side is gone', async () => {
      const http2 = createHttp2Server((_, response) => response.end('answer'))
      const sessions: Array<Promise<void>> = []
      http2.on('session', (session) => {
        session.on('error', () => {})
        sessions.push(new Promise((resolve) => session.once('close', resolve)))
      })
      await serving(
        async (address) => {
          for (const leave of ['close', 'destroy'] as const) {
            const { stream } = await fixture.client.dial(address)
            const session = connectHttp2('http://node', { createConnection: () => stream })
            session.on('error', () => {})
            const request = session.request({ ':path': '/' })
            assert.equal((await readAll(request)).toString(), 'answer')
            session[leave]()
            await closed(stream)
            await sessions.at(-1)
          }
        },
        () => (channel) => http2.emit('connection', channel.stream),
      )
      assert.equal(sessions.length, 2)
    })

    it(`keeps nothing of ${sequential} streams one after the other, and of ${concurrent} at once`, async () => {
      await serving(
        async (address) => {
          const roundTrip = async () => {
            const { stream } = await fixture.client.dial(address)
            stream.end('ping')
            assert.equal((await readAll(stream)).toString(), 'ping')
            await closed(stream)
          }
          const many = (count: number) => Promise.all(Array.from({ length: count }, roundTrip))
          for (let index = 0; index < 100; index++) await roundTrip()
          await many(concurrent)
          const before = await footprint()
          for (let index = 0; index < sequential; index++) await roundTrip()
          await many(concurrent)
          // Ends are seen a few turns later on the other side; a leak never gets here.
          await until(() => openHandles() <= before.handles + 10)
          const later = await footprint()
          const grown = later.bytes - before.bytes
          assert.ok(grown < 2_000 * (sequential + concurrent), `${grown} bytes stayed`)
        },
        () => echo,
      )
    })

    it('is closed permanently, with all its streams', async () => {
      const inbox = new Inbox()
      await fixture.server.listen(inbox.accept)
      const [address] = fixture.server.addresses()
      const { near, far } = await openPair(fixture.client, inbox, address!)
      far.stream.resume().once('end', () => far.stream.destroy())
      await Promise.all([fixture.client.close(), fixture.client.close()])
      assert.ok(near.stream.destroyed)
      await fixture.server.close()
      await closed(far.stream)
      await fails('CLOSED', fixture.client.dial(address!))
      await fails('CLOSED', fixture.client.listen(unexpected))
      await fails('CLOSED', fixture.server.listen(unexpected))
      await fails('NOT_STARTED', fixture.server.stop())
      assert.deepEqual(fixture.server.addresses(), [])
    })
  })
}

/** The promise rejects with a CausewayError of one of these codes. */
export async function fails(
  code: ErrorCode | readonly ErrorCode[],
  promise: Promise<unknown>,
): Promise<void> {
  const codes = typeof code === 'string' ? [code] : code
  await assert.rejects(promise, (error: { name?: string; code?: ErrorCode; message: string }) => {
    assert.equal(error.name, 'CausewayError', String((error as unknown as Error).stack))
    assert.ok(
      codes.includes(error.code!),
      `${error.code} (${error.message}) instead of ${codes.join(' or ')}`,
    )
    return true
  })
}
