/** The documents name files that are there: a promise whose test has moved or gone is found here. */
import { strict as assert } from 'node:assert'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { it } from 'node:test'
import { projectFile } from './kit/project.ts'

const documents = [
  'README.md',
  'ARCHITECTURE.md',
  ...readdirSync(projectFile('docs')).map((name) => `docs/${name}`),
].filter((name) => name.endsWith('.md'))

it('every file that a document names is there', () => {
  const missing = documents.flatMap((document) =>
    [
      ...readFileSync(projectFile(document), 'utf8').matchAll(
        /`((?:src|test|bench|docs|proto)\/[\w./-]+\.\w+)`/g,
      ),
    ]
      .filter(([, file]) => !existsSync(projectFile(file!)))
      .map(([, file]) => `${document} names ${file}`),
  )
  assert.deepEqual(missing, [])
})
