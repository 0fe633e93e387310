/** Converts the tree that a pairing shares between the contract and the node's own type. */
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { PairingTree } from '../../../gen/causeway/v1/sync_pb.ts'
import type { SharedTree } from '../../access/pairing.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { idToBytes } from '../../dag/id.ts'
import { readId } from '../convert.ts'

export function writePairingTree({ tree, name, permission }: SharedTree) {
  return { tree: idToBytes(tree), name, permission }
}

/** Reads a shared tree. Throws INVALID_ARGUMENT, and LIMIT_EXCEEDED for a long name. */
export function readPairingTree({ tree, name, permission }: PairingTree): SharedTree {
  if (permission !== Permission.READ && permission !== Permission.WRITE)
    throw new CausewayError('INVALID_ARGUMENT', '`tree.permission` must be READ or WRITE.')
  if (Buffer.byteLength(name) > limits.nameBytes)
    throw new CausewayError('LIMIT_EXCEEDED', `\`tree.name\` can have at most ${limits.nameBytes} bytes.`)
  return { tree: readId(tree, 'tree.tree'), name, permission }
}
