/**
 * A stranger that floods a node with the most expensive requests that it can make, from a process of its own and from
 * several addresses of this machine. It never waits when it is asked to. It runs at a lower priority because it
 * stands for other machines: only the work that it causes at the node should count, not its own.
 */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { constants, setPriority } from 'node:os'
import { setImmediate as turn } from 'node:timers/promises'
import { type Client, ConnectError } from '@connectrpc/connect'
import { SyncService } from '../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../src/base/clock.ts'
import { limits } from '../src/base/limits.ts'
import { idToBytes, type TreeId } from '../src/dag/id.ts'
import { createIdentity, type PeerId } from '../src/dag/identity.ts'
import { makeToken } from '../src/rpc/auth/token.ts'
import { RpcConnection } from '../src/rpc/client/connection.ts'

export interface FloodOptions {
  readonly address: string
  readonly peer: string
  readonly tree: string
  readonly seconds: number
}

/** How often each kind of attack was made, and how often it failed. */
export type FloodCounts = Record<string, { made: number; failed: number }>

/** The number of addresses that it calls from, starting at 127.0.0.2. */
const origins = 4
/** The number of attacks of one kind under way from one address. */
const atOnce = 4

type Sync = Client<typeof SyncService>

class Origin {
  private readonly host: string
  private readonly target: { host: string; port: number }
  private current: Promise<RpcConnection> | undefined

  constructor(host: string, address: string) {
    this.host = host
    const { hostname, port } = new URL(address)
    this.target = { host: hostname, port: Number(port) }
  }

  async socket() {
    const socket = connect({ ...this.target, localAddress: this.host, allowHalfOpen: true })
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
    return socket
  }

  /** Returns a client on one connection for many calls, and on a new connection if that one was closed. */
  async sync(proof?: () => Promise<string>): Promise<Sync> {
    const open = await this.current
    if (proof === undefined && open?.open) return open.client(SyncService)
    const opening = this.socket().then(
      (stream) => new RpcConnection({ stream, remoteAddress: '' }, { clock: systemClock }),
    )
    if (proof === undefined) this.current = opening
    const connection = await opening
    if (proof !== undefined) connection.prove(proof)
    return connection.client(SyncService)
  }
}

async function read(answers: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of answers);
}

/** Returns the attacks by name. Each is made again as soon as it has ended. */
function attacks({ tree: treeId, peer }: FloodOptions): Record<string, (from: Origin) => Promise<void>> {
  const tree = idToBytes(treeId as TreeId)
  const forged = async () => {
    const proof = await makeToken(createIdentity(), peer as PeerId, systemClock)
    return `${proof.slice(0, -8)}AAAAAAAA`
  }
  const end = {
    lastHeight: 1n << 40n,
    lastId: new Uint8Array(32).fill(255),
    count: 1,
    fingerprint: new Uint8Array(16),
  }
  let garbage: { body: Uint8Array; signature: Uint8Array }[] | undefined
  return {
    'everything from nothing': async (from) => read((await from.sync()).syncTree({ tree })),
    'an answer that it does not read': async (from) => {
      const answers = (await from.sync()).syncTree({ tree })[Symbol.asyncIterator]()
      await answers.next()
      await new Promise((resolve) => setTimeout(resolve, 2_000))
      await answers.return?.()
    },
    'a range of the whole tree': async (from) =>
      read(
        (await from.sync()).syncTree({
          tree,
          tipsDigest: new Uint8Array(32),
          range: { chunks: [end], complete: true },
        }),
      ),
    'a walk from the root': async (from) =>
      read(
        (await from.sync()).syncTree({
          tree,
          tips: [tree],
          tipsDigest: new Uint8Array(32),
          count: 1n,
          budgetBytes: 1n,
        }),
      ),
    sketches: async (from) =>
      read(
        (await from.sync()).syncTree({
          tree,
          tipsDigest: randomBytes(32),
          count: 80_000n,
          sketch: { version: 1, from: 60_000, cells: new Uint8Array(0), state: randomBytes(32) },
          budgetBytes: 1n,
        }),
      ),
    'looking up ids': async (from) =>
      read((await from.sync()).syncTree({ tree, want: randomBytes(16 * limits.wantIds) })),
    handshakes: async (from) =>
      void (await (await from.sync()).handshake({ version: 2, nonce: randomBytes(32) })),
    'bad proofs': async (from) => read((await from.sync(forged)).syncTree({ tree })),
    'garbage entries': async (from) => {
      // Real entries with forged signatures: they are valid in every respect until the signature is checked.
      garbage ??= await someEntries(await from.sync(), tree)
      const entries = garbage.map(({ body }) => ({ body, signature: randomBytes(64).fill(0, 63) }))
      await (await from.sync()).sendEntries({ tree, entries })
    },
    connections: async (from) => {
      const socket = await from.socket()
      if (socket.destroyed) return void (await turn())
      socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
      setTimeout(() => socket.destroy(), 5_000)
    },
  }
}

async function someEntries(sync: Sync, tree: Uint8Array) {
  const entries: { body: Uint8Array; signature: Uint8Array }[] = []
  for await (const { part } of sync.syncTree({ tree, budgetBytes: 100_000n }))
    if (part.case === 'page') entries.push(...part.value.entries)
  return entries.slice(1, 200)
}

export async function flood(options: FloodOptions): Promise<FloodCounts> {
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  const end = performance.now() + options.seconds * 1000
  const counts: FloodCounts = {}
  const running: Promise<void>[] = []
  for (let index = 0; index < origins; index++) {
    const origin = new Origin(`127.0.0.${2 + index}`, options.address)
    for (const [name, attack] of Object.entries(attacks(options))) {
      const count = counts[name] ?? { made: 0, failed: 0 }
      counts[name] = count
      const again = async () => {
        while (performance.now() < end) {
          count.made++
          await attack(origin).catch((error) => {
            count.failed++
            if (!(error instanceof ConnectError)) return turn()
          })
          await turn()
        }
      }
      for (let each = 0; each < atOnce; each++) running.push(again())
    }
  }
  // Does not wait for attacks that are stuck.
  const over = new Promise<void>((resolve) => setTimeout(resolve, options.seconds * 1000 + 500))
  await Promise.race([Promise.all(running), over])
  return counts
}
