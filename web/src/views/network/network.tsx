/** Network: the peers with their addresses and the paths to them, and what the node found when it examined itself. */
import { useState } from 'preact/hooks'
import {
  type Connection,
  FindingSeverity,
  type Peer,
  type PeerAddress,
} from '../../../../gen/causeway/v1/node_pb.ts'
import { nodeCalls } from '../../api/clients.ts'
import { peers, self } from '../../api/feed.ts'
import { useCall } from '../../api/use-call.ts'
import { useCell } from '../../parts/cell.ts'
import { bytes } from '../../parts/format.ts'
import { hexOf, shortPeer } from '../../parts/ids.ts'
import { Card, Empty, Foreign, Id, PeerName, State, type Tone, When } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import './network.css'
import { reachOf } from './reach.ts'

const words = texts.network
/** Peers that are shown: a book has up to 4,096, of which those that are connected come first. */
const mostShown = 200

export default function Network() {
  const book = useCell(peers)
  const own = useCell(self)
  if (own === undefined) return <p class="loading">{texts.app.loading}</p>
  const byPeer = new Map<string, Connection[]>()
  for (const connection of own.connections) {
    const hex = hexOf(connection.peer)
    byPeer.set(hex, [...(byPeer.get(hex) ?? []), connection])
  }
  const sorted = [...book.values()].sort(
    (a, b) =>
      Number(byPeer.has(hexOf(b.peer))) - Number(byPeer.has(hexOf(a.peer))) || a.name.localeCompare(b.name),
  )
  const strangers = own.connections.filter(({ peer }) => !book.has(hexOf(peer)))
  return (
    <>
      <h1>{texts.app.views.network}</h1>
      <Doctor />
      <h2 class="part-title">{texts.units.peers(sorted.length)}</h2>
      {sorted.length === 0 && (
        <Empty title={words.noPeers} hint={words.noPeersHint} command="causeway link TICKET" />
      )}
      <div class="peer-cards">
        {sorted.slice(0, mostShown).map((peer) => (
          <PeerCard key={hexOf(peer.peer)} peer={peer} connections={byPeer.get(hexOf(peer.peer)) ?? []} />
        ))}
      </div>
      {sorted.length > mostShown && <p class="muted">{texts.tree.more(sorted.length - mostShown)}</p>}
      {strangers.length > 0 && (
        <Card title={words.others}>
          <ul class="paths">
            {strangers.slice(0, mostShown).map((connection, index) => (
              <Path key={`${connection.remoteAddress} ${index}`} connection={connection} isNamed />
            ))}
          </ul>
        </Card>
      )}
    </>
  )
}

function PeerCard({
  peer,
  connections,
}: {
  readonly peer: Peer
  readonly connections: readonly Connection[]
}) {
  const hex = hexOf(peer.peer)
  const isConnected = connections.length > 0
  return (
    <Card
      title={<PeerName peer={peer.peer} />}
      aside={
        peer.blocked ? (
          <State tone="bad">{words.blocked}</State>
        ) : (
          <State tone={isConnected ? 'good' : 'quiet'}>{isConnected ? words.connected : words.away}</State>
        )
      }
    >
      <p class="muted peer-facts">
        <Id text={hex} short={shortPeer(hex)} what={texts.node.peer} />
        <span>{words.linked(peer.trees.length)}</span>
      </p>
      {isConnected && (
        <ul class="paths">
          {connections.map((connection, index) => (
            <Path key={`${connection.remoteAddress} ${index}`} connection={connection} />
          ))}
        </ul>
      )}
      <h3>{words.addresses(peer.addresses.length)}</h3>
      <ul class="paths">
        {peer.addresses.map((address) => (
          <Address key={address.address} address={address} />
        ))}
      </ul>
    </Card>
  )
}

function Path({
  connection,
  isNamed = false,
}: {
  readonly connection: Connection
  readonly isNamed?: boolean
}) {
  const { path, transport, inbound, remoteAddress, roundTripMs, bytesSent, bytesReceived, peer } = connection
  const kind =
    path === 'direct'
      ? `${words.paths.direct}${words.within[reachOf(remoteAddress)]}`
      : words.paths[path === 'relay' ? 'relay' : 'unknown']
  return (
    <li>
      {isNamed && (peer.length > 0 ? <PeerName peer={peer} /> : <span>{words.stranger}</span>)}
      <strong>{kind}</strong>
      <span>
        {transport}, {inbound ? words.inbound : words.outbound}
      </span>
      <code>
        <Foreign text={remoteAddress} />
      </code>
      {roundTripMs > 0 && <span>{words.roundTrip(roundTripMs)}</span>}
      {bytesSent + bytesReceived > 0n && (
        <span>
          ↑ {bytes(bytesSent)} ↓ {bytes(bytesReceived)}
        </span>
      )}
    </li>
  )
}

function Address({ address }: { readonly address: PeerAddress }) {
  const [good, bad] = [Number(address.lastSuccessMs), Number(address.lastFailureMs)]
  const isGood = good > 0 && good >= bad
  return (
    <li>
      <code>
        <Foreign text={address.address} max={200} />
      </code>
      <span class="muted">
        {Object.hasOwn(words.sources, address.source)
          ? words.sources[address.source as keyof typeof words.sources]
          : address.source}
      </span>
      {good + bad === 0 ? (
        <span class="muted">{words.untried}</span>
      ) : (
        <span class={isGood ? 'muted' : 'problem'}>
          <When ms={isGood ? good : bad} say={isGood ? words.worked : words.failed} />
        </span>
      )}
    </li>
  )
}

const tones: Readonly<Record<FindingSeverity, Tone>> = {
  [FindingSeverity.UNSPECIFIED]: 'quiet',
  [FindingSeverity.FINE]: 'good',
  [FindingSeverity.NOTICE]: 'warn',
  [FindingSeverity.PROBLEM]: 'bad',
}

/** What the node finds when it examines itself, which takes a moment. */
function Doctor() {
  const [turn, setTurn] = useState(0)
  const { value, error } = useCall(`${turn}`, (signal) => nodeCalls.diagnose({}, { signal }), 0)
  const findings = value?.findings
  return (
    <Card
      title={words.doctor}
      aside={
        <button type="button" class="button" onClick={() => setTurn(turn + 1)}>
          {words.examine}
        </button>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keys. */}
      <section aria-live="polite" class="findings-place" aria-label={words.findings} tabIndex={0}>
        {error !== '' && <p class="problem">{error}</p>}
        {findings === undefined && error === '' && <p class="loading">{words.examining}</p>}
        <ul class="findings">
          {findings?.map(({ topic, severity, message, advice }, index) => (
            <li key={`${topic} ${index}`}>
              <State tone={tones[severity] ?? 'quiet'}>{words.severities[severity] ?? ''}</State>
              <div>
                <Foreign text={message} max={600} />
                {advice !== '' && (
                  <p class="muted">
                    <Foreign text={advice} max={600} />
                  </p>
                )}
              </div>
            </li>
          ))}
        </ul>
      </section>
    </Card>
  )
}
