/** People: who may do what in each tree. Without a tree in the address, a list of all trees. */
import { useMemo } from 'preact/hooks'
import { known } from '../../api/feed.ts'
import type { ViewProps } from '../../app/views.ts'
import { useCell } from '../../parts/cell.ts'
import { hexOf, readId } from '../../parts/ids.ts'
import { Empty } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { AllTrees } from './all-trees.tsx'
import './people.css'
import { TreePeople } from './tree-people.tsx'

export default function People({ rest: [cid] }: ViewProps) {
  const { trees, complete } = useCell(known)
  const id = useMemo(() => (cid === undefined ? undefined : readId(cid)), [cid])
  if (!complete) return <p class="loading">{texts.app.loading}</p>
  if (cid === undefined) return <AllTrees />
  const tree = id && trees.get(hexOf(id))
  if (tree === undefined) return <Empty title={texts.tree.unknown} />
  return <TreePeople key={cid} tree={tree} />
}
