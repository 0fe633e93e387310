/** A question before something is done: what it does in words, and the button that does it. The browser keeps the focus within. */
import type { ComponentChildren } from 'preact'
import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { sentenceOf } from '../api/clients.ts'
import { texts } from '../texts.ts'

/** What is asked now. */
export interface Question<About> {
  readonly about: About
  /** Another one for each question, for the dialog that asks it. */
  readonly key: number
  /** Ends this question, and no later one. */
  readonly close: () => void
}

/**
 * Returns what is asked now, if anything, and what asks. A dialog hears that it was closed a moment after the reader
 * sees it, and what it does may end later still: by then the reader may have asked for another one, which stays.
 */
export function useQuestion<About>(): [Question<About> | undefined, (about: About) => void] {
  const [now, setNow] = useState<Question<About>>()
  const last = useRef(0)
  const ask = useCallback((about: About) => {
    const question: Question<About> = {
      about,
      key: ++last.current,
      close: () => setNow((before) => (before === question ? undefined : before)),
    }
    setNow(question)
  }, [])
  return [now, ask]
}

export interface DialogProps {
  readonly title: ComponentChildren
  /** What the button says. */
  readonly action: string
  /** Whether it takes something away. */
  readonly isHarsh?: boolean
  /** Does it. The dialog closes when this resolves, and shows the reason if it fails. */
  readonly act: () => Promise<unknown>
  readonly close: () => void
  readonly children: ComponentChildren
}

export function Dialog({ title, action, isHarsh = false, act, close, children }: DialogProps) {
  const place = useRef<HTMLDialogElement>(null)
  const [isBusy, setBusy] = useState(false)
  const [error, setError] = useState('')
  useLayoutEffect(() => {
    const opener = document.activeElement as HTMLElement | null
    place.current!.showModal()
    // The focus goes back to where it was, or to the view if what was there is gone with what was done.
    return () => {
      setTimeout(() => {
        if (opener?.isConnected) opener.focus()
        else document.querySelector('main')?.focus({ preventScroll: true })
      })
    }
  }, [])
  const submit = (event: Event) => {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    setError('')
    act().then(close, (reason) => {
      setBusy(false)
      setError(sentenceOf(reason))
    })
  }
  return (
    <dialog ref={place} class="dialog" aria-labelledby="dialog-title" onClose={close}>
      <form onSubmit={submit}>
        <h2 id="dialog-title">{title}</h2>
        {children}
        <p class="problem" role="alert">
          {error}
        </p>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={() => place.current?.close()}>
            {texts.app.cancel}
          </button>
          <button type="submit" class={isHarsh ? 'button harsh' : 'button main-button'} disabled={isBusy}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  )
}
