/**
 * A body of which a thread has read where its parts lie (see outline.ts). It has what the store needs of each entry, its
 * place in the DAG and its author; the rest, which a first sync asks of nearly none, is decoded when it is asked for.
 */
import { type Change, decodeBody, type EntryBody, entryVersion, reservedKindPrefix } from './body.ts'
import type { EntryId, TreeId } from './id.ts'
import type { PeerId } from './identity.ts'

export class OutlinedBody implements EntryBody {
  readonly version = entryVersion
  readonly tree: TreeId
  readonly parents: readonly EntryId[]
  readonly height: number
  readonly author: PeerId
  readonly policy: readonly EntryId[]
  /** Whether any change is of a reserved kind. */
  readonly reserved: boolean
  private readonly bytes: Uint8Array
  private decoded: EntryBody | undefined = undefined

  constructor(
    bytes: Uint8Array,
    tree: TreeId,
    parents: readonly EntryId[],
    height: number,
    author: PeerId,
    policy: readonly EntryId[],
    reserved: boolean,
  ) {
    this.bytes = bytes
    this.tree = tree
    this.parents = parents
    this.height = height
    this.author = author
    this.policy = policy
    this.reserved = reserved
  }

  /** The same body as a plain object. */
  get plain(): EntryBody {
    this.decoded ??= decodeBody(this.bytes)
    return this.decoded
  }

  get createdAtMs(): number {
    return this.plain.createdAtMs
  }

  get changes(): readonly Change[] {
    return this.plain.changes
  }

  get nonce(): Uint8Array {
    return this.plain.nonce
  }
}

/** Returns whether any change of a body is of a reserved kind. */
export function hasReservedKinds(body: EntryBody): boolean {
  if (body instanceof OutlinedBody) return body.reserved
  return body.changes.some(({ kind }) => kind.startsWith(reservedKindPrefix))
}

/** Returns a body as a plain object, which a program may copy, compare and print. */
export function plainBody(body: EntryBody): EntryBody {
  return body instanceof OutlinedBody ? body.plain : body
}
