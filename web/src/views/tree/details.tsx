/** The entry that the reader has chosen: who signed it, on top of what, and what it changes. */
import { useEffect, useState } from 'preact/hooks'
import { type Entry, EntryView } from '../../../../gen/causeway/v1/tree_pb.ts'
import { sentenceOf, treeCalls } from '../../api/clients.ts'
import { hrefOf } from '../../app/router.ts'
import { count, moment } from '../../parts/format.ts'
import { bytesOf, cidOf, hexOf, shortCid } from '../../parts/ids.ts'
import { Card, Foreign, Id, PeerName } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { showChange } from './change-text.ts'
import type { Dot } from './dots.ts'

const words = texts.tree
/** Parents, children and changes that are listed. */
const mostListed = 40
/** Characters of one text of a change. */
const longestLine = 300

export interface DetailsProps {
  /** The tree's id as text. */
  readonly tree: string
  readonly id: string
  readonly children: readonly Dot[]
  readonly choose: (id: string) => void
  readonly close: () => void
}

export function Details({ tree, id, children, choose, close }: DetailsProps) {
  const [shown, setShown] = useState<{ id: string; entry?: Entry; error?: string }>({ id })
  useEffect(() => {
    const over = new AbortController()
    treeCalls
      .getEntries({ ids: [bytesOf(id)], view: EntryView.BODY }, { signal: over.signal })
      .then(({ entries: [entry] }) => setShown(entry ? { id, entry } : { id, error: words.notFound }))
      .catch((error) => over.signal.aborted || setShown({ id, error: sentenceOf(error) }))
    return () => over.abort()
  }, [id])
  const { entry, error } = shown.id === id ? shown : { entry: undefined, error: undefined }
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
        {error !== undefined && <p class="problem">{error}</p>}
        {entry === undefined && error === undefined && <p class="loading">{texts.app.loading}</p>}
        {entry && <Facts entry={entry} tree={tree} children={children} choose={choose} />}
      </div>
    </Card>
  )
}

function Facts({
  entry,
  tree,
  children,
  choose,
}: Pick<DetailsProps, 'tree' | 'children' | 'choose'> & { readonly entry: Entry }) {
  const { cid, isVoid } = entry
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
        cids={body.parents.map(cidOf)}
        ids={body.parents.map(hexOf)}
        choose={choose}
      />
      <Others
        title={words.children(children.length)}
        hint={words.childrenHint}
        cids={children.map((dot) => dot.cid)}
        ids={children.map((dot) => dot.id)}
        choose={choose}
      />
    </>
  )
}

function Others({
  title,
  hint,
  cids,
  ids,
  choose,
}: {
  readonly title: string
  readonly hint?: string
  readonly cids: readonly string[]
  readonly ids: readonly string[]
  readonly choose: (id: string) => void
}) {
  return (
    <>
      <h3 title={hint}>{title}</h3>
      <ul class="others">
        {ids.slice(0, mostListed).map((id, index) => (
          <li key={id}>
            <button type="button" class="link-button" onClick={() => choose(id)}>
              <code>{shortCid(cids[index]!)}</code>
            </button>
          </li>
        ))}
        {ids.length > mostListed && <li class="muted">{words.more(ids.length - mostListed)}</li>}
      </ul>
    </>
  )
}
