/** All trees, with what everybody may do in each, how many keys its policy names, and what waits for a decision. */
import type { Tree } from '../../../../gen/causeway/v1/tree_pb.ts'
import { nodeCalls } from '../../api/clients.ts'
import { known } from '../../api/feed.ts'
import { useCall } from '../../api/use-call.ts'
import { hrefOf } from '../../app/router.ts'
import { useCell } from '../../parts/cell.ts'
import { hexOf, shortCid } from '../../parts/ids.ts'
import { Empty, Foreign, State } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { readInvitations, readRequests } from './calls.ts'

const words = texts.people
/** Trees whose policies are asked for: one call each. */
const mostAsked = 50

interface Summary {
  readonly keys: number
  readonly revoked: number
  readonly own: number
}

/** Asks for the policies of some trees, a few at a time. */
async function readSummaries(trees: readonly Tree[], signal: AbortSignal): Promise<Map<string, Summary>> {
  const found = new Map<string, Summary>()
  const left = [...trees]
  const worker = async () => {
    for (let tree = left.shift(); tree !== undefined; tree = left.shift()) {
      if (tree.damage !== '') continue
      const { members, own } = await nodeCalls.getPolicy({ tree: tree.id }, { signal })
      const revoked = members.filter((member) => member.revoked).length
      found.set(hexOf(tree.id), { keys: members.length - revoked, revoked, own })
    }
  }
  await Promise.all([worker(), worker()])
  return found
}

export function AllTrees() {
  const { trees } = useCell(known)
  const sorted = [...trees.values()].sort((a, b) => a.name.localeCompare(b.name))
  const asked = sorted.slice(0, mostAsked)
  const summaries = useCall(asked.map(({ cid }) => cid).join(), (signal) => readSummaries(asked, signal))
  const requests = useCall('', (signal) => readRequests(signal))
  const invitations = useCall('', (signal) => readInvitations(signal))
  const error = summaries.error || requests.error || invitations.error
  const isAsking = [summaries, requests, invitations].some((each) => each.value === undefined)
  return (
    <>
      <h1>{texts.app.views.people}</h1>
      <p class="muted">{words.intro}</p>
      {error !== '' && <p class="problem">{error}</p>}
      {sorted.length === 0 ? (
        <Empty
          title={texts.home.noTrees}
          hint={texts.home.noTreesHint}
          command="causeway tree create notes"
        />
      ) : isAsking && error === '' ? (
        <p class="loading">{texts.app.loading}</p>
      ) : (
        <div class="card table-card">
          <table>
            <thead>
              <tr>
                <th>{words.tree}</th>
                <th>{words.everybody}</th>
                <th class="wide">{words.own}</th>
                <th class="wide">{words.named}</th>
              </tr>
            </thead>
            <tbody>
              {sorted.map((tree) => (
                <Row
                  key={hexOf(tree.id)}
                  tree={tree}
                  summary={summaries.value?.get(hexOf(tree.id))}
                  requests={countOf(requests.value, tree)}
                  open={countOf(
                    invitations.value?.filter(({ usedBy }) => usedBy.length === 0),
                    tree,
                  )}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}

function countOf(list: readonly { readonly tree: Uint8Array }[] | undefined, { id }: Tree): number {
  const hex = hexOf(id)
  return list?.filter((each) => hexOf(each.tree) === hex).length ?? 0
}

function Row({
  tree,
  summary,
  requests,
  open,
}: {
  readonly tree: Tree
  readonly summary: Summary | undefined
  readonly requests: number
  readonly open: number
}) {
  return (
    <tr>
      <td>
        <a href={hrefOf('people', tree.cid)}>
          <Foreign text={texts.home.tree(tree.name)} max={80} />
        </a>{' '}
        <code class="muted">{shortCid(tree.cid)}</code>
        {requests + open > 0 && (
          <span class="row-facts">
            {requests > 0 && <State tone="warn">{words.waiting(requests)}</State>}
            {open > 0 && <span class="muted">{words.open(open)}</span>}
          </span>
        )}
      </td>
      <td>{words.access[tree.publicAccess]}</td>
      <td class="wide">{summary && words.may[summary.own]}</td>
      <td class="wide">
        {summary && words.keys(summary.keys)}
        {summary && summary.revoked > 0 && `, ${words.revokedKeys(summary.revoked)}`}
      </td>
    </tr>
  )
}
