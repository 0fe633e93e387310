/** `get --watch`, and commands on keys whose output cannot be written. */
import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { after, before, describe, it } from 'node:test'
import { type Ran, Sandbox } from '../../kit/command.ts'
import { builtCommand } from '../../kit/project.ts'

const noFull = existsSync('/dev/full') ? false : 'there is no /dev/full'

let box: Sandbox
let tree: string
const put = (store: string, key: string, value: string) => box.json('a', ['put', tree, store, key, value])
before(async () => {
  box = await Sandbox.create()
  await box.serve('a')
  tree = (await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])).tree
})
after(() => box[Symbol.asyncDispose]())

describe('get --watch', () => {
  for (const json of [false, true])
    it(`prints all keys, then what changes, ${json ? 'as JSON' : 'as text'}`, async () => {
      const store = `store ${json}`
      await put(store, 'a/1', 'one')
      await put(store, 'b', 'elsewhere')
      const child = box.spawn('a', ['get', tree, store, 'a/', '--watch', ...(json ? ['--json'] : [])])
      const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]()
      const next = async () => {
        const line = (await lines.next()).value as string
        if (!json) return line.split(/ {2,}/)
        const { key, value, version, synced } = JSON.parse(line)
        return synced ? ['synced'] : [key, version === null ? '(absent)' : value]
      }
      assert.deepEqual(await next(), ['a/1', 'one'])
      assert.deepEqual(await next(), ['synced'])
      await put(store, 'b', 'elsewhere again')
      await put(store, 'a/2', 'two')
      assert.deepEqual(await next(), ['a/2', 'two'])
      await box.json('a', ['delete', tree, store, 'a/1'])
      assert.deepEqual(await next(), ['a/1', '(absent)'])
      child.kill('SIGTERM')
      await once(child, 'close')
    })

  it('ends quietly when its reader leaves', async () => {
    await put('left', 'k', 'v')
    const child = box.spawn('a', ['get', tree, 'left', '--watch'])
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
    for (let count = 0; code === undefined && count < 20; count++) await put('left', 'k', String(count))
    await closed
    assert.deepEqual([code, stderr], [0, ''])
  })

  it('needs a running node', async () => {
    const created = await box.json<{ tree: string }>('b', ['tree', 'create', 'alone'])
    const { code, stdout, stderr } = await box.run('b', ['get', created.tree, 's', '--watch'])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /causeway serve.*NOT_STARTED/)
  })
})

describe('Output that cannot be written', { skip: noFull }, () => {
  const full = (args: readonly string[]) =>
    new Promise<Ran>((done) => {
      const env = { ...process.env, CAUSEWAY_DATA: box.folder('a') }
      const all = ['-c', '"$0" "$@" > /dev/full', process.execPath, builtCommand, ...args]
      execFile('sh', all, { env }, (error, stdout, stderr) =>
        done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      )
    })

  it('is exit code 1 and one sentence', async () => {
    await put('full', 'k', 'v')
    for (const args of [
      ['get', tree, 'full', 'k'],
      ['get', tree, 'full', '--watch'],
      ['list', tree, 'full'],
      ['list', tree, 'full', '--json'],
      ['history', tree, 'full', 'k'],
      ['put', tree, 'full', 'k', 'w'],
    ]) {
      const { code, stderr } = await full(args)
      assert.equal(code, 1, args.join(' '))
      assert.match(stderr, /^causeway: The output could not be written: ENOSPC[^\n]*\n$/)
    }
  })
})
