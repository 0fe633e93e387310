/** A tree on Home: what it holds, how far a first sync is, and each of its links. */
import { LinkPlace, type LinkStatus } from '../../../../gen/causeway/v1/node_pb.ts'
import type { Tree } from '../../../../gen/causeway/v1/tree_pb.ts'
import { linkKey, progress } from '../../api/feed.ts'
import { hrefOf } from '../../app/router.ts'
import { useNow } from '../../parts/cell.ts'
import { bytes } from '../../parts/format.ts'
import { bytesOf, cidOf, hexOf, shortCid } from '../../parts/ids.ts'
import { Bar, Foreign, PeerName, State, When } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { stateOf, tones } from './link-state.ts'

export function TreeCard({
  id,
  tree,
  links,
}: {
  readonly id: string
  readonly tree: Tree | undefined
  readonly links: readonly LinkStatus[]
}) {
  const cid = tree?.cid ?? cidOf(bytesOf(id))
  const name = tree === undefined ? texts.home.toCome : texts.home.tree(tree.name)
  return (
    <section class="card tree-card">
      <header class="card-head">
        <h2>
          {tree === undefined ? (
            name
          ) : (
            <a href={hrefOf('tree', cid)}>
              <Foreign text={name} max={80} />
            </a>
          )}
        </h2>
        <code class="muted" title={cid}>
          {shortCid(cid)}
        </code>
      </header>
      {tree !== undefined && <Counts tree={tree} />}
      {tree !== undefined && tree.damage !== '' && (
        <p class="problem">
          {texts.home.damaged}: <Foreign text={tree.damage} max={400} />
        </p>
      )}
      <Fetching id={id} tree={tree} links={links} name={name} />
      {links.length === 0 ? (
        <p class="muted alone">{texts.home.alone}</p>
      ) : (
        <ul class="links">
          {links
            .filter(({ place }) => place !== LinkPlace.PASSIVE)
            .map((link) => (
              <Link key={hexOf(link.peer)} link={link} />
            ))}
        </ul>
      )}
      <Neighbours links={links} />
    </section>
  )
}

/** Of a tree with many members: to how many neighbours everything was told, and how many further members are known. */
function Neighbours({ links }: { readonly links: readonly LinkStatus[] }) {
  const others = links.filter(({ place }) => place === LinkPlace.PASSIVE).length
  const neighbours = links.filter(({ place }) => place === LinkPlace.NEIGHBOUR)
  if (others + neighbours.length === 0) return null
  const told = neighbours.filter(({ heard, oldestPendingMs }) => heard && oldestPendingMs === 0n).length
  return <p class="muted">{texts.home.neighbours(told, neighbours.length, others)}</p>
}

function Counts({ tree }: { readonly tree: Tree }) {
  return (
    <p class="counts">
      <strong>{texts.units.entries(Number(tree.count))}</strong>
      <span>{texts.home.height(Number(tree.height))}</span>
      <span>{texts.home.tips(Number(tree.tipCount))}</span>
      <span>{bytes(tree.bytes)}</span>
    </p>
  )
}

/** Fewer entries arrive before a reader could read how many are left. */
const leastToShow = 1000

/** How far the tree is on its way here, while it lacks many entries. */
function Fetching({
  id,
  tree,
  links,
  name,
}: {
  readonly id: string
  readonly tree: Tree | undefined
  readonly links: readonly LinkStatus[]
  readonly name: string
}) {
  const now = useNow()
  const have = Number(tree?.count ?? 0)
  const left = Math.max(0, ...links.map((link) => progress.left(linkKey(link), Number(link.weBehind), have)))
  const isFetching = links.some(({ active }) => active)
  if (!isFetching || left < leastToShow) {
    progress.ended(id)
    return null
  }
  const all = progress.total(id, have, left)
  const { rate, byteRate } = progress.growth(id, now)
  const text = texts.home.progress(have, all)
  return (
    <div class="fetching">
      <Bar value={have} max={all} name={texts.home.progressName(name)} text={text} />
      <p class="muted">
        <span>{text}</span>
        {rate > 0 && <span>{texts.home.rate(rate, byteRate)}</span>}
        {rate > 0 && <span>{texts.home.left(((all - have) / rate) * 1000)}</span>}
      </p>
    </div>
  )
}

function Link({ link }: { readonly link: LinkStatus }) {
  const state = stateOf(link)
  const isLate = Number(link.nextAttemptMs) <= Date.now()
  const reason = state === 'inSync' ? '' : link.parked || link.lastErrorMessage || link.polled
  return (
    <li class="link">
      <div class="link-line">
        <PeerName peer={link.peer} />
        <State tone={tones[state]}>{texts.states[state]}</State>
      </div>
      <p class="link-facts muted">
        {link.weBehind > 0n && <span>{texts.home.behind(Number(link.weBehind))}</span>}
        {link.peerBehind > 0n && <span>{texts.home.peerBehind(Number(link.peerBehind))}</span>}
        {link.oldestPendingMs > 0n && (
          <When ms={Number(link.oldestPendingMs)} say={(ago) => texts.home.pending(ago)} />
        )}
        {link.lastSuccessMs > 0n ? (
          <When ms={Number(link.lastSuccessMs)} say={texts.home.equalSince} />
        ) : (
          <span>{texts.home.never}</span>
        )}
        {link.attempts > 0 && <span>{texts.home.tries(link.attempts)}</span>}
        {state !== 'inSync' &&
          link.nextAttemptMs > 0n &&
          !link.active &&
          (isLate ? (
            <span>{texts.home.nextNow}</span>
          ) : (
            <When ms={Number(link.nextAttemptMs)} say={texts.home.next} />
          ))}
      </p>
      {reason !== '' && (
        <p class="link-reason">
          <Foreign text={reason} max={400} />
        </p>
      )}
    </li>
  )
}
