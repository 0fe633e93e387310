/**
 * The form that writes a key. It holds on to the key as it was when the reader began, so what came since is never
 * overwritten: the node refuses, the draft stays, and the reader sees what is there now.
 */
import { useState } from 'preact/hooks'
import { codeOf, sentenceOf } from '../../api/clients.ts'
import { texts } from '../../texts.ts'
import { prettyJson } from './json.ts'
import { mediaOf, textOf } from './values.ts'
import { wholeNumber } from './whole-number.ts'
import { addTo, putBytes, type Seen } from './writing.ts'

const words = texts.stores
const kinds = ['text', 'json', 'file', 'counter'] as const
type Kind = (typeof kinds)[number]

export interface EditorProps {
  /** The key as it is now. */
  readonly seen: Seen
  readonly written: (at: readonly Uint8Array[]) => Promise<void>
  /** Called when the reader begins to fill it in. */
  readonly begun: () => void
  /** Called when it is saved, or left. */
  readonly done: () => void
  /** Whether it can be left: of a key that is absent there is nothing else to see. */
  readonly isOptional: boolean
}

interface Draft {
  readonly kind: Kind
  readonly text: string
  readonly file: File | undefined
  /** The media type of a text. */
  readonly type: string
}

export function Editor({ seen, written, begun, done, isOptional }: EditorProps) {
  const [base, setBase] = useState(seen)
  const [draft, setDraft] = useState<Draft>(() => draftOf(seen))
  const [busy, setBusy] = useState<string>()
  const [problem, setProblem] = useState<{ readonly text: string; readonly isRace: boolean }>()
  const hasChanged = !isSame(base, seen)
  const change = (part: Partial<Draft>) => {
    begun()
    setDraft({ ...draft, ...part })
  }
  const submit = async (event: Event) => {
    event.preventDefault()
    const wrong = faultOf(draft)
    if (wrong !== undefined) return setProblem({ text: wrong, isRace: false })
    setProblem(undefined)
    setBusy(words.saving)
    try {
      await written(await write(base, draft, (sent, of) => setBusy(words.sent(sent, of))))
      done()
    } catch (error) {
      const isRace = codeOf(error) === 'CONFLICT'
      setProblem({ text: isRace ? words.lostRace : sentenceOf(error), isRace })
      // What is there now is read, so that the reader sees it.
      if (isRace) await written([])
    } finally {
      setBusy(undefined)
    }
  }
  return (
    <form class="card editor" onSubmit={submit} aria-label={words.form}>
      <fieldset class="choice">
        <legend class="muted">{words.kind}</legend>
        {kinds.map((kind) => (
          <label key={kind}>
            <input type="radio" name="kind" checked={draft.kind === kind} onChange={() => change({ kind })} />
            {words.kinds[kind]}
          </label>
        ))}
      </fieldset>
      <Field draft={draft} change={change} />
      <div class="editor-foot">
        <button type="submit" class="button primary" disabled={busy !== undefined}>
          {words.save}
        </button>
        {isOptional && (
          <button type="button" class="button" onClick={done}>
            {words.cancel}
          </button>
        )}
        <span class="muted" aria-live="polite">
          {busy}
        </span>
      </div>
      <div aria-live="assertive">
        {problem !== undefined && <p class="problem">{problem.text}</p>}
        {hasChanged && problem === undefined && busy === undefined && <p class="problem">{words.changed}</p>}
      </div>
      {hasChanged && busy === undefined && (
        <button
          type="button"
          class="button"
          onClick={() => {
            setBase(seen)
            setProblem(undefined)
          }}
        >
          {words.overwrite}
        </button>
      )}
    </form>
  )
}

function Field({
  draft: { kind, text },
  change,
}: {
  readonly draft: Draft
  readonly change: (part: Partial<Draft>) => void
}) {
  if (kind === 'file')
    return (
      <input
        type="file"
        aria-label={words.file}
        onChange={(event) => change({ file: event.currentTarget.files?.[0] })}
      />
    )
  if (kind === 'counter')
    return (
      <input
        type="text"
        inputMode="numeric"
        aria-label={words.delta}
        value={text}
        onInput={(event) => change({ text: event.currentTarget.value })}
      />
    )
  return (
    <textarea
      rows={8}
      aria-label={words.value}
      class={kind === 'json' ? 'code' : ''}
      spellcheck={kind === 'text'}
      value={text}
      onInput={(event) => change({ text: event.currentTarget.value })}
    />
  )
}

/** Begins with the value that is there, if it is text. */
function draftOf({ versions: [version] }: Seen): Draft {
  const nothing: Draft = { kind: 'text', text: '', file: undefined, type: 'text/plain' }
  if (version === undefined || version.blob !== undefined) return nothing
  const media = mediaOf(version.type)
  const text = textOf(version.value) ?? ''
  if (media === 'application/json') return { ...nothing, kind: 'json', text: prettyJson(text) ?? text }
  if (!media.startsWith('text/')) return nothing
  return { ...nothing, text, type: version.type }
}

function faultOf({ kind, text, file }: Draft): string | undefined {
  if (kind === 'file') return file === undefined ? words.noFile : undefined
  if (kind === 'counter') return wholeNumber(text) === undefined ? words.noDelta : undefined
  if (kind === 'text') return undefined
  try {
    JSON.parse(text)
    return undefined
  } catch (error) {
    return words.noJson((error as Error).message)
  }
}

async function write(
  base: Seen,
  { kind, text, file, type }: Draft,
  onProgress: (sent: number, of: number) => void,
): Promise<readonly Uint8Array[]> {
  if (kind === 'counter') return addTo(base, wholeNumber(text)!)
  const content = kind === 'file' ? file! : new Blob([text])
  const media = { text: type, json: 'application/json', file: typeOf(content) }[kind]
  return putBytes(base, content, media, (sent) => onProgress(sent, content.size))
}

/** The contract takes at most 128 bytes of printable ASCII. */
const typeOf = ({ type }: Blob) => (/^[\x20-\x7e]{0,128}$/.test(type) ? type : '')

const idsOf = ({ versions }: Seen) => versions.map(({ entry }) => entry.join()).join(' ')
const isSame = (one: Seen, other: Seen) => idsOf(one) === idsOf(other)
