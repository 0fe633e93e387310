/** The small parts that all views are made of. Every text is set as text, so whatever a name holds, it is only shown. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { peers, self } from '../api/feed.ts'
import { texts } from '../texts.ts'
import { useCell, useNow } from './cell.ts'
import { duration, moment } from './format.ts'
import { icons } from './icons.tsx'
import { hexOf, hueOf, shortPeer } from './ids.ts'

/** Names are longer than a line only if somebody means harm. */
const longestName = 128

// biome-ignore lint/suspicious/noControlCharactersInRegex: it finds them, to show that they are there.
const hidden = /[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g

/** Text from others: in a direction of its own, without control characters, and of a bounded length. */
export function Foreign({
  text,
  max = longestName,
  keepLines = false,
}: {
  readonly text: string
  readonly max?: number
  /** Whether its lines stay lines. */
  readonly keepLines?: boolean
}) {
  return <bdi>{plain(text, max, keepLines)}</bdi>
}

/** Text from others within a text of ours, such as the name of a button. */
export function plain(text: string, max = longestName, keepLines = false): string {
  const short = text.length > max ? `${text.slice(0, max)}…` : text
  return short.replace(hidden, (sign) => (keepLines && (sign === '\n' || sign === '\t') ? sign : '\ufffd'))
}

/** A part of a view with a heading. */
export function Card({
  title,
  aside,
  children,
}: {
  readonly title: ComponentChildren
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
}) {
  return (
    <section class="card">
      <header class="card-head">
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** What stands where there is nothing to show yet, and what to do about it. */
export function Empty({
  title,
  hint,
  command,
}: {
  readonly title: string
  readonly hint?: string
  readonly command?: string
}) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {hint && <p>{hint}</p>}
      {command && <code>{command}</code>}
    </div>
  )
}

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'quiet'

/** A state in a word, with a mark that is of another shape for each tone. */
export function State({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return (
    <span class={`state ${tone}`}>
      <span class="mark" aria-hidden="true" />
      {children}
    </span>
  )
}

/** How much of something there is. `value` and `max` are of one unit. */
export function Bar({
  value,
  max,
  name,
  text,
}: {
  readonly value: number
  readonly max: number
  readonly name: string
  readonly text: string
}) {
  const share = max > 0 ? Math.min(1, value / max) : 0
  return (
    <div
      class="bar"
      role="progressbar"
      aria-label={name}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
      aria-valuetext={text}
    >
      <div class="bar-fill" style={{ transform: `scaleX(${share})` }} />
    </div>
  )
}

/** A moment as how long ago it was, or how far ahead it is; the moment in full as a title. */
export function When({ ms, say = said }: { readonly ms: number; readonly say?: (ago: string) => string }) {
  const now = useNow()
  if (ms === 0) return <span>{texts.times.never}</span>
  const size = duration(ms > now && ms <= now + 1000 ? 0 : Math.abs(now - ms))
  // The clock of the page goes by seconds, so what has just happened may lie before it.
  const text = ms <= now + 1000 ? texts.times.ago(size) : texts.times.inTime(size)
  return (
    <time dateTime={new Date(Math.min(ms, 8.64e15)).toISOString()} title={moment(ms)}>
      {say(text)}
    </time>
  )
}

const said = (text: string) => text

/** A peer by its name, or the start of its key, in its colour. */
export function PeerName({ peer }: { readonly peer: Uint8Array }) {
  const hex = hexOf(peer)
  const name = useCell(peers).get(hex)?.name ?? ''
  const own = useCell(self)
  const isSelf = own !== undefined && hexOf(own.peer) === hex
  return (
    <span class="peer" title={hex}>
      <PeerDot peer={hex} />
      {isSelf ? (
        texts.parts.self
      ) : name === '' ? (
        <code>{shortPeer(hex)}</code>
      ) : (
        <Foreign text={name} max={40} />
      )}
    </span>
  )
}

/** A dot in the colour of a key. */
export function PeerDot({ peer }: { readonly peer: string }) {
  return <span class="peer-dot" aria-hidden="true" style={{ '--hue': `${hueOf(peer)}` }} />
}

/** A button that copies a text, and says so. */
function Copy({ text, what }: { readonly text: string; readonly what: string }) {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [isCopied])
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => {},
    )
  return (
    <button
      type="button"
      class="copy"
      onClick={copy}
      aria-label={isCopied ? texts.app.copied : texts.app.copy(what)}
    >
      <icons.copy />
      <span class="copied" aria-hidden="true">
        {isCopied ? texts.app.copied : ''}
      </span>
    </button>
  )
}

/** An id of which the reader may copy the whole. */
export function Id({
  text,
  short,
  what,
}: {
  readonly text: string
  readonly short?: string
  readonly what: string
}) {
  return (
    <span class="id">
      <code title={text}>{short ?? text}</code>
      <Copy text={text} what={what} />
    </span>
  )
}
