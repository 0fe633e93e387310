/**
 * `node --import tsx bench/git-repository.ts FOLDER [COUNT]` makes a bare git repository as large as git's own, from
 * the shape of its history, to try `causeway import git` and the demo with.
 */
import { existsSync } from 'node:fs'
import { writeGitRepository } from '../test/kit/git-repository.ts'
import { loadShape } from './shape.ts'

const [folder, count] = process.argv.slice(2)
if (folder === undefined || existsSync(folder)) {
  console.error('Name a folder that does not exist yet: bench/git-repository.ts FOLDER [COUNT]')
  process.exit(2)
}
const { source, lines } = loadShape(count === undefined ? undefined : Number(count))
await writeGitRepository(folder, lines)
console.log(`${folder} has ${lines.length} commits; shape: ${source}.`)
