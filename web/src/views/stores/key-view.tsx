/** A key: its value, or the versions that stand side by side, what the reader may do with them, and its history. */
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { Item, Version } from '../../../../gen/causeway/v1/store_pb.ts'
import { codeOf, sentenceOf, storeCalls } from '../../api/clients.ts'
import { useRenewal } from '../../api/connection.ts'
import { hrefOf } from '../../app/router.ts'
import { hexOf } from '../../parts/ids.ts'
import { Foreign } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { Counter } from './counter.tsx'
import { Editor } from './editor.tsx'
import { History } from './history.tsx'
import type { KeysData } from './keys-data.ts'
import { isCount } from './values.ts'
import { VersionCard } from './version.tsx'
import { type Seen, seenOf, writeSeen } from './writing.ts'

const words = texts.stores

export interface KeyViewProps {
  readonly tree: Uint8Array
  readonly cid: string
  readonly store: string
  readonly name: string
  readonly data: KeysData
  readonly close: () => void
}

/** Follows one key. `reload` reads it again, with the entries of `at`. */
function useKey({ tree, store, name, data }: KeyViewProps) {
  const [shown, setShown] = useState<{ item?: Item; error: string; turn: number }>({ error: '', turn: 0 })
  const last = useRef(0)
  const over = useMemo(() => new AbortController(), [])
  useEffect(() => () => over.abort(), [over])
  const told = useRenewal(() => reload())
  const reload = useCallback(
    async (at: readonly Uint8Array[] = []) => {
      const turn = ++last.current
      try {
        const request = { tree, keys: [{ store, key: name }], read: { at: [...at] } }
        const { items } = await storeCalls.get(request, { signal: over.signal })
        if (turn !== last.current) return
        setShown({ item: items[0]!, error: '', turn })
        told()
      } catch (error) {
        if (turn === last.current && !over.signal.aborted)
          setShown((before) => ({ ...before, error: sentenceOf(error), turn }))
      }
    },
    [tree, store, name, over, told],
  )
  useEffect(() => {
    void reload()
    return data.follow(name, () => void reload())
  }, [data, name, reload])
  return { ...shown, reload }
}

export function KeyView(props: KeyViewProps) {
  const { tree, cid, store, name, close } = props
  const { item, error, turn, reload } = useKey(props)
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <article class="key-view">
      <header class="key-head">
        <button type="button" class="button back" onClick={close}>
          ‹ {words.back}
        </button>
        <h2 ref={heading} tabIndex={-1}>
          <Foreign text={name} max={512} />
        </h2>
        <button type="button" class="quiet-button close" onClick={close}>
          {words.close}
        </button>
      </header>
      {error !== '' && (
        <>
          <p class="problem">{error}</p>
          <TextLink {...{ cid, store, name }} label={words.openText} />
        </>
      )}
      {item === undefined && error === '' && <p class="loading">{texts.app.loading}</p>}
      {item !== undefined && (
        <>
          <Present {...{ cid, name }} seen={seenOf(tree, item)} isText={item.text} reload={reload} />
          <History {...{ tree, cid, store, name, turn }} />
        </>
      )}
    </article>
  )
}

function TextLink({
  cid,
  store,
  name,
  label,
}: {
  readonly cid: string
  readonly store: string
  readonly name: string
  readonly label: string
}) {
  return (
    <div class="key-actions">
      <a class="button primary" href={hrefOf('stores', cid, store, name, 'text')}>
        {label}
      </a>
      <span class="muted">{words.openTextHint}</span>
    </div>
  )
}

interface PresentProps {
  readonly cid: string
  readonly name: string
  readonly seen: Seen
  /** Whether the value is that of a text. */
  readonly isText: boolean
  readonly reload: (at?: readonly Uint8Array[]) => Promise<void>
}

function Present({ cid, name, seen, isText, reload }: PresentProps) {
  const [isEditing, setEditing] = useState(false)
  const [problem, setProblem] = useState('')
  const { tree, versions, unseen } = seen
  const [first] = versions
  const act = async (write: () => Promise<readonly Uint8Array[]>) => {
    try {
      await reload(await write())
      setProblem('')
    } catch (error) {
      const isRace = codeOf(error) === 'CONFLICT'
      setProblem(isRace ? words.lostRace : sentenceOf(error))
      if (isRace) await reload()
    }
  }
  // One form whatever becomes of the key: a draft survives that somebody else puts or deletes it.
  const editor = (
    <Editor
      key="editor"
      seen={seen}
      written={reload}
      begun={() => setEditing(true)}
      done={() => setEditing(false)}
      isOptional={first !== undefined}
    />
  )
  if (first === undefined)
    return (
      <>
        <p class="muted">{words.absent}</p>
        {editor}
        <TextLink {...{ cid, name }} store={seen.store} label={words.openText} />
      </>
    )
  if (isText)
    return (
      <>
        <VersionCard {...{ tree, cid, name, version: first }} />
        {isEditing && editor}
        <TextLink {...{ cid, name }} store={seen.store} label={words.editText} />
      </>
    )
  const hasConflict = versions.length + unseen > 1
  // Of a mere count there is nothing to see but its number.
  const shown = hasConflict || !isCount(first) ? versions : []
  const keep = ({ value, type, blob }: Version) =>
    act(() => writeSeen(seen, { case: 'put', value: { value, type, ...(blob && { blob }) } }))
  return (
    <>
      {hasConflict && (
        <div class="conflict" role="status">
          <strong>{words.conflict(versions.length + unseen)}</strong>
          <p>{words.conflictHint}</p>
          {unseen > 0 && <p>{words.notAllShown(unseen)}</p>}
        </div>
      )}
      {isCounter(first) && <Counter seen={seen} sum={first.sum!} written={reload} />}
      <div class={hasConflict ? 'versions' : ''}>
        {shown.map((version, index) => (
          <VersionCard
            key={hexOf(version.entry)}
            {...{ tree, cid, name, version }}
            {...(hasConflict && { title: words.version(index + 1) })}
          >
            {hasConflict && (
              <button
                type="button"
                class="button keep"
                aria-label={words.keepName(index + 1)}
                onClick={() => void keep(version)}
              >
                {words.keep}
              </button>
            )}
          </VersionCard>
        ))}
      </div>
      <p class="problem" aria-live="assertive">
        {problem}
      </p>
      {isEditing ? (
        editor
      ) : (
        <div class="key-actions">
          <button type="button" class="button primary" onClick={() => setEditing(true)}>
            {hasConflict ? words.writeAnother : words.edit}
          </button>
          <Remove remove={() => act(() => writeSeen(seen, { case: 'delete', value: {} }))} />
        </div>
      )}
    </>
  )
}

/** A number that was added to, or that stands for itself. */
const isCounter = ({ sum, type }: Version) => sum !== undefined && !type.startsWith('application/json')

/** Deletes at the second press, so that nobody does it by mistake. */
function Remove({ remove }: { readonly remove: () => Promise<void> }) {
  const [isAsking, setAsking] = useState(false)
  if (!isAsking)
    return (
      <button type="button" class="button danger" onClick={() => setAsking(true)}>
        {words.remove}
      </button>
    )
  return (
    <fieldset class="sure">
      <legend>{words.removeSure}</legend>
      <button
        type="button"
        class="button danger"
        // biome-ignore lint/a11y/noAutofocus: it takes the place of the button that was pressed.
        autoFocus
        onClick={() => {
          setAsking(false)
          void remove()
        }}
      >
        {words.remove}
      </button>
      <button type="button" class="button" onClick={() => setAsking(false)}>
        {words.cancel}
      </button>
    </fieldset>
  )
}
