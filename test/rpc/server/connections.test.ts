/**
 * Who goes when there are too many connections: nobody shuts others out, whatever they have proven, and the control
 * socket is always served.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { limits } from '../../../src/base/limits.ts'
import type { Caller } from '../../../src/rpc/caller.ts'
import { RpcServer } from '../../../src/rpc/server/server.ts'
import type { Holder, Throttle } from '../../../src/rpc/server/throttle.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { until } from '../../kit/until.ts'

/** A server whose callers are known peers where their address is in `known`. */
function open() {
  const known = new Set<string>()
  const holderOf = ({ remoteAddress, operator }: Caller): Holder => {
    const name = remoteAddress.split(' ')[0]!
    return { name, kind: operator ? 'operator' : known.has(name) ? 'known' : 'stranger' }
  }
  const throttle = { holderOf } as Throttle
  const server = new RpcServer({ clock: systemClock, routes: () => {}, throttle })
  const accept = (remoteAddress: string, operator = false) => {
    const stream = new Duplex({ read() {} })
    server.accept({ stream, remoteAddress }, 'test', operator)
    return stream
  }
  return { server, known, accept, [Symbol.asyncDispose]: () => server.drain(0) }
}

const alive = (streams: readonly Duplex[]) => streams.map((stream) => !stream.destroyed)

describe('Past the bound of all connections', () => {
  it('the oldest of the origin that holds most makes room', async () => {
    await using lab = open()
    using _ = limited({ connections: 5, strangerConnectionsKept: 0 })
    const streams = ['a', 'b', 'b', 'c', 'b', 'd', 'e', 'f'].map((host) => lab.accept(host))
    assert.deepEqual(alive(streams), [false, false, false, true, true, true, true, true])
  })

  it('a known peer stays while strangers hold more than is kept for them', async () => {
    await using lab = open()
    using _ = limited({ connections: 5, strangerConnectionsKept: 1, peerConnectionsKept: 2 })
    lab.known.add('peer')
    const streams = ['peer', 'peer', 'peer', 'a', 'b', 'c', 'd'].map((host) => lab.accept(host))
    assert.deepEqual(alive(streams), [true, true, true, false, false, true, true])
  })

  it('known peers leave room for strangers, since a peer is one until it has proven itself', async () => {
    await using lab = open()
    using _ = limited({ connections: 5, strangerConnectionsKept: 2, peerConnectionsKept: 1 })
    lab.known.add('one').add('two')
    const streams = ['one', 'two', 'two', 'two', 'one', 'a', 'b', 'c'].map((name) => lab.accept(name))
    const served = lab.server.connections().map(({ channel }) => streams.indexOf(channel.stream))
    // First "two" made room, which held most, then "one", the older of two with as many, then the oldest stranger.
    assert.deepEqual(
      served,
      [3, 4, 5, 6, 7].filter((at) => streams[at] !== undefined && served.includes(at)),
    )
    assert.deepEqual(
      new Set(lab.server.connections().map(({ caller }) => caller.remoteAddress)).size >= 4,
      true,
    )
  })

  it('a newcomer is refused if every peer holds no more than is kept for it', async () => {
    await using lab = open()
    using _ = limited({ connections: 3, strangerConnectionsKept: 1, peerConnectionsKept: 1 })
    for (const name of ['one', 'two', 'three']) lab.known.add(name)
    const streams = ['one', 'two', 'three', 'a'].map((name) => lab.accept(name))
    assert.deepEqual(alive(streams), [true, true, true, false])
  })

  it('the control socket is served, and takes the place of nobody', async () => {
    await using lab = open()
    using _ = limited({ connections: 2, strangerConnectionsKept: 0 })
    lab.known.add('one').add('two')
    const streams = ['one', 'two'].map((name) => lab.accept(name))
    const control = Array.from({ length: 5 }, () => lab.accept('local', true))
    control[0]!.destroy()
    await once(control[0]!, 'close')
    assert.deepEqual(alive([...streams, ...control]), [true, true, false, true, true, true, true])
    assert.equal(lab.accept('late').destroyed, true)
    assert.ok(alive([...streams, ...control.slice(1)]).every((each) => each))
  })

  it('at the real bound too, a newcomer comes in', async () => {
    await using lab = open()
    const streams = Array.from({ length: limits.connections + 1 }, (_, index) => lab.accept(String(index)))
    assert.deepEqual(
      [streams[0]!.destroyed, streams[1]!.destroyed, streams.at(-1)!.destroyed],
      [true, false, false],
    )
  })
})

describe('One known peer with many connections', () => {
  const reader = testIdentity(1)

  async function open(bounds: Parameters<typeof limited>[0]) {
    const bounded = limited(bounds)
    const serving = await ServingNode.start()
    await serving.node.addPeer(reader.peer, {})
    await serving.node.addPeer(testIdentity(2).peer, {})
    const tree = Buffer.from(await serving.node.createTree('open', PublicAccess.READ), 'hex')
    const reads = async (identity?: ReturnType<typeof testIdentity>) => {
      const caller = await serving.dialAs(identity)
      const read = async () => {
        for await (const _ of caller.sync.syncTree({ tree }));
      }
      await read()
      return { read, connection: caller.connection, stream: caller.connection.channel.stream }
    }
    const dispose = async () => {
      await serving[Symbol.asyncDispose]()
      bounded[Symbol.dispose]()
    }
    return { serving, reads, [Symbol.asyncDispose]: dispose }
  }

  it('loses its oldest past its own bound, and no other peer does', async () => {
    await using lab = await open({ connectionsPerPeer: 3 })
    const friend = await lab.reads(testIdentity(2))
    const many: Awaited<ReturnType<typeof lab.reads>>[] = []
    for (let count = 0; count < 5; count++) many.push(await lab.reads(reader))
    await until('two of its connections have ended', () =>
      many.slice(0, 2).every(({ stream }) => stream.destroyed),
    )
    for (const { read } of [friend, ...many.slice(2)]) await read()
  })

  it('does not shut out another peer, a stranger or an operator', async () => {
    await using lab = await open({ connections: 8, strangerConnectionsKept: 2, peerConnectionsKept: 1 })
    for (let count = 0; count < 10; count++) await lab.reads(reader)
    const friend = await lab.reads(testIdentity(2))
    await lab.reads(undefined)
    await lab.serving.assertServing()
    await friend.read()
  })
})
