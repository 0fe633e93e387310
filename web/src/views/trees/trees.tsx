/** Trees: all of them, and the one that the address names. */
import { known } from '../../api/feed.ts'
import { hrefOf } from '../../app/router.ts'
import { useCell } from '../../parts/cell.ts'
import { bytes, count } from '../../parts/format.ts'
import { hexOf, shortCid } from '../../parts/ids.ts'
import { Empty, Foreign } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import './trees.css'

export default function Trees() {
  const { trees, complete } = useCell(known)
  if (!complete) return <p class="loading">{texts.app.loading}</p>
  const sorted = [...trees.values()].sort((a, b) => a.name.localeCompare(b.name))
  return (
    <>
      <h1>{texts.app.views.trees}</h1>
      {sorted.length === 0 ? (
        <Empty
          title={texts.home.noTrees}
          hint={texts.home.noTreesHint}
          command="causeway tree create notes"
        />
      ) : (
        <div class="card table-card">
          <table>
            <thead>
              <tr>
                <th>{texts.trees.name}</th>
                <th class="number">{texts.trees.entries}</th>
                <th class="number wide">{texts.trees.height}</th>
                <th class="number wide">{texts.trees.tips}</th>
                <th class="number">{texts.trees.size}</th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((tree) => (
                <tr key={hexOf(tree.id)}>
                  <td>
                    <a href={hrefOf('tree', tree.cid)}>
                      <Foreign text={texts.home.tree(tree.name)} max={80} />
                    </a>{' '}
                    <code class="muted">{shortCid(tree.cid)}</code>
                  </td>
                  <td class="number">{count(tree.count)}</td>
                  <td class="number wide">{count(tree.height)}</td>
                  <td class="number wide">{count(tree.tipCount)}</td>
                  <td class="number">{bytes(tree.bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}
