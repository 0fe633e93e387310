/**
 * A field whose text is that of a document of Yjs: what the reader types goes there, and what others type appears, with
 * the caret where it was. While an input method composes a character, both wait.
 */
import { useEffect, useRef } from 'preact/hooks'
import type { SharedText } from '../../../../../src/state/text/shared-text.ts'
import type { Doc } from '../../../../../src/state/text/yjs.ts'
import { placeAfter, type Step, spliceOf } from './splice.ts'

export interface TextAreaProps {
  readonly text: SharedText
  readonly label: string
  readonly onEdit: () => void
}

interface ChangeEvent {
  readonly delta: readonly Step[]
}

export function TextArea({ text, label, onEdit }: TextAreaProps) {
  const area = useRef<HTMLTextAreaElement>(null)
  const bound = useRef<Bound>(undefined)
  useEffect(() => {
    const bind = (doc: Doc) => {
      bound.current?.end()
      bound.current = new Bound(doc, area.current!)
    }
    bind(text.doc)
    text.on('reset', bind)
    return () => {
      text.off('reset', bind)
      bound.current?.end()
    }
  }, [text])
  const edit = () => {
    if (bound.current?.edit()) onEdit()
  }
  return (
    <textarea
      ref={area}
      class="text-area"
      aria-label={label}
      spellcheck
      onInput={(event) => {
        if (!event.isComposing) edit()
      }}
      onCompositionEnd={edit}
      onCompositionStart={() => bound.current?.wait()}
    />
  )
}

/** Binds a field to one document. */
class Bound {
  private readonly doc: Doc
  private readonly area: HTMLTextAreaElement
  /** What the field showed when it was last the same as the document. */
  private shown: string
  private isWaiting = false
  /** What others changed while an input method composes. */
  private waiting: (readonly Step[])[] = []

  constructor(doc: Doc, area: HTMLTextAreaElement) {
    this.doc = doc
    this.area = area
    this.shown = this.content.toString()
    this.show([])
    this.content.observe(this.onChange)
  }

  private get content() {
    return this.doc.getText('text')
  }

  end(): void {
    this.content.unobserve(this.onChange)
  }

  wait(): void {
    this.isWaiting = true
  }

  /** Takes in what the reader typed. Returns whether it is anything. */
  edit(): boolean {
    this.isWaiting = false
    const { at, removed, inserted } = spliceOf(this.shown, this.area.value, this.area.selectionEnd)
    const [from, to] = [this.nowAt(at), this.nowAt(at + removed)]
    const isEdit = removed > 0 || inserted !== ''
    const caret = this.waiting.length > 0 ? from + inserted.length : undefined
    if (isEdit)
      this.doc.transact(() => {
        this.content.delete(from, to - from)
        this.content.insert(from, inserted)
      }, this)
    this.waiting = []
    this.shown = this.area.value
    if (this.area.value !== this.content.toString()) this.show([], caret)
    return isEdit
  }

  private readonly onChange = ({ delta }: ChangeEvent, { origin }: { readonly origin: unknown }): void => {
    if (origin === this) return
    if (this.isWaiting) this.waiting.push(delta)
    else this.show(delta)
  }

  private nowAt(place: number): number {
    return this.waiting.reduce((at, steps) => placeAfter(steps, at), place)
  }

  private show(steps: readonly Step[], caret?: number): void {
    const { area } = this
    const [start, end] = [area.selectionStart, area.selectionEnd].map(
      (place) => caret ?? placeAfter(steps, place),
    )
    const { scrollTop } = area
    this.shown = this.content.toString()
    area.value = this.shown
    area.setSelectionRange(start!, end!, area.selectionDirection)
    area.scrollTop = scrollTop
  }
}
