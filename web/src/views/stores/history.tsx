/** What entries did to a key, newest first, page by page. */
import { useEffect, useState } from 'preact/hooks'
import { PastAction, type PastVersion, VersionState } from '../../../../gen/causeway/v1/store_pb.ts'
import { sentenceOf, storeCalls } from '../../api/clients.ts'
import { useRenewal } from '../../api/connection.ts'
import { hexOf } from '../../parts/ids.ts'
import { Foreign, State, type Tone } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { preview } from './values.ts'
import { VersionBy } from './version.tsx'

const words = texts.stores
const pageVersions = 20

const states: Readonly<Record<number, { readonly text: string; readonly tone: Tone }>> = {
  [VersionState.HEAD]: { text: words.states.head, tone: 'good' },
  [VersionState.REPLACED]: { text: words.states.replaced, tone: 'quiet' },
  [VersionState.VOID]: { text: words.states.void, tone: 'bad' },
}

const actions: Readonly<Record<number, string>> = {
  [PastAction.PUT]: 'put',
  [PastAction.DELETE]: 'delete',
  [PastAction.ADD]: 'add',
  [PastAction.TEXT]: 'text',
}

export interface HistoryProps {
  readonly tree: Uint8Array
  readonly cid: string
  readonly store: string
  readonly name: string
  /** Changes with the key. */
  readonly turn: number
}

export function History({ tree, cid, store, name, turn }: HistoryProps) {
  const [shown, setShown] = useState({ versions: [] as readonly PastVersion[], next: '', error: '' })
  const told = useRenewal(() => read('', []))
  const read = async (pageToken: string, before: readonly PastVersion[], signal?: AbortSignal) => {
    const request = { tree, key: { store, key: name }, pageSize: pageVersions, pageToken }
    try {
      const page = await storeCalls.history(request, signal ? { signal } : {})
      setShown({ versions: [...before, ...page.versions], next: page.nextPageToken, error: '' })
      if (pageToken === '') told()
    } catch (error) {
      if (!signal?.aborted) setShown({ versions: before, next: '', error: sentenceOf(error) })
    }
  }
  useEffect(() => {
    const over = new AbortController()
    void read('', [], over.signal)
    return () => over.abort()
  }, [tree, store, name, turn])
  return (
    <section class="card history">
      <h3>{words.history}</h3>
      {shown.error !== '' && <p class="problem">{shown.error}</p>}
      <ol>
        {shown.versions.map((past) => (
          <Past key={hexOf(past.version!.entry)} cid={cid} past={past} />
        ))}
      </ol>
      {shown.next !== '' && (
        <button type="button" class="button" onClick={() => void read(shown.next, shown.versions)}>
          {words.more}
        </button>
      )}
    </section>
  )
}

function Past({
  cid,
  past: { version, state, action, added },
}: {
  readonly cid: string
  readonly past: PastVersion
}) {
  const standing = states[state]
  return (
    <li>
      <div class="past-line">
        <strong>{words.past(actions[action] ?? '', `${added ?? ''}`)}</strong>
        {action === PastAction.PUT && (
          <span class="past-value">
            <Foreign text={preview(version!)} max={150} />
          </span>
        )}
        {standing !== undefined && <State tone={standing.tone}>{standing.text}</State>}
      </div>
      <VersionBy cid={cid} version={version!} putsValue={action === PastAction.PUT} />
    </li>
  )
}
