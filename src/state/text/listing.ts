/**
 * Finds the keys of a store that have a text and no value. A view has no row of its own for them, so their versions are
 * gone through key by key: a seek each.
 */
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import { storeKeyOfVersion, versionsAfter } from '../rows.ts'
import type { Views } from '../view.ts'
import { hasText } from './changes.ts'

export interface TextRange {
  readonly store: string
  readonly prefix?: string | undefined
  readonly after?: string | undefined
  /** The last key to look at. Default: the store's. */
  readonly through?: string | undefined
  /** Keys that have a value. */
  readonly present: ReadonlySet<string>
  /** Texts to find. */
  readonly limit: number
}

export interface FoundTexts {
  readonly keys: readonly string[]
  /** The last key that was looked at, if there may be more. */
  readonly last: string | undefined
}

/** Looks at limits.stateScanRows keys at most. The view must be current. */
export async function findTexts(views: Views, tree: TreeId, range: TextRange): Promise<FoundTexts> {
  const { store, prefix, through, present, limit } = range
  const number = views.store.treeNumber(tree)
  const keys: string[] = []
  let { after } = range
  for (let looked = 0; looked < limits.stateScanRows; looked++) {
    if (keys.length === limit) return { keys, last: after }
    const [row] = await views.store.db
      .keys({ ...versionsAfter(number, store, prefix, after), limit: 1 })
      .all()
    if (row === undefined) return { keys, last: undefined }
    const { key } = storeKeyOfVersion(row)
    if (through !== undefined && Buffer.compare(Buffer.from(key), Buffer.from(through)) > 0)
      return { keys, last: undefined }
    if (!present.has(key) && (await hasText({ views, tree, key: { store, key } }))) keys.push(key)
    after = key
  }
  return { keys, last: after }
}
