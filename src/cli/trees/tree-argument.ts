/** How a command finds the tree that somebody names: by its id, or by its name where only one tree here has it. */
import type { Tree } from '../../../gen/causeway/v1/tree_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { parseId } from '../../dag/id.ts'
import type { Clients } from '../context.ts'
import { idArgument, plainText, quantity } from '../output.ts'
import { allPages } from '../pages.ts'

/** How many trees of one name an error lists. */
const mostListed = 8

/** Yields all trees of the node. */
export async function* allTrees(clients: Pick<Clients, 'trees'>): AsyncGenerator<Tree> {
  for await (const { trees } of allPages((page) => clients.trees.listTrees(page))) yield* trees
}

/** Reports whether text is the id of a tree. Text that is none may be a name. */
export function isTreeId(text: string): boolean {
  try {
    parseId(text)
    return true
  } catch {
    return false
  }
}

/**
 * Returns the id of the tree that an argument names, 32 bytes. A tree named by its id need not be here. Throws
 * INVALID_ARGUMENT if no tree here has the name, and also, with the trees in `data.candidates`, if several have it.
 */
export async function treeArgument(clients: Pick<Clients, 'trees'>, text: string): Promise<Uint8Array> {
  if (isTreeId(text)) return idArgument(text)
  const named: Tree[] = []
  for await (const tree of allTrees(clients)) if (tree.name === text) named.push(tree)
  const [tree] = named
  if (tree === undefined) throw unknown(text)
  if (named.length === 1) return idArgument(tree.cid)
  const listed = named
    .slice(0, mostListed)
    .map(({ cid, count }) => `${cid} (${quantity(Number(count), 'entry', 'entries')})`)
  const more = named.length > mostListed ? [`${named.length - mostListed} more`] : []
  throw new CausewayError(
    'INVALID_ARGUMENT',
    `${named.length} trees are named ${quotedName(text)}: give the id of one. They are ${[...listed, ...more].join(', ')}.`,
    {
      data: {
        candidates: named
          .slice(0, mostListed)
          .map(({ cid }) => cid)
          .join(' '),
      },
    },
  )
}

function unknown(text: string): CausewayError {
  return new CausewayError(
    'INVALID_ARGUMENT',
    `Expected the id of a tree or the name of one on this node, got ${quotedName(text)}; \`causeway tree list\` lists the trees.`,
  )
}

const quotedName = (text: string): string => JSON.stringify(plainText(text, 100))
