/**
 * The command in the environments in which it is found: without a home folder, with a mistyped data folder, and with
 * one that it may not write.
 */
import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { defaultDataFolder } from '../../src/cli/default-folder.ts'
import { type Ran, Sandbox } from '../kit/command.ts'
import { builtCommand } from '../kit/project.ts'

/** As in a container whose user is in no list of users: Node then throws. */
const homeless = `data:text/javascript,
  import os from 'node:os';
  import { syncBuiltinESMExports } from 'node:module';
  os.homedir = () => { throw new Error('uv_os_homedir returned ENOENT (no such file or directory)') };
  syncBuiltinESMExports()`

const run = (args: readonly string[], env: Record<string, string> = {}) =>
  new Promise<Ran>((done) => {
    const all = ['--import', homeless, builtCommand, ...args]
    execFile(process.execPath, all, { env: { PATH: process.env.PATH, ...env } }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })

describe('Without a home folder', () => {
  it('everything works that is told its data folder', async () => {
    await using box = await Sandbox.create()
    for (const args of [['--version'], ['--help'], ['id', '--help'], ['id', '--data', box.folder('a')]])
      assert.deepEqual({ ...(await run(args)), stdout: '' }, { code: 0, stdout: '', stderr: '' })
    const { code, stdout } = await run(['id'], { CAUSEWAY_DATA: box.folder('a') })
    assert.deepEqual([code, stdout.length], [0, 65])
    assert.equal((await run(['id'], { XDG_DATA_HOME: box.path })).code, 0)
    assert.ok(existsSync(box.folder('causeway')))
  })

  it('a command without a data folder says what to give', async () => {
    for (const command of ['id', 'token']) {
      const { code, stderr } = await run([command])
      assert.equal(code, 2)
      assert.match(stderr, /^causeway: [^\n]*--data DIR[^\n]*\(INVALID_ARGUMENT\)\n$/)
    }
  })
})

describe('The default data folder', () => {
  it('is that of the platform', () => {
    assert.equal(defaultDataFolder({ CAUSEWAY_DATA: '/d' }, 'linux'), '/d')
    assert.equal(defaultDataFolder({ XDG_DATA_HOME: '/x' }, 'linux'), '/x/causeway')
    assert.ok(defaultDataFolder({}, 'linux')!.endsWith('/.local/share/causeway'))
    assert.ok(defaultDataFolder({}, 'darwin')!.endsWith('/Library/Application Support/causeway'))
    assert.equal(defaultDataFolder({ LOCALAPPDATA: 'L' }, 'win32'), join('L', 'causeway', 'Data'))
    assert.ok(defaultDataFolder({}, 'win32')!.endsWith(join('AppData', 'Local', 'causeway', 'Data')))
  })
})

describe('A mistyped data folder', () => {
  it('is noticed by every command that needs a node, and stays absent', async () => {
    await using box = await Sandbox.create()
    const [tree, peer] = ['bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku', 'cd'.repeat(32)]
    const commands = [
      ...[
        ['tree', 'list'],
        ['tips', tree],
        ['log', tree],
        ['show', tree],
        ['watch', tree],
        ['verify', tree],
      ],
      ...[['commit', tree, '--store', 's'], ['ticket', tree], ['status'], ['flush'], ['connections']],
      ...[
        ['peer', 'list'],
        ['peer', 'remove', peer],
        ['peer', 'block', peer],
        ['unlink', tree, peer],
      ],
      ...[['link', tree, peer], ['requests'], ['approve', '1234'], ['reject', '1234'], ['token']],
      ...[
        ['policy', tree],
        ['grant', tree, peer, 'read'],
        ['revoke', tree, peer],
      ],
    ]
    for (const args of commands) {
      const { code, stdout, stderr } = await box.run('absent', args)
      assert.deepEqual([code, stdout], [2, ''], args.join(' '))
      assert.match(
        stderr,
        /^causeway: The folder \S+ has no node yet: check --data .*\(INVALID_ARGUMENT\)\n$/,
      )
    }
    assert.equal(existsSync(box.folder('absent')), false)
  })
})
