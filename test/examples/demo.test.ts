/** The demo, as a newcomer runs it: on a repository by name, on a checkout without history, and on no repository. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inventRepository } from '../../examples/invented-repository.ts'

const demo = fileURLToPath(new URL('../../examples/demo.ts', import.meta.url))

async function runDemo(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', demo, ...args])
  let output = ''
  child.stdout.on('data', (chunk) => (output += chunk))
  child.stderr.on('data', (chunk) => (output += chunk))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}

describe('the demo', () => {
  it('replicates a repository between two processes and leaves both sides equal', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'causeway-demo-test-'))
    try {
      const repository = await inventRepository(join(folder, 'no-checkout'), folder, () => {})
      const commits = Number(
        spawnSync('git', ['-C', repository, 'rev-list', '--all', '--count']).stdout.toString(),
      )
      const { code, output } = await runDemo('--repo', repository)
      assert.equal(code, 0, output)
      assert.match(output, /Both sides have the same entries/)
      const counts = [...output.matchAll(/(\d+) entries, \d+ tip/g)].map((match) => Number(match[1]))
      // The root, the commits, and five notes.
      assert.deepEqual(counts, [commits + 6, commits + 6])
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('says in a sentence what is wrong with a folder that is no repository', async () => {
    const { code, output } = await runDemo('--repo', tmpdir())
    assert.equal(code, 1)
    assert.match(output, /could not be read by git/)
    assert.doesNotMatch(output, /\n\s+at /)
  })
})
