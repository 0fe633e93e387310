/** Home: every tree with its links, and whether both sides of each are equal, as it changes. */
import { LinkPlace, type LinkStatus } from '../../../../gen/causeway/v1/node_pb.ts'
import type { Tree } from '../../../../gen/causeway/v1/tree_pb.ts'
import { known } from '../../api/feed.ts'
import { useCell } from '../../parts/cell.ts'
import { hexOf } from '../../parts/ids.ts'
import { Empty } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import './home.css'
import { stateOf } from './link-state.ts'
import { TreeCard } from './tree-card.tsx'

export default function Home() {
  const { trees, links, complete } = useCell(known)
  if (!complete) return <p class="loading">{texts.app.loading}</p>
  const byTree = new Map<string, LinkStatus[]>()
  for (const link of links.values()) {
    const id = hexOf(link.tree)
    const all = byTree.get(id)
    if (all === undefined) byTree.set(id, [link])
    else all.push(link)
  }
  // A tree that is linked and not here yet has links, and no tree.
  const ids = [...new Set([...trees.keys(), ...byTree.keys()])]
  const sorted = ids.sort(
    (a, b) => (trees.get(a)?.name ?? '').localeCompare(trees.get(b)?.name ?? '') || (a < b ? -1 : 1),
  )
  return (
    <>
      <h1>{texts.home.title}</h1>
      <Summary
        trees={[...trees.values()]}
        links={[...links.values()].filter(({ place }) => place !== LinkPlace.PASSIVE)}
      />
      {sorted.length === 0 && (
        <Empty
          title={texts.home.noTrees}
          hint={texts.home.noTreesHint}
          command="causeway tree create notes"
        />
      )}
      <div class="tree-cards">
        {sorted.map((id) => (
          <TreeCard key={id} id={id} tree={trees.get(id)} links={byTree.get(id) ?? []} />
        ))}
      </div>
    </>
  )
}

/** How things stand, in one line. */
function Summary({
  trees,
  links,
}: {
  readonly trees: readonly Tree[]
  readonly links: readonly LinkStatus[]
}) {
  const equal = links.filter((link) => stateOf(link) === 'inSync').length
  const isEqual = equal === links.length
  const title =
    links.length === 0
      ? texts.home.noLinks
      : isEqual
        ? texts.home.allEqual
        : texts.home.someBehind(links.length - equal, links.length)
  const entries = trees.reduce((sum, { count }) => sum + Number(count), 0)
  const size = trees.reduce((sum, { bytes }) => sum + Number(bytes), 0)
  return (
    <div class={`summary ${links.length === 0 ? 'none' : isEqual ? 'equal' : 'differs'}`}>
      <svg class="sides" viewBox="0 0 64 32" aria-hidden="true">
        <path d="M16 16h32" />
        <circle cx="16" cy="16" r="9" />
        <circle cx="48" cy="16" r="9" />
      </svg>
      <div>
        <p class="summary-title" role="status">
          {title}
        </p>
        <p class="muted">{texts.home.summary(trees.length, entries, size)}</p>
      </div>
    </div>
  )
}
