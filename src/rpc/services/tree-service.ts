/**
 * TreeService: the calls of applications. Each caller is answered by the tree's policy, in its own turn and at its own
 * cost; what an operator alone may do is in `rpc/auth/callers.ts`.
 */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type {
  PrepareCommitRequest,
  RemoveTreeRequest,
  SubmitEntriesRequest,
  TreeService,
} from '../../../gen/causeway/v1/tree_pb.ts'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { idOf } from '../../dag/entry.ts'
import { idToBytes, type TreeId, unknownTree } from '../../dag/id.ts'
import type { StateWriter } from '../../state/writer.ts'
import type { Author } from '../../store/author/author.ts'
import { prepareBody } from '../../store/author/prepare.ts'
import type { RemovalProgress } from '../../store/removal.ts'
import type { DagStore } from '../../store/store.ts'
import type { Ingest } from '../../sync/ingest.ts'
import { type Caller, callerKey } from '../caller.ts'
import { readId, readIds, readSigned } from '../convert.ts'
import { readView, writeEntry } from '../convert-entry.ts'
import { readExpectations } from '../convert-state.ts'
import { loadKey } from '../server/load.ts'
import { expectTree, type ReadableTrees } from './expect-tree.ts'
import { feed } from './feed.ts'
import { getEntries } from './get-entries.ts'
import { listEntries } from './list-entries.ts'
import { describeTree, listTrees } from './list-trees.ts'
import { signerOf } from './signer.ts'
import { createTreeWatch } from './watch-tree.ts'

export interface TreeServiceParts extends ReadableTrees {
  readonly ingest: Ingest
  readonly author: Author
  readonly writer: StateWriter
  readonly clock: Clock
}

export function createTreeService(parts: TreeServiceParts): Partial<ServiceImpl<typeof TreeService>> {
  return { ...treeCalls(parts), ...entryCalls(parts), ...createTreeWatch(parts) }
}

/** Does the work of a call in the caller's turn. */
function inTurn<Result>(
  { values, signal }: HandlerContext,
  work: (caller: Caller) => Promise<Result>,
): Promise<Result> {
  return values.get(loadKey).work(signal, () => work(values.get(callerKey)))
}

/** The calls that create, list and describe trees. */
function treeCalls(parts: TreeServiceParts): Partial<ServiceImpl<typeof TreeService>> {
  const { store, author } = parts
  const describe = async (tree: TreeId) => {
    const described = await describeTree(store, tree)
    if (described === undefined) throw unknownTree(tree)
    return described
  }
  return {
    async createTree({ name, publicAccess }) {
      if (PublicAccess[publicAccess] === undefined)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `\`public_access\` must be none, read or write, got ${publicAccess}.`,
        )
      const root = await author.createTree(name, publicAccess || PublicAccess.NONE)
      return { tree: await describe(root.tree) }
    },

    listTrees: (request, context) => inTurn(context, (caller) => listTrees(parts, request, caller)),

    removeTree: (request) => removeTree(store, request),

    async getTree(request, context) {
      const tree = await expectTree(parts, request.tree, context.values.get(callerKey))
      return inTurn(context, async () => {
        const described = await describe(tree)
        const tips = described.damage === '' ? await store.tips(tree) : []
        const max = Math.min(request.maxTips || limits.listedTips, limits.listedTips)
        return { tree: described, tips: tips.slice(0, max).map(idToBytes) }
      })
    },
  }
}

async function* removeTree(store: DagStore, request: RemoveTreeRequest) {
  const tree = readId(request.tree, 'tree')
  const steps = feed<RemovalProgress, number>((report) => store.removals.remove(tree, report))
  for await (const step of steps)
    if ('progress' in step) {
      const { removed, count } = step.progress
      yield { removed: BigInt(removed), count: BigInt(count), done: false }
    } else yield { removed: BigInt(step.result), count: BigInt(step.result), done: true }
}

/** The calls that write and read entries. */
function entryCalls(parts: TreeServiceParts): Partial<ServiceImpl<typeof TreeService>> {
  const { store, author } = parts
  return {
    async commit(request, { values }) {
      const view = readView(request.view)
      const tree = await expectTree(parts, request.tree, values.get(callerKey))
      const parents = readIds(request.parents, 'parents', limits.entryParents)
      const entry = await author.commit(tree, request.changes, {
        durable: request.durable,
        ...(parents.length > 0 && { parents }),
      })
      return { entry: writeEntry(entry, false, view) }
    },

    prepareCommit: (request, context) => prepareCommit(parts, request, context),

    submitEntries: (request, context) => submitEntries(parts, request, context),

    getEntries: (request, context) => inTurn(context, (caller) => getEntries(parts, request, caller)),

    async listEntries(request, context) {
      const tree = await expectTree(parts, request.tree, context.values.get(callerKey))
      return inTurn(context, () => listEntries(store, tree, request))
    },
  }
}

async function prepareCommit(
  parts: TreeServiceParts,
  request: PrepareCommitRequest,
  context: HandlerContext,
) {
  const caller = context.values.get(callerKey)
  const author = signerOf(request, caller)
  const tree = await expectTree(parts, request.tree, caller)
  const parents = readIds(request.parents, 'parents', limits.entryParents)
  const body = await inTurn(context, () =>
    prepareBody(parts.store, {
      ...{ tree, author, changes: request.changes, nonce: request.nonce },
      createdAtMs: parts.clock.now(),
      ...(parents.length > 0 && { parents }),
    }),
  )
  return { body, validMs: limits.preparedMs }
}

async function submitEntries(
  parts: TreeServiceParts,
  request: SubmitEntriesRequest,
  { values, signal }: HandlerContext,
) {
  const caller = values.get(callerKey)
  // Only an operator creates a tree by its root. Whoever else writes must see the tree.
  const tree = caller.operator ? readId(request.tree, 'tree') : await expectTree(parts, request.tree, caller)
  const load = values.get(loadKey)
  const expect = readExpectations(request.expect)
  const { added, known, refused } = await load.work(signal, () =>
    parts.ingest.page(tree, readSigned(request.entries), {
      sync: request.durable,
      existing: !caller.operator,
      ...(expect.length > 0 && { before: () => parts.writer.expect(tree, expect) }),
    }),
  )
  load.charge(refused.length)
  const [first] = refused
  if (first !== undefined)
    throw new CausewayError(
      first.error.code,
      `Entry ${first.index} of the page was refused: ${first.error.message}`,
      { data: { ...first.error.data, index: first.index, added: added.length }, cause: first.error },
    )
  const at = request.entries.slice(-limits.writtenIds).map((entry) => idToBytes(idOf(entry)))
  return { added: added.length, known, at }
}
