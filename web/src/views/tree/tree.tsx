/** A tree: its entries drawn as they stand on each other, newest at the top, and the one that the reader has chosen. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Tree as TreeMessage } from '../../../../gen/causeway/v1/tree_pb.ts'
import { known, peers, self } from '../../api/feed.ts'
import { hrefOf } from '../../app/router.ts'
import type { ViewProps } from '../../app/views.ts'
import { useCell } from '../../parts/cell.ts'
import { bytesOf, hexOf, readId, shortPeer } from '../../parts/ids.ts'
import { Empty, Foreign, PeerName } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { Canvas } from './canvas.ts'
import { Details } from './details.tsx'
import type { Lanes } from './draw.ts'
import { SearchBox } from './search-box.tsx'
import './tree.css'

const words = texts.tree

export default function Tree({ rest: [cid = '', entry = ''] }: ViewProps) {
  const { trees, complete } = useCell(known)
  const id = useMemo(() => readId(cid), [cid])
  const hex = id === undefined ? '' : hexOf(id)
  const tree = trees.get(hex)
  if (!complete) return <p class="loading">{texts.app.loading}</p>
  if (tree === undefined) return <Empty title={words.unknown} />
  return <Drawn key={hex} hex={hex} tree={tree} entry={entry} />
}

interface DrawnProps {
  readonly hex: string
  readonly tree: TreeMessage
  /** The entry that the address names, in text form; '' if it names none. */
  readonly entry: string
}

function Drawn({ hex, tree, entry }: DrawnProps) {
  const place = useRef<HTMLCanvasElement>(null)
  const [canvas, setCanvas] = useState<Canvas>()
  const [selected, setSelected] = useState<string>()
  const [lanes, setLanes] = useState<Lanes>('author')
  const [view, setView] = useState({ height: 0, isCut: false, authors: [] as readonly string[], version: 0 })
  const height = Number(tree.height)
  useEffect(() => {
    const made = new Canvas(place.current!, hex, tree, {
      nameOf,
      voidText: words.voidShort,
      onSelect: setSelected,
      onView: (next) => setView((before) => ({ ...next, version: before.version + 1 })),
    })
    setCanvas(made)
    return () => made.close()
  }, [hex])
  useEffect(() => canvas?.setTree(tree), [canvas, tree])
  useEffect(() => {
    const id = readId(entry)
    if (id !== undefined) canvas?.find(hexOf(id)).catch(() => canvas.select(hexOf(id)))
  }, [canvas, entry])
  useEffect(() => canvas?.setLanes(lanes), [canvas, lanes])
  return (
    <div class="tree-view">
      <div class="tree-head">
        <h1>
          <Foreign text={texts.home.tree(tree.name)} max={60} />
        </h1>
        <p class="muted">
          {texts.units.entries(Number(tree.count))}, {texts.home.height(height)},{' '}
          {texts.home.tips(Number(tree.tipCount))}
        </p>
        <p class="place-links">
          <a href={hrefOf('people', tree.cid)}>{texts.app.views.people}</a>
        </p>
        <SearchBox tree={hex} highest={height} onFound={(id, at) => canvas?.show(id, at)} />
      </div>
      <Tools canvas={canvas} lanes={lanes} setLanes={setLanes} />
      <div class={selected === undefined ? 'tree-body' : 'tree-body has-details'}>
        <div class="drawing">
          {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: it takes keys, and says which. */}
          <canvas
            ref={place}
            tabIndex={0}
            role="application"
            aria-roledescription={words.canvasRole}
            aria-label={words.canvas(tree.name)}
          />
          <input
            class="height-slider"
            type="range"
            aria-label={words.place}
            min={0}
            max={height}
            value={view.height}
            onInput={(event) => canvas?.goTo(Number(event.currentTarget.value))}
          />
          {view.isCut && <p class="cut muted">{words.tooMany}</p>}
        </div>
        {selected !== undefined && (
          <aside class="details">
            <Details
              tree={tree.cid}
              id={selected}
              sequence={tree.sequence}
              children={canvas?.childrenOf(selected) ?? []}
              choose={(id) => void canvas?.find(id)}
              close={() => canvas?.select(undefined)}
            />
          </aside>
        )}
      </div>
      <ul class="legend" aria-label={words.legend}>
        {view.authors.map((author) => (
          <li key={author}>
            <PeerName peer={bytesOf(author)} />
          </li>
        ))}
      </ul>
    </div>
  )
}

function nameOf(author: string): string {
  const own = self.get()
  if (own !== undefined && hexOf(own.peer) === author) return texts.parts.self
  return peers.get().get(author)?.name || shortPeer(author)
}

function Tools({
  canvas,
  lanes,
  setLanes,
}: {
  readonly canvas: Canvas | undefined
  readonly lanes: Lanes
  readonly setLanes: (lanes: Lanes) => void
}) {
  return (
    <div class="tools">
      <fieldset class="choice">
        <legend class="muted">{words.lanes}</legend>
        {(['author', 'branch'] as const).map((each) => (
          <label key={each}>
            <input type="radio" name="lanes" checked={lanes === each} onChange={() => setLanes(each)} />
            {each === 'author' ? words.byAuthor : words.byBranch}
          </label>
        ))}
      </fieldset>
      <div class="tool-buttons">
        <button type="button" class="button" onClick={() => canvas?.zoom(1 / 1.4)} aria-label={words.zoomOut}>
          −
        </button>
        <button type="button" class="button" onClick={() => canvas?.zoom(1.4)} aria-label={words.zoomIn}>
          +
        </button>
        <button type="button" class="button" onClick={() => canvas?.goTo(Number.POSITIVE_INFINITY)}>
          {words.newest}
        </button>
      </div>
    </div>
  )
}
