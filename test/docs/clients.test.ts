/** The program that docs/clients.md shows in each language is that of the package's README, which its own tests run. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { codeBlocks, readDocument } from '../kit/markdown.ts'

const readmes: Readonly<Record<string, string>> = {
  go: 'clients/go/README.md',
  python: 'clients/python/README.md',
  rust: 'clients/rust/README.md',
  java: 'clients/java/README.md',
  kotlin: 'clients/java/README.md',
  ts: 'clients/typescript/README.md',
}

it('docs/clients.md shows the program of each README', () => {
  const page = readDocument('docs/clients.md')
  const section = page.slice(page.indexOf('\n## The same program\n'), page.indexOf('\n## The services\n'))
  const blocks = codeBlocks(section)
  assert.ok(blocks.length >= 3, `${blocks.length} programs`)
  for (const { language, code } of blocks) {
    const readme = new Set(linesOf(readDocument(readmes[language]!)))
    const others = linesOf(code).filter((line) => !readme.has(line))
    assert.deepEqual(others, [], language)
  }
})

/** Returns the lines without their indentation and without comments at their ends. */
function linesOf(text: string): string[] {
  return text.split('\n').map((line) => line.replace(/ +(\/\/|#) .*$/, '').trim())
}
