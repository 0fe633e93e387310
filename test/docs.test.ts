/** The documents name files, headings and pages of the project that are there: what has moved or gone is found here. */
import { strict as assert } from 'node:assert'
import { existsSync, statSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { it } from 'node:test'
import { anchorOf, documents, readDocument, sections, withoutCode } from './kit/markdown.ts'
import { projectFile } from './kit/project.ts'

it('every file that a document names is there', () => {
  const missing = documents.flatMap((document) =>
    [...readDocument(document).matchAll(/`((?:src|test|bench|docs|proto)\/[\w./-]+\.\w+)`/g)]
      .filter(([, file]) => !existsSync(projectFile(file!)))
      .map(([, file]) => `${document} names ${file}`),
  )
  assert.deepEqual(missing, [])
})

/** What is wrong with a link of a document; undefined where it leads somewhere. */
function flaw(document: string, target: string): string | undefined {
  const [path, anchor] = target.split('#') as [string, string?]
  const file = path === '' ? document : normalize(join(dirname(document), path))
  if (!existsSync(projectFile(file))) return `there is no ${file}`
  if (anchor === undefined) return undefined
  if (statSync(projectFile(file)).isDirectory() || !file.endsWith('.md')) return `${file} has no headings`
  const anchors = sections(readDocument(file)).map(({ title }) => anchorOf(title))
  return anchors.includes(anchor) ? undefined : `${file} has no heading #${anchor}`
}

it('every relative link leads to a file and a heading', () => {
  const flaws = documents.flatMap((document) =>
    [...withoutCode(readDocument(document)).matchAll(/\]\(([^)\s]+)\)/g)]
      .filter(([, target]) => !/^[a-z]+:/.test(target!))
      .flatMap(([, target]) => {
        const found = flaw(document, target!)
        return found === undefined ? [] : [`${document}, ${target}: ${found}`]
      }),
  )
  assert.deepEqual(flaws, [])
})

it('a link that leads nowhere is found', () => {
  assert.equal(flaw('docs/cli.md', 'nowhere.md'), 'there is no docs/nowhere.md')
  assert.equal(flaw('README.md', 'docs/cli.md#nowhere'), 'docs/cli.md has no heading #nowhere')
  assert.equal(flaw('docs/cli.md', '#nowhere'), 'docs/cli.md has no heading #nowhere')
  assert.equal(flaw('docs/cli.md', '#causeway-serve'), undefined)
})

it('every document of docs/ is in the README', () => {
  const readme = readDocument('README.md')
  const absent = documents.filter((name) => name.startsWith('docs/') && !readme.includes(`](${name})`))
  assert.deepEqual(absent, [])
})
