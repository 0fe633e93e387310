/** The error of a tree whose records do not agree. Such a tree is set aside: it is neither read nor written until a repair. */
import { CausewayError } from '../../base/errors.ts'
import { formatId, type TreeId } from '../../dag/id.ts'

/** Returns STORE_CORRUPT for a tree. `why` is a clause, such as "its arrival 7 is missing". */
export function damagedTree(tree: TreeId, why: string, cause?: unknown): CausewayError {
  const id = formatId(tree)
  return new CausewayError(
    'STORE_CORRUPT',
    `The tree ${id} is damaged: ${why}. Run \`causeway repair ${id}\`, which keeps what is whole; peers can bring back the rest.`,
    { data: { tree, damaged: true }, cause },
  )
}

/** Returns whether an error says that this tree is damaged. */
export function isDamageOf(tree: TreeId, error: unknown): error is CausewayError {
  return error instanceof CausewayError && error.data.damaged === true && error.data.tree === tree
}
