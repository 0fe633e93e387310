/** How much the node stores of what it may: in all, by tree, and, once a reader asks, by author. */
import { useState } from 'preact/hooks'
import type { AuthorStorage, NodeStorage } from '../../../../gen/causeway/v1/node_pb.ts'
import type { Tree } from '../../../../gen/causeway/v1/tree_pb.ts'
import { nodeCalls } from '../../api/clients.ts'
import { known } from '../../api/feed.ts'
import { useCall } from '../../api/use-call.ts'
import { useCell } from '../../parts/cell.ts'
import { bytes } from '../../parts/format.ts'
import { hexOf, shortPeer } from '../../parts/ids.ts'
import { Bar, Card, Foreign, PeerName, plain } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'

const words = texts.node
/** Trees and authors that are shown, the largest first. */
const mostShown = 20

export function Storage({ storage }: { readonly storage: NodeStorage }) {
  const { trees } = useCell(known)
  const [entries, chunks, max] = [
    Number(storage.entryBytes),
    Number(storage.chunkBytes),
    Number(storage.maxBytes),
  ]
  const used = entries + chunks
  const bySize = [...trees.values()].sort((a, b) => Number(b.bytes - a.bytes))
  return (
    <Card title={words.storage} aside={<strong>{words.of(used, max)}</strong>}>
      <Bar value={used} max={max} name={words.usedName} text={words.of(used, max)} />
      <p class="muted parts-line">
        <span>
          {bytes(entries)} {words.entriesPart}
        </span>
        <span>
          {bytes(chunks)} {words.blobsPart}
        </span>
        <span>
          {bytes(Math.max(0, max - used))} {words.free}
        </span>
      </p>
      <h3>{words.perTree}</h3>
      <p class="muted">
        {words.treeBound(Number(storage.maxTreeBytes))} {bytes(storage.maxAuthorBytes)}.
      </p>
      <ul class="shares">
        {bySize.slice(0, mostShown).map((tree) => (
          <TreeShare key={hexOf(tree.id)} tree={tree} max={Number(storage.maxTreeBytes)} />
        ))}
      </ul>
      {bySize.length > mostShown && <p class="muted">{texts.tree.more(bySize.length - mostShown)}</p>}
    </Card>
  )
}

function TreeShare({ tree, max }: { readonly tree: Tree; readonly max: number }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <li>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span class="share-line">
            <Foreign text={texts.home.tree(tree.name)} max={60} />
            <span class="number">{bytes(tree.bytes)}</span>
          </span>
          <Bar
            value={Number(tree.bytes)}
            max={max}
            name={`${words.share}: ${plain(tree.name, 60)}`}
            text={words.of(Number(tree.bytes), max)}
          />
        </summary>
        {isOpen && <Authors tree={tree} />}
      </details>
    </li>
  )
}

/** Who takes how much of a tree. */
function Authors({ tree }: { readonly tree: Tree }) {
  const { value, error } = useCall(tree.cid, (signal) =>
    nodeCalls.listAuthorStorage({ tree: tree.id, pageSize: mostShown }, { signal }),
  )
  if (error !== '') return <p class="problem">{error}</p>
  if (value === undefined) return <p class="loading">{texts.app.loading}</p>
  return (
    <ul class="shares authors" aria-label={words.byAuthor}>
      {value.authors.map((author) => (
        <Author key={author.shared + hexOf(author.peer)} author={author} />
      ))}
    </ul>
  )
}

function Author({
  author: { peer, shared, entryBytes, chunkBytes, maxBytes },
}: {
  readonly author: AuthorStorage
}) {
  const used = Number(entryBytes + chunkBytes)
  const max = Number(maxBytes)
  const together = Object.hasOwn(words.shared, shared) ? words.shared[shared as 'others'] : shared
  return (
    <li>
      <span class="share-line">
        {peer.length > 0 ? <PeerName peer={peer} /> : <span>{together}</span>}
        <span class="number">
          {bytes(used)} <span class="muted">{max === 0 && words.noBound}</span>
        </span>
      </span>
      {max > 0 && (
        <Bar
          value={used}
          max={max}
          name={words.authorShare(peer.length > 0 ? shortPeer(hexOf(peer)) : together)}
          text={words.of(used, max)}
        />
      )}
    </li>
  )
}
