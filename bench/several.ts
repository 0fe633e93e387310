/**
 * A newcomer fetches a tree from one, two and three peers at once. Each peer is behind a proxy that limits its bytes
 * per second: on one machine all peers share the processors, so the gain shows only if the connection is the
 * bottleneck.
 */
import type { TreeId } from '../src/dag/id.ts'
import type { PeerId } from '../src/dag/identity.ts'
import { formatTicket } from '../src/peer/ticket.ts'
import { TcpProxy } from '../test/kit/tcp-proxy.ts'
import type { Case, Row } from './harness.ts'
import { PeerProcess } from './process.ts'

const bytesPerSecond = 250_000
const peers = 3

export const several: Case = {
  name: 'several',
  summary: `an empty node fetches a tree from 1 to ${peers} peers, each at ${bytesPerSecond / 1e3} KB/s (ratio: to the speed from one)`,
  async run({ small, stores, note }) {
    const prepared = await stores.tree(small ? 1_000 : 10_000)
    const sources: { peer: PeerId; addresses: string[] }[] = []
    const open: AsyncDisposable[] = []
    try {
      for (let index = 0; index < peers; index++) {
        const serving = new PeerProcess(`serving-${index}`)
        open.unshift(serving)
        const folder = stores.copy(prepared)
        const { address, peer } = await serving.call('open', { folder, transport: 'http' })
        const { hostname, port } = new URL(address)
        const proxy = await TcpProxy.start({ host: hostname, port: Number(port) }, { bytesPerSecond })
        open.unshift(proxy)
        sources.push({ peer: peer as PeerId, addresses: [proxy.address] })
      }
      const rows: Row[] = []
      for (let count = 1; count <= peers; count++) {
        await using syncing = new PeerProcess('syncing')
        await syncing.call('open', { folder: stores.empty(), transport: 'http' })
        const [issuer, ...others] = sources.slice(0, count)
        const ticket = formatTicket({ tree: prepared.tree as TreeId, ...issuer!, others })
        const { received, seconds, bytes, parts, equal } = await syncing.call('syncBy', { ticket })
        if (!equal || received !== prepared.count)
          throw new Error(`The newcomer has ${received} of ${prepared.count} entries.`)
        const one = rows[0]?.perSecond ?? received / seconds
        rows.push({
          name: `from ${count} peer(s)`,
          entries: received,
          seconds,
          perSecond: received / seconds,
          bytes,
          bytesBeside: bytes - prepared.bytes,
          ofFloor: received / seconds / one,
        })
        note(
          `from ${count}: ${seconds.toFixed(1)} s${parts.length > 0 ? `, ${parts.join(' + ')} entries` : ''}`,
        )
      }
      return rows
    } finally {
      for (const each of open) await each[Symbol.asyncDispose]()
    }
  },
}
