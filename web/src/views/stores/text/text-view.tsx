/** A text that several people edit at the same time. It takes the place of the keys: it needs the stream that they had. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { SharedText } from '../../../../../src/state/text/shared-text.ts'
import { sentenceOf } from '../../../api/clients.ts'
import { hrefOf } from '../../../app/router.ts'
import { Foreign, State } from '../../../parts/parts.tsx'
import { texts } from '../../../texts.ts'
import { openText } from './open-text.ts'
import { TextArea } from './text-area.tsx'

const words = texts.stores
/** How long the reader has to pause before it is made sure that all is written. */
const quietMs = 400

export interface TextViewProps {
  readonly tree: Uint8Array
  readonly cid: string
  readonly store: string
  readonly name: string
}

type Saved = 'written' | 'writing' | 'failed'

export default function TextView({ tree, cid, store, name }: TextViewProps) {
  const [text, setText] = useState<SharedText>()
  const [error, setError] = useState('')
  const [saved, setSaved] = useState<Saved>('written')
  const heading = useRef<HTMLHeadingElement>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    let isPresent = true
    let opened: SharedText | undefined
    heading.current?.focus({ preventScroll: true })
    openText({ tree, store, key: name }).then(
      (found) => {
        // The reader has left meanwhile.
        if (!isPresent) return void found.close().catch(() => {})
        opened = found
        found.on('problem', (problem) => setError(problem.message))
        setText(found)
      },
      (problem) => isPresent && setError(sentenceOf(problem)),
    )
    const flush = () => opened?.flush().catch(() => {})
    document.addEventListener('visibilitychange', flush)
    return () => {
      isPresent = false
      clearTimeout(timer.current)
      document.removeEventListener('visibilitychange', flush)
      opened?.close().catch(() => {})
    }
  }, [tree, store, name])
  const onEdit = () => {
    setSaved('writing')
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      text?.flush().then(
        () => {
          setSaved('written')
          setError('')
        },
        (problem: Error) => {
          setSaved('failed')
          setError(problem.message)
        },
      )
    }, quietMs)
  }
  return (
    <article class="text-view">
      <header class="key-head">
        <a class="button" href={hrefOf('stores', cid, store, name)}>
          ‹ {words.backToKey}
        </a>
        <h2 ref={heading} tabIndex={-1}>
          <Foreign text={name} max={512} />
        </h2>
        <span class="text-state" role="status">
          {text && <State tone={tones[saved]}>{words.saved[saved]}</State>}
        </span>
      </header>
      <p class="muted text-hint">{words.textHint}</p>
      {error !== '' && (
        <p class="problem" role="alert">
          {error}
        </p>
      )}
      {text === undefined && error === '' && <p class="loading">{texts.app.loading}</p>}
      {text !== undefined && <TextArea text={text} label={words.textOf(name)} onEdit={onEdit} />}
    </article>
  )
}

const tones = { written: 'good', writing: 'busy', failed: 'bad' } as const
