/** Output that cannot be written: a reader that leaves ends the command quietly, and anything else is a failure. */
import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { type Ran, Sandbox } from '../kit/command.ts'
import { builtCommand } from '../kit/project.ts'

const noFull = existsSync('/dev/full') ? false : 'there is no /dev/full'

/** Runs a command whose stdout is redirected by the shell. */
const redirected = (box: Sandbox, args: readonly string[], redirect: string) =>
  new Promise<Ran>((done) => {
    const script = `"$0" "$@" ${redirect}`
    const env = { ...process.env, CAUSEWAY_DATA: box.folder('a') }
    execFile(
      'sh',
      ['-c', script, process.execPath, builtCommand, ...args],
      { env },
      (error, stdout, stderr) => done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })

describe('A reader that leaves', () => {
  for (const how of ['watch', 'status --watch'])
    it(`ends ${how} quietly`, async () => {
      await using box = await Sandbox.create()
      await box.serve('a')
      const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
      const peer = 'cd'.repeat(32)
      await box.json('a', ['peer', 'add', peer])
      await box.json('a', ['link', tree, peer])
      const child = box.spawn('a', how === 'watch' ? ['watch', tree, '--all'] : ['status', '--watch'])
      let stderr = ''
      child.stderr!.on('data', (chunk) => (stderr += chunk))
      let code: number | null | undefined
      const closed = new Promise<void>((done) => {
        child.once('close', (status) => {
          code = status
          done()
        })
      })
      await new Promise((done) => child.stdout!.once('data', done))
      child.stdout!.destroy()
      // It notices when it has something to print.
      for (let count = 0; code === undefined && count < 20; count++)
        await box.json('a', ['commit', tree, '--store', 's'], String(count))
      await closed
      assert.deepEqual([code, stderr], [0, ''])
    })

  it('does not end a running node', async () => {
    await using box = await Sandbox.create()
    const { child, closed } = await box.serve('a')
    child.stdout!.destroy()
    await box.json('a', ['tree', 'create', 'one'])
    await box.json('a', ['tree', 'create', 'two'])
    assert.equal((await box.json<{ running: boolean }>('a', ['id'])).running, true)
    child.kill('SIGTERM')
    assert.deepEqual(await closed, [0, null])
  })
})

describe('Output that cannot be written', { skip: noFull }, () => {
  it('is exit code 1 and one sentence', async () => {
    await using box = await Sandbox.create()
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    for (const args of [['--help'], ['id'], ['log', tree], ['tree', 'list', '--json']]) {
      const { code, stderr } = await redirected(box, args, '> /dev/full')
      assert.equal(code, 1, args.join(' '))
      assert.match(stderr, /^causeway: The output could not be written: ENOSPC[^\n]*\n$/)
    }
    assert.equal((await redirected(box, ['log', 'nonsense'], '2> /dev/full')).code, 1)
  })

  it('does not end a running node, but shows in its exit code', async () => {
    await using box = await Sandbox.create()
    const serving = redirected(box, ['serve'], '> /dev/full & echo $!; wait $!')
    while (!(await box.run('a', ['id', '--json'])).stdout.includes('"running":true'));
    const pid = Number(await readFile(`${box.folder('a')}/node.pid`, 'latin1'))
    process.kill(pid, 'SIGTERM')
    assert.equal((await serving).code, 1)
  })
})
