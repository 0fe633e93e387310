/** Every map of the package leads to sources that lie in the package; only those of libraries in the command do not. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const root = 'node_modules/causeway-sync'
const maps = readdirSync(root, { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.map') && !file.includes('node_modules'))
const lost = maps.flatMap((map) => {
  const folder = dirname(join(root, map))
  const { sources } = JSON.parse(readFileSync(join(root, map), 'utf8'))
  return sources
    .filter((source) => !source.includes('node_modules/') && !existsSync(join(folder, source)))
    .map((source) => `${map} names ${source}`)
})
if (maps.length === 0 || lost.length > 0) {
  console.error(lost.slice(0, 20).join('\n') || 'The package has no maps.')
  process.exit(1)
}
console.log(`${maps.length} maps lead to sources in the package.`)
