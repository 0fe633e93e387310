/** Node: whether it is well, who it is, how much it stores, how it did in the last minutes, its settings and its log. */
import type { GetNodeResponse } from '../../../../gen/causeway/v1/node_pb.ts'
import { known, self } from '../../api/feed.ts'
import { useCell } from '../../parts/cell.ts'
import { hexOf } from '../../parts/ids.ts'
import { Card, Foreign, Id, State } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { Log } from './log.tsx'
import { Metrics } from './metrics.tsx'
import './node.css'
import { Settings } from './settings.tsx'
import { Storage } from './storage.tsx'

export default function Node() {
  const own = useCell(self)
  const { storage, complete } = useCell(known)
  if (own === undefined || !complete) return <p class="loading">{texts.app.loading}</p>
  return (
    <>
      <h1>{texts.node.title}</h1>
      <div class="node-cards">
        <Health own={own} />
        <Identity own={own} />
        {storage && <Storage storage={storage} />}
        <Metrics />
      </div>
      <Log />
      <Settings />
    </>
  )
}

function Health({ own }: { readonly own: GetNodeResponse }) {
  const isWell = own.damage.length === 0 && own.addresses.length > 0
  return (
    <Card
      title={texts.node.health}
      aside={<State tone={isWell ? 'good' : 'bad'}>{isWell ? texts.node.well : texts.node.unwell}</State>}
    >
      <ul class="facts">
        {own.damage.length === 0 && <li>{texts.node.noDamage}</li>}
        {own.damage.map(({ message }) => (
          <li key={message} class="problem">
            <Foreign text={message} max={400} />
          </li>
        ))}
        <li>{own.addresses.length === 0 ? texts.node.noListen : own.reachProblem || texts.node.reachable}</li>
        {own.relay && <li>{texts.node.relay(own.relay.url, own.relay.connected)}</li>}
        <li>{texts.node.connections(own.connections.length)}</li>
      </ul>
    </Card>
  )
}

function Identity({ own }: { readonly own: GetNodeResponse }) {
  return (
    <Card title={texts.node.identity} aside={<span class="muted">{own.version}</span>}>
      <dl class="pairs">
        <dt>{texts.node.peer}</dt>
        <dd>
          <Id text={hexOf(own.peer)} what={texts.node.peer} />
        </dd>
        <dt>{texts.node.addresses}</dt>
        <dd>
          {own.addresses.map((address) => (
            <Id key={address} text={address} what={address} />
          ))}
          {own.addresses.length === 0 && texts.node.none}
        </dd>
        {own.binding !== '' && (
          <>
            <dt>{texts.node.binding}</dt>
            <dd>
              <Id text={own.binding} what={texts.node.binding} />
            </dd>
          </>
        )}
      </dl>
    </Card>
  )
}
