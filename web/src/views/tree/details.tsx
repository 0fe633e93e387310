/** The entry that the reader has chosen: who signed it, on top of what, and what it changes. */
import { type Entry, EntryView } from '../../../../gen/causeway/v1/tree_pb.ts'
import { treeCalls } from '../../api/clients.ts'
import { useCall, useChanged } from '../../api/use-call.ts'
import { hrefOf } from '../../app/router.ts'
import { count, moment } from '../../parts/format.ts'
import { bytesOf, cidOf, hexOf, shortCid } from '../../parts/ids.ts'
import { Card, Foreign, Id, PeerName } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { showChange } from './change-text.ts'
import { Children } from './children.tsx'
import type { Dot } from './dots.ts'
import { Others } from './others.tsx'

const words = texts.tree
/** Changes that are listed. */
const mostListed = 40
/** Characters of one text of a change. */
const longestLine = 300

export interface DetailsProps {
  /** The tree's id as text. */
  readonly tree: string
  readonly id: string
  /** The tree's latest arrival: a later one may make the entry void, or no longer void. */
  readonly sequence: bigint
  readonly children: readonly Dot[]
  readonly choose: (id: string) => void
  readonly close: () => void
}

export function Details({ tree, id, sequence, children, choose, close }: DetailsProps) {
  const asked = useCall(
    id,
    (signal) => treeCalls.getEntries({ ids: [bytesOf(id)], view: EntryView.BODY }, { signal }),
    0,
  )
  // Of an entry only one thing ever changes.
  const now = useCall(
    id,
    (signal) => treeCalls.getEntries({ ids: [bytesOf(id)], view: EntryView.OUTLINE }, { signal }),
    0,
  )
  useChanged(sequence, now.again)
  const entry = asked.value?.entries[0]
  const error = asked.value !== undefined && entry === undefined ? words.notFound : asked.error
  return (
    <Card
      title={words.entry}
      aside={
        <button type="button" class="quiet-button" onClick={close}>
          {words.close}
        </button>
      }
    >
      <div aria-live="polite">
        {error !== '' && <p class="problem">{error}</p>}
        {entry === undefined && error === '' && <p class="loading">{texts.app.loading}</p>}
        {entry && (
          <Facts
            {...{ entry, tree, sequence, children, choose }}
            isVoid={now.value?.entries[0]?.isVoid ?? entry.isVoid}
          />
        )}
      </div>
    </Card>
  )
}

function Facts({
  entry,
  tree,
  sequence,
  children,
  choose,
  isVoid,
}: Omit<DetailsProps, 'id' | 'close'> & { readonly entry: Entry; readonly isVoid: boolean }) {
  const { cid } = entry
  const body = entry.body!
  return (
    <>
      {isVoid && <p class="void-note">{words.isVoid}</p>}
      <dl class="pairs">
        <dt>{words.id}</dt>
        <dd>
          <Id text={cid} short={shortCid(cid)} what={words.id} />
        </dd>
        <dt>{words.author}</dt>
        <dd>
          <PeerName peer={body.author} />
        </dd>
        <dt>{words.time}</dt>
        <dd>{moment(Number(body.createdAtMs))}</dd>
        <dt>{words.height}</dt>
        <dd>{count(body.height)}</dd>
      </dl>
      <h3>{words.changes(body.changes.length)}</h3>
      <ul class="changes">
        {body.changes.slice(0, mostListed).map((change, index) => {
          const { lines, key, value } = showChange(change)
          return (
            <li key={index}>
              <strong>
                <Foreign text={change.store} />
              </strong>{' '}
              {change.kind !== '' && (
                <code class="muted">
                  <Foreign text={change.kind} />
                </code>
              )}
              {lines.map((line) => (
                <p key={line}>
                  <Foreign text={line} max={longestLine} />
                </p>
              ))}
              {key !== undefined && (
                <p>
                  <a href={hrefOf('stores', tree, change.store, key)}>{words.openKey}</a>
                </p>
              )}
              {value !== undefined && (
                <pre>
                  <Foreign text={value} max={2100} keepLines />
                </pre>
              )}
            </li>
          )
        })}
        {body.changes.length > mostListed && <li>{words.more(body.changes.length - mostListed)}</li>}
      </ul>
      <Others
        title={words.parents(body.parents.length)}
        others={body.parents.map((parent) => ({ id: hexOf(parent), cid: cidOf(parent) }))}
        choose={choose}
      />
      <Children
        key={cid}
        {...{ tree, sequence, choose }}
        id={hexOf(entry.id)}
        height={Number(body.height)}
        drawn={children}
      />
    </>
  )
}
