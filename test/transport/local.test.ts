/**
 * The control socket: only the user who runs the node can open it, nobody else can take its place, and a command does not
 * speak to a socket of somebody else.
 */
import { strict as assert } from 'node:assert'
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { dialLocal, listenLocal } from '../../src/transport/local.ts'

const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

describe('The control socket', { skip: process.platform === 'win32' }, () => {
  const { XDG_RUNTIME_DIR } = process.env
  const { getuid } = process
  let [root, runtime, short, long] = ['', '', '', '']

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'cw-'))
    ;[runtime, short, long] = [join(root, 'run'), join(root, 'data'), join(root, 'd'.repeat(100))]
    for (const folder of [runtime, short, long]) await mkdir(folder)
    process.env.XDG_RUNTIME_DIR = runtime
  })
  afterEach(async () => {
    if (XDG_RUNTIME_DIR === undefined) delete process.env.XDG_RUNTIME_DIR
    else process.env.XDG_RUNTIME_DIR = XDG_RUNTIME_DIR
    process.getuid = getuid!
    await rm(root, { recursive: true })
  })

  const listen = (data: string) => listenLocal(data, ({ stream }) => stream.destroy())
  const noted = async (data: string) => (await readFile(join(data, 'control.path'), 'utf8')).trim()

  async function reaches(data: string): Promise<boolean> {
    const channel = await dialLocal(data)
    channel?.stream.destroy()
    return channel !== undefined
  }

  it('lies in the data folder if that path is short enough', async () => {
    {
      await using _ = await listen(short)
      assert.deepEqual(await readdir(short), ['control.sock'])
      assert.equal(await mode(join(short, 'control.sock')), '600')
      assert.equal(await reaches(short), true)
      // By another path to the same folder, too.
      await symlink(short, join(root, 'alias'))
      assert.equal(await reaches(join(root, 'alias')), true)
    }
    assert.deepEqual(await readdir(short), [])
    assert.equal(await reaches(short), false)
  })

  for (const [name, parent] of [
    ['XDG_RUNTIME_DIR', () => runtime],
    ['the temporary folder, without XDG_RUNTIME_DIR', tmpdir],
  ] as const)
    it(`lies in a new folder of its own in ${name}, if the path is too long`, async () => {
      if (parent() !== runtime) delete process.env.XDG_RUNTIME_DIR
      let path = ''
      {
        await using _ = await listen(long)
        path = await noted(long)
        assert.equal(dirname(dirname(path)), parent())
        assert.equal(await mode(dirname(path)), '700')
        assert.equal(await mode(path), '600')
        // A command finds it in whatever environment it runs.
        process.env.XDG_RUNTIME_DIR = root
        assert.equal(await reaches(long), true)
      }
      assert.deepEqual(await readdir(long), [])
      await assert.rejects(stat(dirname(path)), { code: 'ENOENT' })
    })

  it('has another name each time, and what a killed node left is removed', async () => {
    const killed = await listen(long)
    const before = await noted(long)
    {
      await using _ = await listen(long)
      assert.notEqual(await noted(long), before)
      assert.equal((await readdir(runtime)).length, 1)
      assert.equal(await reaches(long), true)
    }
    await killed[Symbol.asyncDispose]()
  })

  /** Makes this process see what others own, or what it owns as others'. */
  async function disown(path: string): Promise<void> {
    if (getuid!() === 0) await chown(path, 65_534, 65_534)
    else process.getuid = () => getuid!() + 1
  }

  it('of another user gets no call', async () => {
    for (const data of [short, long]) {
      await using _ = await listen(data)
      const path = data === short ? join(data, 'control.sock') : await noted(data)
      assert.equal(await reaches(data), true)
      await disown(path)
      await assert.rejects(dialLocal(data), { code: 'FORBIDDEN' })
      process.getuid = getuid!
    }
  })

  it('in a folder of another user, or in one that others can use, gets no call', async () => {
    await using _ = await listen(long)
    const folder = dirname(await noted(long))
    await chmod(folder, 0o755)
    await assert.rejects(dialLocal(long), { code: 'FORBIDDEN' })
    await chmod(folder, 0o700)
    await disown(folder)
    await assert.rejects(dialLocal(long), { code: 'FORBIDDEN' })
  })

  it('of root, and for root that of the owner of the data folder, is trusted', async () => {
    if (getuid!() !== 0) return
    await using _ = await listen(short)
    process.getuid = () => 65_534
    assert.equal(await reaches(short), true)
    process.getuid = getuid!
    for (const path of [short, join(short, 'control.sock')]) await chown(path, 65_534, 65_534)
    assert.equal(await reaches(short), true)
    await chown(short, 0, 0)
    await assert.rejects(dialLocal(short), { code: 'FORBIDDEN' })
  })

  it('is not a file, nor a link to a socket elsewhere', async () => {
    await writeFile(join(short, 'control.sock'), '')
    assert.equal(await reaches(short), false)
    const elsewhere = createServer().listen(join(root, 'elsewhere'))
    await rm(join(short, 'control.sock'))
    await symlink(join(root, 'elsewhere'), join(short, 'control.sock'))
    assert.equal(await reaches(short), false)
    await new Promise((done) => elsewhere.close(done))
  })

  it('leaves nothing behind if it cannot be noted', async () => {
    // In the way of the note.
    await mkdir(join(long, 'control.path'))
    await assert.rejects(listen(long), { code: 'UNREACHABLE', message: /^Cannot open the control socket/ })
    assert.deepEqual(await readdir(runtime), [])
  })
})
