/** A list of entries by their ids, each of which can be chosen: the parents or the children of one. */
import { shortCid } from '../../parts/ids.ts'
import { texts } from '../../texts.ts'

const words = texts.tree
/** Entries that are listed. */
const mostListed = 40

export interface Other {
  readonly id: string
  readonly cid: string
}

export function Others({
  title,
  others,
  choose,
}: {
  readonly title: string
  readonly others: readonly Other[]
  readonly choose: (id: string) => void
}) {
  return (
    <>
      <h3>{title}</h3>
      <ul class="others">
        {others.slice(0, mostListed).map(({ id, cid }) => (
          <li key={id}>
            <button type="button" class="link-button" onClick={() => choose(id)}>
              <code>{shortCid(cid)}</code>
            </button>
          </li>
        ))}
        {others.length > mostListed && <li class="muted">{words.more(others.length - mostListed)}</li>}
      </ul>
    </>
  )
}
