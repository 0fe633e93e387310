/**
 * The entries that stand on the chosen one. The drawing has those in sight; further ones may be any number of heights
 * above, so the entries from there on are looked through, as far as the reader wants.
 */
import { useState } from 'preact/hooks'
import { EntryView } from '../../../../gen/causeway/v1/tree_pb.ts'
import { sentenceOf, treeCalls } from '../../api/clients.ts'
import { useCall, useChanged } from '../../api/use-call.ts'
import { count } from '../../parts/format.ts'
import { hexOf, readId } from '../../parts/ids.ts'
import { texts } from '../../texts.ts'
import type { Dot } from './dots.ts'
import { type Other, Others } from './others.tsx'

const words = texts.tree
/** Entries above that are looked through at once, and when the reader asks for more. */
const [looked, lookedFurther] = [200, 1000]

export interface ChildrenProps {
  /** The tree's id as text. */
  readonly tree: string
  readonly id: string
  readonly height: number
  readonly sequence: bigint
  /** Those that the drawing has. */
  readonly drawn: readonly Dot[]
  readonly choose: (id: string) => void
}

interface Above {
  readonly children: readonly Other[]
  /** Where to look further; '' at the newest entry. */
  readonly next: string
  /** Up to which height all were looked through. */
  readonly to: number
}

async function lookAbove(
  { tree, id, height }: ChildrenProps,
  pageToken: string,
  pageSize: number,
  signal?: AbortSignal,
): Promise<Above> {
  const page = await treeCalls.listEntries(
    {
      ...{ tree: readId(tree)!, pageToken, pageSize, minHeight: BigInt(height + 1) },
      ...{ includeVoid: true, view: EntryView.OUTLINE },
    },
    signal ? { signal } : {},
  )
  const children = page.entries
    .filter(({ body }) => body!.parents.some((parent) => hexOf(parent) === id))
    .map((entry) => ({ id: hexOf(entry.id), cid: entry.cid }))
  const last = page.entries.at(-1)
  // There may be more at the height of the last one.
  return { children, next: page.nextPageToken, to: last ? Number(last.body!.height) - 1 : height }
}

export function Children(props: ChildrenProps) {
  const { id, sequence, drawn, choose } = props
  const near = useCall(id, (signal) => lookAbove(props, '', looked, signal), 0)
  useChanged(sequence, near.again)
  const [far, setFar] = useState<Above>()
  const [error, setError] = useState('')
  const last = far ?? near.value
  const further = async () => {
    try {
      const { children, ...rest } = await lookAbove(props, last!.next, lookedFurther)
      setFar({ children: [...(far?.children ?? []), ...children], ...rest })
      setError('')
    } catch (problem) {
      setError(sentenceOf(problem))
    }
  }
  const all = new Map<string, Other>()
  for (const { id: child, cid } of [...drawn, ...(near.value?.children ?? []), ...(far?.children ?? [])])
    all.set(child, { id: child, cid })
  return (
    <>
      <Others title={words.children(all.size)} others={[...all.values()]} choose={choose} />
      {near.error + error !== '' && <p class="problem">{near.error || error}</p>}
      {last !== undefined && last.next !== '' && (
        <p class="muted">
          {words.lookedTo(count(last.to))}{' '}
          <button type="button" class="link-button" onClick={() => void further()}>
            {words.lookFurther}
          </button>
        </p>
      )}
    </>
  )
}
