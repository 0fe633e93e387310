/** Stores: what the entries of a tree add up to. The keys of one store, and the one that the reader has opened. */
import type { ComponentType } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { storeCalls } from '../../api/clients.ts'
import { known } from '../../api/feed.ts'
import { useCall, useChanged } from '../../api/use-call.ts'
import { hrefOf, replacePlace } from '../../app/router.ts'
import type { ViewProps } from '../../app/views.ts'
import { useCell } from '../../parts/cell.ts'
import { bytesOf, hexOf, readId } from '../../parts/ids.ts'
import { Empty } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { KeyList } from './key-list.tsx'
import { KeyView } from './key-view.tsx'
import { KeysData } from './keys-data.ts'
import type { TextViewProps } from './text/text-view.tsx'
import { Toolbar } from './toolbar.tsx'
import './stores.css'

const words = texts.stores
/** Names of stores that are listed: a tree of more has its stores found by their keys. */
const mostStores = 1_000

/** The address is stores/TREE/STORE/KEY, with /text for its text; what is left out is chosen here. */
export default function Stores({ rest: [cid = '', store, key, what] }: ViewProps) {
  const { trees, complete } = useCell(known)
  const sorted = [...trees.values()].sort((a, b) => a.name.localeCompare(b.name))
  const id = useMemo(() => readId(cid), [cid])
  const hex = id === undefined ? '' : hexOf(id)
  const tree = trees.get(hex)
  const [first] = sorted
  useEffect(() => {
    if (complete && cid === '' && first !== undefined) replacePlace('stores', first.cid)
  }, [complete, cid, first])
  if (!complete) return <p class="loading">{texts.app.loading}</p>
  if (sorted.length === 0)
    return (
      <>
        <h1>{words.title}</h1>
        <Empty
          title={texts.home.noTrees}
          hint={texts.home.noTreesHint}
          command="causeway tree create notes"
        />
      </>
    )
  if (tree === undefined)
    return cid === '' ? <p class="loading">{texts.app.loading}</p> : <Empty title={texts.tree.unknown} />
  return (
    <OfTree
      key={hex}
      {...{ hex, cid: tree.cid, trees: sorted, store, opened: key }}
      isText={what === 'text'}
    />
  )
}

interface OfTreeProps {
  readonly hex: string
  readonly cid: string
  readonly trees: readonly { readonly cid: string; readonly name: string }[]
  readonly store: string | undefined
  readonly opened: string | undefined
  /** Whether the text of the key is open. */
  readonly isText: boolean
}

function OfTree({ hex, cid, trees, store, opened, isText }: OfTreeProps) {
  const tree = useMemo(() => bytesOf(hex), [hex])
  const sequence = useCell(known).trees.get(hex)?.sequence
  const [prefix, setPrefix] = useState('')
  const { value, error, again } = useCall(
    hex,
    (signal) => storeCalls.listStores({ tree, pageSize: mostStores, texts: true }, { signal }),
    0,
  )
  useChanged(sequence, again)
  const stores = value?.stores ?? []
  const [first] = stores
  useEffect(() => {
    if (store === undefined && first !== undefined) replacePlace('stores', cid, first)
  }, [store, first, cid])
  const go = (...parts: string[]) => {
    location.hash = hrefOf('stores', cid, ...parts)
  }
  if (isText && store !== undefined && opened !== undefined)
    return (
      <div class="stores-view">
        <h1 class="for-readers">{words.title}</h1>
        <OpenedText key={`${store}\0${opened}`} {...{ tree, cid, store, name: opened }} />
      </div>
    )
  return (
    <div class={opened === undefined ? 'stores-view' : 'stores-view has-key'}>
      <h1>{words.title}</h1>
      <Toolbar
        {...{ cid, trees, store, prefix, setPrefix }}
        stores={stores}
        openKey={(of, name) => go(of, name)}
      />
      {error !== '' && <p class="problem">{error}</p>}
      {store === undefined && value !== undefined && stores.length === 0 && (
        <Empty title={words.noStores} hint={words.noStoresHint} />
      )}
      {store !== undefined && <OfStore key={store} {...{ tree, cid, store, prefix, opened, go }} />}
    </div>
  )
}

/** Loads what edits texts, which has half the bytes of all the rest, when the first one is opened. */
function OpenedText(props: TextViewProps) {
  const [View, setView] = useState<{ readonly Text: ComponentType<TextViewProps> }>()
  const [isBroken, setBroken] = useState(false)
  useEffect(() => {
    import('./text/text-view.tsx').then(
      (module) => setView({ Text: module.default }),
      () => setBroken(true),
    )
  }, [])
  if (isBroken) return <Empty title={texts.app.failed} hint={texts.app.reload} />
  return View === undefined ? <p class="loading">{texts.app.loading}</p> : <View.Text {...props} />
}

interface OfStoreProps {
  readonly tree: Uint8Array
  readonly cid: string
  readonly store: string
  readonly prefix: string
  readonly opened: string | undefined
  readonly go: (...parts: string[]) => void
}

function OfStore({ tree, cid, store, prefix, opened, go }: OfStoreProps) {
  const [data, setData] = useState<KeysData>()
  // A key that is open is followed too, also if the list is of others.
  const watched = opened === undefined ? prefix : commonStart(prefix, opened)
  useEffect(() => {
    const made = new KeysData({ tree, store, prefix, watched })
    setData(made)
    return () => made.close()
  }, [tree, store, prefix, watched])
  const close = () => {
    go(store)
    document.querySelector<HTMLElement>('.key-box')?.focus()
  }
  if (data === undefined) return null
  return (
    <div class="stores-body">
      <KeyList key={prefix} {...{ data, store, opened, prefix }} open={(key) => go(store, key)} />
      <div class="key-pane">
        {opened === undefined || opened === '' ? (
          <p class="muted choose">{words.choose}</p>
        ) : (
          <KeyView key={opened} {...{ tree, cid, store, data, close, name: opened }} />
        )}
      </div>
    </div>
  )
}

function commonStart(one: string, other: string): string {
  let at = 0
  while (at < one.length && one[at] === other[at]) at++
  return one.slice(0, at)
}
