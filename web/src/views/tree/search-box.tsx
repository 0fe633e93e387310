/** The form to search a tree with, and what came of it. */
import { useRef, useState } from 'preact/hooks'
import { sentenceOf } from '../../api/clients.ts'
import { texts } from '../../texts.ts'
import { type Kind, search } from './search.ts'

const words = texts.tree
const kinds = Object.keys(words.kinds) as Kind[]
const hints: Partial<Record<Kind, string>> = {
  id: words.whatId,
  author: words.whatAuthor,
  store: words.whatStore,
}

export interface SearchProps {
  readonly tree: string
  readonly highest: number
  readonly onFound: (id: string, height: number) => void
}

export function SearchBox({ tree, highest, onFound }: SearchProps) {
  const [kind, setKind] = useState<Kind>('id')
  const [text, setText] = useState('')
  const [said, setSaid] = useState('')
  const under = useRef<AbortController | undefined>(undefined)
  /** Where the same search goes on. */
  const below = useRef<number | undefined>(undefined)
  const start = async (event: Event) => {
    event.preventDefault()
    if (text.trim() === '') return
    under.current?.abort()
    const over = new AbortController()
    under.current = over
    setSaid(words.searching)
    try {
      const found = await search(tree, kind, text, below.current ?? highest + 1, highest, over.signal)
      if (over.signal.aborted) return
      if ('isNoId' in found) setSaid(words.notAnId)
      else if ('id' in found) {
        below.current = found.height
        setSaid(words.found(found.height))
        onFound(found.id, found.height)
      } else {
        below.current = found.searchedTo
        setSaid(found.searchedTo === undefined ? words.notFound : words.searchedTo(found.searchedTo))
      }
    } catch (error) {
      if (!over.signal.aborted) setSaid(sentenceOf(error))
    }
  }
  const anew = () => {
    below.current = undefined
    setSaid('')
  }
  return (
    <search>
      <form class="search" onSubmit={start}>
        <select
          aria-label={words.kind}
          value={kind}
          onChange={(event) => {
            setKind(event.currentTarget.value as Kind)
            setText('')
            anew()
          }}
        >
          {kinds.map((each) => (
            <option key={each} value={each}>
              {words.kinds[each]}
            </option>
          ))}
        </select>
        <input
          type={(kind === 'time' ? 'datetime-local' : 'text') as 'text'}
          aria-label={words.what}
          placeholder={hints[kind] ?? ''}
          value={text}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => {
            setText(event.currentTarget.value)
            anew()
          }}
        />
        <button type="submit" class="button">
          {words.search}
        </button>
        <span class="muted said" role="status">
          {said}
        </span>
      </form>
    </search>
  )
}
