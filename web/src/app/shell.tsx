/** What is around every view: the navigation, the state of the connection, and the view of the present place. */
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { behind, connection } from '../api/connection.ts'
import { self } from '../api/feed.ts'
import { sessionOver } from '../api/session.ts'
import { useCell } from '../parts/cell.ts'
import { timeOfDay } from '../parts/format.ts'
import { icons } from '../parts/icons.tsx'
import { hexOf, shortPeer } from '../parts/ids.ts'
import { Empty, PeerDot, State } from '../parts/parts.tsx'
import { texts } from '../texts.ts'
import { hrefOf, usePlace } from './router.ts'
import { theme, turnTheme } from './theme.ts'
import { type ViewName, type ViewProps, views } from './views.ts'

const names = Object.keys(texts.app.views) as (keyof typeof texts.app.views)[]

export function Shell() {
  const { view, rest } = usePlace()
  const isOver = useCell(sessionOver)
  const state = useCell(connection)
  const isBehind = useCell(behind) > 0
  const main = useRef<HTMLElement>(null)
  const last = useRef(view)
  useEffect(() => {
    const title = texts.app.titles[view as ViewName]
    document.title = title ? `${title} · ${texts.app.name}` : texts.app.name
    // A reader of the screen hears where it is; the first view is heard as the page opens. Within a view, it says so.
    if (last.current !== view) main.current?.focus({ preventScroll: true })
    last.current = view
  }, [view])
  if (isOver) return <Over />
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        {texts.app.skip}
      </button>
      <Side view={view} />
      <div class="body">
        {state.state === 'lost' && (
          <div class="lost" role="status">
            {texts.app.lost(timeOfDay(state.since))}
          </div>
        )}
        <main ref={main} tabIndex={-1} class={state.state === 'lost' || isBehind ? 'stale' : ''}>
          <View name={view} rest={rest} />
        </main>
      </div>
    </div>
  )
}

function Side({ view }: { readonly view: string }) {
  const own = useCell(self)
  const chosen = useCell(theme)
  return (
    <header class="side">
      <div class="brand">
        <img src="./causeway.svg" width="28" height="28" alt="" />
        <div>
          <span class="brand-name">{texts.app.name}</span>
          <span class="brand-node">
            {own && (
              <>
                <PeerDot peer={hexOf(own.peer)} />
                <code>{shortPeer(hexOf(own.peer))}</code>
              </>
            )}
          </span>
        </div>
      </div>
      <nav aria-label={texts.app.nav}>
        {names.map((name) => {
          const Icon = icons[name]
          return (
            <a
              key={name}
              href={hrefOf(name)}
              aria-current={name === view || (name === 'trees' && view === 'tree') ? 'page' : undefined}
            >
              <Icon />
              <span>{texts.app.views[name]}</span>
            </a>
          )
        })}
      </nav>
      <div class="side-foot">
        <Connection />
        <button
          type="button"
          class="theme"
          onClick={turnTheme}
          aria-label={texts.app.theme[chosen]}
          title={texts.app.theme[chosen]}
        >
          <icons.theme />
        </button>
      </div>
    </header>
  )
}

function Connection() {
  const { state } = useCell(connection)
  if (state === 'live') return <State tone="good">{texts.app.live}</State>
  if (state === 'lost') return <State tone="bad">{texts.app.lostShort}</State>
  return <State tone="busy">{texts.app.opening}</State>
}

/** Loads the code of a view the first time that it is shown. */
function View({ name, rest }: { readonly name: string; readonly rest: readonly string[] }) {
  const [loaded, setLoaded] = useState<{ name: string; View: ComponentType<ViewProps> } | undefined>()
  const [isBroken, setBroken] = useState(false)
  useEffect(() => {
    const load = views[name as ViewName]
    if (load === undefined) return
    let isPresent = true
    setBroken(false)
    load().then(
      (module) => isPresent && setLoaded({ name, View: module.default }),
      () => isPresent && setBroken(true),
    )
    return () => {
      isPresent = false
    }
  }, [name])
  if (views[name as ViewName] === undefined) return <Empty title={texts.app.noPlace} />
  if (isBroken) return <Empty title={texts.app.failed} hint={texts.app.reload} />
  if (loaded === undefined || loaded.name !== name) return <p class="loading">{texts.app.loading}</p>
  return <loaded.View rest={rest} />
}

function Over() {
  const { title, text, command } = texts.app.over
  return (
    <main class="over">
      <img src="./causeway.svg" width="48" height="48" alt="" />
      <h1>{title}</h1>
      <p>{text}</p>
      <code>{command}</code>
    </main>
  )
}
