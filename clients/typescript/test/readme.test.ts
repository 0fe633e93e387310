/** The program of the README, as a user of the built package has it: it is of the right types, runs, and is short. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { formatId } from '../../../src/dag/id.ts'
import { codeBlocks } from '../../../test/kit/markdown.ts'
import { projectFile } from '../../../test/kit/project.ts'
import { ServingNode } from '../../../test/kit/serving-node.ts'

const run = promisify(execFile)
const readme = readFileSync(projectFile('clients/typescript/README.md'), 'utf8')
const program = codeBlocks(readme).find(({ language }) => language === 'ts')!.code

describe('The program of the README', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'causeway-client-'))
    mkdirSync(join(folder, 'node_modules/@causeway-sync'), { recursive: true })
    symlinkSync(projectFile('clients/typescript'), join(folder, 'node_modules/@causeway-sync/client'))
    symlinkSync(projectFile('node_modules/@types'), join(folder, 'node_modules/@types'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'notes.ts'), program)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('has at most 20 lines', () => {
    assert.ok(program.trimEnd().split('\n').length <= 20)
  })

  for (const [where, options] of [
    // Without DOM, types of Connect itself are incomplete.
    ['on a server', { module: 'NodeNext', lib: ['ES2023', 'ESNext.Disposable'], skipLibCheck: true }],
    [
      'for a bundler',
      { module: 'ESNext', moduleResolution: 'bundler', lib: ['ES2023', 'ESNext.Disposable', 'DOM'] },
    ],
  ] as const)
    it(`has the right types ${where}, those of the package included`, async () => {
      const compilerOptions = { target: 'ES2023', types: ['node'], strict: true, noEmit: true, ...options }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
      const tsc = projectFile('node_modules/typescript/bin/tsc')
      await run(process.execPath, [tsc, '-p', folder]).catch((error: { stdout: string }) =>
        assert.fail(error.stdout),
      )
    })

  it('puts, gets and watches', async () => {
    await using serving = await ServingNode.start()
    const tree = await serving.node.createTree('notes', PublicAccess.WRITE)
    const args = ['--import', import.meta.resolve('tsx'), 'notes.ts', serving.address, formatId(tree)]
    const { stdout, stderr } = await run(process.execPath, args, { cwd: folder, timeout: 60_000 })
    assert.deepEqual([stdout, stderr], ['read: Hello\nwatched: title = Hello\n', ''])
  })
})
