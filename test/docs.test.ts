/** The documents name files that are there: a promise whose test has moved or gone is found here. */
import { strict as assert } from 'node:assert'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const documents = [
  'README.md',
  'ARCHITECTURE.md',
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'))

it('every file that a document names is there', () => {
  const missing = documents.flatMap((document) =>
    [
      ...readFileSync(join(root, document), 'utf8').matchAll(
        /`((?:src|test|bench|docs|proto)\/[\w./-]+\.\w+)`/g,
      ),
    ]
      .filter(([, file]) => !existsSync(join(root, file!)))
      .map(([, file]) => `${document} names ${file}`),
  )
  assert.deepEqual(missing, [])
})
