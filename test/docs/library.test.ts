/**
 * The programs of docs/library.md as a user has them: in a project of its own that depends on the built package, each is
 * type-checked, run, and prints what stands under it.
 */
import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { codeBlocks, readDocument } from '../kit/markdown.ts'
import { projectFile, projectRoot } from '../kit/project.ts'

const run = promisify(execFile)

const blocks = codeBlocks(readDocument('docs/library.md'))
const programs = blocks.flatMap(({ language, code, line }, index) => {
  const next = blocks[index + 1]
  const expected = next?.language === 'text' ? next.code : undefined
  return language === 'ts' ? [{ name: `line-${line}.ts`, code, line, expected }] : []
})

describe('docs/library.md', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'causeway-library-'))
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(projectRoot, join(folder, 'node_modules/causeway-sync'))
    for (const scope of ['@connectrpc', '@opentelemetry', '@types'])
      symlinkSync(projectFile(`node_modules/${scope}`), join(folder, 'node_modules', scope))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    const compilerOptions = {
      ...{ target: 'ES2023', lib: ['ES2023', 'ESNext.Disposable'], module: 'NodeNext', types: ['node'] },
      ...{ strict: true, noUncheckedIndexedAccess: true, skipLibCheck: true, noEmit: true },
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    for (const { name, code } of programs) writeFileSync(join(folder, name), code)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('has programs, all with what they print', () => {
    assert.ok(programs.length > 0)
    for (const { line, expected } of programs) assert.ok(expected !== undefined, `line ${line} has no output`)
  })

  it('has programs of the right types', async () => {
    const tsc = projectFile('node_modules/typescript/bin/tsc')
    await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) =>
      assert.fail(error.stdout),
    )
  })

  for (const { name, line, code, expected } of programs)
    it(`runs the program of line ${line}`, async () => {
      assert.match(code, /from 'causeway-sync'/)
      const args = ['--import', import.meta.resolve('tsx'), name]
      const { stdout, stderr } = await run(process.execPath, args, { cwd: folder, timeout: 30_000 })
      assert.deepEqual([stdout, stderr], [expected, ''])
    })
})
