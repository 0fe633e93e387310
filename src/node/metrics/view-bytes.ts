/** How much of the disk the views of trees take, as LevelDB estimates it. */
import type { ClassicLevel } from 'classic-level'
import { rangesOfAllViews } from '../../state/rows.ts'
import type { Database } from '../../store/database/open.ts'

/**
 * Returns the bytes of the rows of all views in LevelDB's tables, where they are compressed: the latest few MB lie in its log
 * and are not counted. 0 for a database in memory, which does not know it.
 */
export async function viewBytes(db: Database): Promise<number> {
  const { approximateSize } = db as Partial<Pick<ClassicLevel, 'approximateSize'>>
  if (approximateSize === undefined) return 0
  const level = db as unknown as ClassicLevel<Buffer, Buffer>
  const sizes = rangesOfAllViews.map(({ gte, lt }) => level.approximateSize(gte, lt))
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}
