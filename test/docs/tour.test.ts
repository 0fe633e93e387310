/**
 * The tour of the README as a reader takes it: its blocks as they stand, one after another in one shell, print what the text
 * around them says, and leave nothing behind. It runs the built command, which `npm test` builds first.
 */
import { strict as assert } from 'node:assert'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { codeBlocks, readDocument } from '../kit/markdown.ts'
import { projectRoot } from '../kit/project.ts'

const readme = readDocument('README.md')
const tour = readme.slice(readme.indexOf('\n## Tour\n'), readme.indexOf('\n## What it promises\n'))
const blocks = codeBlocks(tour)

/** Ten times what it takes on a machine that does nothing else. */
const deadlineMs = 80_000
const mark = '--- end of block'

/** What each block prints, in order. */
const expected: readonly RegExp[][] = [
  [/ 1 {2}\S+ {2}text: hello$/m, / 0 {2}\S+ {2}_policy: name notes, everybody write, /],
  [/^Listening on http:\/\/127\.0\.0\.1:\d+$/m],
  [/^Both sides are equal/m, / 2 {2}\S+ {2}text: hello, Alice$/m, / in sync /],
  [
    /^A draft$/m,
    /^title +(Alice|Bob)'s title {2}\(1 conflict\)$/m,
    /^notes {2}title: 2 versions$/m,
    /^ .* Alice's title$/m,
    /^ .* Bob's title$/m,
    /^Our title$/m,
  ],
  [/^#!\/usr\/bin\/env node$/m, /^The same bytes$/m],
  [/ waits for an admin/, /^Joined /m, /text: Dear diary$/m],
  [/^Wrote /m, /^Restored 2 trees /m, /^causeway_blob_bytes [1-9]/m],
  [/^$/],
]

describe('the tour of the README', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'causeway-tour-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('tells the reader what to expect', () => {
    for (const text of ['Both sides are equal', 'in sync', '1 conflict', 'waits for an admin', 'Joined'])
      assert.ok(tour.includes(`\`${text}\``), text)
  })

  for (const shell of ['bash', 'zsh'])
    it(`runs in ${shell}`, { skip: missing(shell) }, async () => {
      const script = blocks.map(({ code }) => `${code}\necho '${mark}'\n`).join('')
      const { code, stdout, stderr, left } = await run(shell, script, folder)
      // The node that ends last may log that the other one is gone.
      const unexpected = stderr.split('\n').filter((line) => !line.includes('"event":"link-failing"'))
      assert.deepEqual([code, unexpected.join('\n')], [0, ''], stdout)
      const outputs = stdout.split(`${mark}\n`)
      assert.equal(outputs.pop(), '')
      assert.equal(outputs.length, expected.length, stdout)
      for (const [index, patterns] of expected.entries())
        for (const pattern of patterns) assert.match(outputs[index]!, pattern)
      assert.deepEqual(readdirSync(folder), [], 'it leaves folders behind')
      assert.deepEqual(left, [], 'it leaves processes behind')
    })
})

function missing(shell: string): string | false {
  try {
    execFileSync(shell, ['-c', 'true'])
    return false
  } catch {
    return `${shell} is not installed`
  }
}

/** Runs a script in a shell whose temporary folder is `folder`. Returns what the shell left running too, and ends it. */
async function run(shell: string, script: string, folder: string) {
  const child = spawn(shell, ['-c', script], {
    cwd: projectRoot,
    // In a terminal, warnings are the least that is logged.
    env: { ...process.env, TMPDIR: folder, CAUSEWAY_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that its nodes can be ended with it.
    detached: true,
  })
  const end = () => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // Nothing of it runs any more.
    }
  }
  const timer = setTimeout(end, deadlineMs)
  process.once('exit', end)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk))
  const closed = once(child, 'close')
  const [code] = (await once(child, 'exit')) as [number | null]
  clearTimeout(timer)
  const left = processesOf(folder)
  process.off('exit', end)
  end()
  await closed
  return { code, ...output, left }
}

/** Command lines under way that name the folder. */
function processesOf(folder: string): string[] {
  const lines = execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(folder))
}
