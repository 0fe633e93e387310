/** The list of keys, of which only those in sight are drawn, so that a store of any size stays fluid. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { useCell } from '../../parts/cell.ts'
import { Empty, Foreign, State, When } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { type Keys, type KeysData, mostKeys, type Row } from './keys-data.ts'

const words = texts.stores
/** As in stores.css. */
const rowHeight = 58
/** Rows that are drawn beyond what is in sight. */
const beyond = 8

export interface KeyListProps {
  readonly data: KeysData
  readonly store: string
  readonly prefix: string
  /** The key that is open. */
  readonly opened: string | undefined
  readonly open: (key: string) => void
}

export function KeyList({ data, store, prefix, opened, open }: KeyListProps) {
  const keys = useCell(data.keys)
  const { rows, isHere, isWhole, error } = keys
  return (
    <div class="keys">
      <p class="keys-count muted" aria-live="polite">
        {isHere ? words.counted(rows.length, isWhole) : ' '}
      </p>
      {error !== '' && <p class="problem">{error}</p>}
      {!isHere && error === '' && <p class="loading">{texts.app.loading}</p>}
      {isHere && isWhole && rows.length === 0 && (
        <Empty title={prefix === '' ? words.noKeys : words.noKeysWith(prefix.slice(0, 60))} />
      )}
      {rows.length > 0 && <Rows {...{ data, keys, store, opened, open }} />}
      {!isWhole && rows.length >= mostKeys && <p class="muted">{words.cut}</p>}
    </div>
  )
}

function Rows({
  data,
  keys: { rows, isWhole },
  store,
  opened,
  open,
}: Omit<KeyListProps, 'prefix'> & { readonly keys: Keys }) {
  const box = useRef<HTMLDivElement>(null)
  const [sight, setSight] = useState({ top: 0, height: 600 })
  const [active, setActive] = useState(() =>
    Math.max(
      0,
      rows.findIndex(({ key }) => key === opened),
    ),
  )
  const first = Math.max(0, Math.floor(sight.top / rowHeight) - beyond)
  const past = Math.min(rows.length, Math.ceil((sight.top + sight.height) / rowHeight) + beyond)
  useEffect(() => {
    const element = box.current!
    const look = () => setSight({ top: element.scrollTop, height: element.clientHeight })
    const resizing = new ResizeObserver(look)
    resizing.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      resizing.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [])
  useEffect(() => {
    if (past > rows.length - 2 * beyond) data.more()
  }, [data, past, rows.length])
  const move = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to))
    setActive(next)
    const element = box.current!
    const [top, bottom] = [next * rowHeight, (next + 1) * rowHeight]
    if (top < element.scrollTop) element.scrollTop = top
    else if (bottom > element.scrollTop + element.clientHeight)
      element.scrollTop = bottom - element.clientHeight
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(sight.height / rowHeight) - 1)
    const moves: Record<string, number> = {
      ...{ ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page },
      ...{ Home: 0, End: rows.length - 1 },
    }
    const to = moves[event.key]
    if (to !== undefined) move(to)
    else if ((event.key === 'Enter' || event.key === ' ') && rows[active] !== undefined)
      open(rows[active].key)
    else return
    event.preventDefault()
  }
  const current = Math.min(active, rows.length - 1)
  return (
    <div
      ref={box}
      class="key-box"
      role="listbox"
      tabIndex={0}
      aria-label={words.keys(store)}
      aria-description={words.keysHint}
      aria-activedescendant={current >= first && current < past ? `key-${current}` : undefined}
      onKeyDown={onKeyDown}
    >
      <div role="presentation" style={{ height: `${rows.length * rowHeight}px` }}>
        {rows.slice(first, past).map((row, index) => {
          const at = first + index
          return (
            // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus, and names the active option.
            // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys.
            <div
              key={row.key}
              id={`key-${at}`}
              class={at === current ? 'key-row active' : 'key-row'}
              role="option"
              aria-selected={row.key === opened}
              aria-posinset={at + 1}
              aria-setsize={isWhole ? rows.length : -1}
              style={{ transform: `translateY(${at * rowHeight}px)` }}
              onClick={() => {
                setActive(at)
                open(row.key)
              }}
            >
              <Line row={row} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

function Line({ row: { key, preview, type, conflicts, ms } }: { readonly row: Row }) {
  return (
    <>
      <span class="key-name">
        <Foreign text={key} />
      </span>
      <span class="key-when muted">
        {conflicts > 0 && <State tone="warn">{words.conflicts(conflicts)}</State>}
        {conflicts === 0 && ms > 0 && <When ms={ms} />}
      </span>
      <span class="key-preview muted">
        <Foreign text={preview} max={150} />
      </span>
      <span class="key-type muted">
        <Foreign text={type} max={40} />
      </span>
    </>
  )
}
