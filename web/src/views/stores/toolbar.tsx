/** Above the keys: the tree, the store, what the keys begin with, and the way to a key that is not there yet. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { hrefOf } from '../../app/router.ts'
import { shortCid } from '../../parts/ids.ts'
import { plain } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'

const words = texts.stores
/** How long the reader has to pause before the keys are searched. */
const quietMs = 250

export interface ToolbarProps {
  readonly cid: string
  readonly trees: readonly { readonly cid: string; readonly name: string }[]
  readonly stores: readonly string[]
  readonly store: string | undefined
  readonly prefix: string
  readonly setPrefix: (prefix: string) => void
  readonly openKey: (store: string, key: string) => void
}

export function Toolbar({ cid, trees, stores, store, prefix, setPrefix, openKey }: ToolbarProps) {
  const [isAdding, setAdding] = useState(false)
  const listed = store === undefined || stores.includes(store) ? stores : [...stores, store]
  return (
    <div class="stores-tools">
      <label>
        <span class="muted">{words.tree}</span>
        <select
          value={cid}
          onChange={(event) => {
            location.hash = hrefOf('stores', event.currentTarget.value)
          }}
        >
          {trees.map((tree) => (
            <option key={tree.cid} value={tree.cid}>
              {plain(texts.home.tree(tree.name), 60)} {shortCid(tree.cid)}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="muted">{words.store}</span>
        <select
          value={store}
          disabled={listed.length === 0}
          onChange={(event) => {
            setPrefix('')
            location.hash = hrefOf('stores', cid, event.currentTarget.value)
          }}
        >
          {listed.map((name) => (
            <option key={name} value={name}>
              {plain(name, 60)}
            </option>
          ))}
        </select>
      </label>
      <Prefix key={`${cid} ${store}`} prefix={prefix} setPrefix={setPrefix} />
      <button type="button" class="button" aria-expanded={isAdding} onClick={() => setAdding(!isAdding)}>
        {words.newKey}
      </button>
      {isAdding && (
        <NewKey
          store={store ?? ''}
          open={(of, key) => {
            setAdding(false)
            openKey(of, key)
          }}
        />
      )}
    </div>
  )
}

function Prefix({
  prefix,
  setPrefix,
}: {
  readonly prefix: string
  readonly setPrefix: (prefix: string) => void
}) {
  const [text, setText] = useState(prefix)
  useEffect(() => {
    if (text === prefix) return
    const timer = setTimeout(() => setPrefix(text), quietMs)
    return () => clearTimeout(timer)
  }, [text, prefix, setPrefix])
  return (
    <label class="grow">
      <span class="muted">{words.prefix}</span>
      <input
        type="text"
        value={text}
        maxLength={512}
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
      />
    </label>
  )
}

/** Opens a key by its name, whether it is there or not. */
function NewKey({
  store,
  open,
}: {
  readonly store: string
  readonly open: (store: string, key: string) => void
}) {
  const [of, setOf] = useState(store)
  const [key, setKey] = useState('')
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => input.current?.focus(), [])
  const isReady = of !== '' && key !== ''
  const submit = (event: Event) => {
    event.preventDefault()
    if (isReady) open(of, key)
  }
  return (
    <form class="new-key" onSubmit={submit}>
      <label>
        <span class="muted">{words.newStore}</span>
        <input
          type="text"
          value={of}
          maxLength={64}
          spellcheck={false}
          onInput={(event) => setOf(event.currentTarget.value)}
        />
      </label>
      <label class="grow">
        <span class="muted">{words.key}</span>
        <input
          ref={input}
          type="text"
          value={key}
          maxLength={512}
          spellcheck={false}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button primary" disabled={!isReady}>
        {words.open}
      </button>
    </form>
  )
}
