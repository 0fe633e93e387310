/** The process that migrate.test.ts kills. It opens a store of an older format, and prints a line for each small batch. */
import { limits } from '../../../src/base/limits.ts'
import { openFolder } from '../../../src/store/database/open.ts'

const [folder] = process.argv.slice(2)
if (folder !== undefined) {
  Object.assign(limits, { migrationRows: 4 })
  const db = await openFolder(folder, { onMigration: ({ done }) => process.stdout.write(`${done}\n`) })
  await db.close()
  process.stdout.write('end\n')
}
