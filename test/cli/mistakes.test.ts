/** What operators get wrong most, by real processes: each mistake is answered with what to do, and with its exit code. */
import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { Sandbox } from '../kit/command.ts'
import { builtCommand, projectFile } from '../kit/project.ts'

const fixture = (name: string) => projectFile(`test/kit/fixtures/${name}`)
const tls = ['--tls-cert', fixture('localhost.crt'), '--tls-key', fixture('localhost.key')]
/** The id of a tree; whether a node has it does not matter here. */
const tree = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

/** Runs a command as another user than root, if that user can read the command at all. */
function runAs(uid: number, data: string, args: readonly string[]) {
  return spawnSync(process.execPath, [builtCommand, ...args], {
    ...{ uid, gid: uid, encoding: 'utf8', cwd: '/' },
    env: { PATH: process.env.PATH, CAUSEWAY_DATA: data },
  })
}

const otherUser = 23_456
const cannotBeOther =
  process.getuid?.() !== 0
    ? 'only root can run a command as another user'
    : runAs(otherUser, '/none', ['--version']).status !== 0 && 'another user cannot read this checkout'

describe('a mistake', () => {
  it('a port that is taken, and a node that runs already', async () => {
    await using box = await Sandbox.create()
    const { ready } = await box.serve('a')
    const { host } = new URL(ready.addresses[0]!)
    const taken = await box.run('b', ['serve', '--http', host])
    assert.deepEqual(
      [taken.code, taken.stderr],
      [
        1,
        `causeway: ${host} is in use: stop the program that has it, or choose another port with --http HOST:PORT. (BAD_ADDRESS)\n`,
      ],
    )
    const second = await box.run('a', ['serve'])
    assert.equal(second.code, 1)
    assert.ok(second.stderr.startsWith(`causeway: A node already serves ${box.folder('a')} (process `))
    assert.match(second.stderr, /commands go through it/)
  })

  it('a file as the data folder', async () => {
    await using box = await Sandbox.create()
    await writeFile(box.folder('file'), '')
    for (const command of [['serve'], ['id'], ['tree', 'create', 'notes']]) {
      const { code, stderr } = await box.run('file', command)
      assert.deepEqual(
        [code, stderr],
        [
          2,
          `causeway: ${box.folder('file')} is a file: name a folder that exists or can be created. (INVALID_ARGUMENT)\n`,
        ],
        command.join(' '),
      )
    }
  })

  it('a folder of another user', { skip: cannotBeOther }, async () => {
    await using box = await Sandbox.create()
    await chmod(box.path, 0o755)
    const theirs = box.folder('theirs')
    await mkdir(theirs, { mode: 0o700 })
    await chown(theirs, 12_345, 12_345)
    for (const command of [['serve'], ['id']]) {
      const { status, stderr } = runAs(otherUser, theirs, command)
      assert.equal(status, 1)
      assert.match(stderr, /theirs belongs to another user: run as that user, or name a folder of your own/)
      assert.doesNotMatch(stderr, /INTERNAL|STORE_CORRUPT/)
    }
  })

  it('a certificate that nobody vouches for, and http:// where TLS is spoken', async () => {
    await using box = await Sandbox.create()
    const { ready } = await box.serve('a', ...tls)
    const address = ready.addresses[0]!
    const untrusted = await box.run('b', ['sync', tree, address])
    assert.equal(untrusted.code, 3)
    assert.match(untrusted.stderr, /set NODE_EXTRA_CA_CERTS=FILE/)
    const plain = await box.run('b', ['sync', tree, address.replace('https:', 'http:')])
    assert.equal(plain.code, 3)
    assert.match(plain.stderr, /^causeway: http:.* does it speak https:\/\/\? \(DISCONNECTED\)\n$/)
  })

  it('a proxy that speaks HTTP/1.1 alone', async () => {
    await using box = await Sandbox.create()
    const old = createServer((_, response) => response.end('Hello.')).listen(0, '127.0.0.1')
    await once(old, 'listening')
    const { port } = old.address() as AddressInfo
    const { code, stderr } = await box.run('b', ['sync', tree, `http://127.0.0.1:${port}`])
    assert.equal(code, 1)
    assert.match(stderr, /does not speak HTTP\/2: a proxy must pass it on\. \(PROTOCOL\)\n$/)
    old.closeAllConnections()
    old.close()
  })

  it('an option before its command, a value that an argument cannot have, and what is no address', async () => {
    await using box = await Sandbox.create()
    const early = await box.run('a', ['--json', 'tree', 'list'])
    assert.equal(early.code, 2)
    assert.match(
      early.stderr,
      /^causeway: unknown option '--json': it comes after the command, as in `causeway tree list --json`\n/,
    )
    const shell = await box.run('a', ['completion', 'tcsh'])
    assert.equal(shell.code, 2)
    assert.match(shell.stderr, /^causeway: value 'tcsh' is invalid for the argument 'bash\|zsh\|fish'\. /)
    for (const args of [
      ['peer', 'add', 'nowhere'],
      ['tunnel', 'nowhere'],
      ['sync', tree, 'nowhere'],
    ]) {
      const { code, stderr } = await box.run('a', args)
      assert.equal(code, 2, args.join(' '))
      assert.match(stderr, /handles the address "nowhere"\. Expected one such as http:\/\/HOST:PORT or iroh:/)
    }
  })

  it('files and patterns that the conformance kit cannot read', async () => {
    await using box = await Sandbox.create()
    const features = box.folder('features.json')
    const check = (...options: string[]) =>
      box.run('a', ['conformance', '--mode', 'peer', '--features', features, ...options, '--', 'true'])
    const absent = await check()
    assert.equal(absent.code, 2)
    assert.match(absent.stderr, /features\.json cannot be read: ENOENT/)
    await writeFile(features, 'levels')
    assert.match((await check()).stderr, /features\.json is not JSON: /)
    await writeFile(features, '{"levels": ["entries"]}')
    const pattern = await check('--only', '(')
    assert.equal(pattern.code, 2)
    assert.match(
      pattern.stderr,
      /^causeway: The pattern of --only is no regular expression: .*\(INVALID_ARGUMENT\)\n$/,
    )
    for (const [options, reason] of [
      [['--junit', box.folder('absent/out.xml')], /out\.xml cannot be written: ENOENT/],
      [['--seed', '7'], /--seed and --runs choose the trees of --mode pair/],
    ] as const) {
      const { code, stdout, stderr } = await check(...options)
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, reason)
    }
  })

  it('a clock that is off by ten minutes', async () => {
    await using box = await Sandbox.create()
    const { ready } = await box.serve('a')
    const shared = await box.json<{ tree: string }>('a', ['tree', 'create', 'shared'])
    for (const [offMs, what] of [
      [600_000, 'ahead of'],
      [-600_000, 'behind'],
    ] as const) {
      const off = `data:text/javascript,const%20now=Date.now;Date.now=()=>now()+${offMs}`
      box.env = { NODE_OPTIONS: `--import ${off}` }
      const { code, stderr } = await box.run('b', ['sync', shared.tree, ready.addresses[0]!])
      assert.equal(code, 1)
      assert.match(stderr, new RegExp(`^causeway: Your clock is 10 min ${what} the peer's\\. `))
    }
  })
})
