/**
 * The commands as a user runs them: with and without --json, through a running node and on a folder. Exit codes are
 * stable for scripts, and a failure prints one sentence on stderr.
 */
import { strict as assert } from 'node:assert'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { Sandbox, type Served } from '../kit/command.ts'

const away = 'cd'.repeat(32)
const noSuch = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const commands = [
  'serve',
  'id',
  'tree create',
  'tree list',
  'tips',
  'log',
  'show',
  'commit',
  'verify',
  'put',
  'get',
  'import git',
  'ticket',
  'sync',
]

describe('Usage', () => {
  let box: Sandbox
  before(async () => {
    box = await Sandbox.create()
  })
  after(() => box[Symbol.asyncDispose]())

  it('is described by --help, for the program and for every command', async () => {
    const whole = await box.run('a', ['--help'])
    assert.equal(whole.code, 0)
    for (const command of commands)
      assert.match(whole.stdout, new RegExp(`^ {2}${command.split(' ')[0]}`, 'm'))
    for (const heading of ['Trees', 'Keys and values', 'Peers and links', 'Access', 'Node'])
      assert.match(whole.stdout, new RegExp(`^${heading}:$`, 'm'))
    await Promise.all(
      // Each is a process of its own; the same code adds the options to the other commands.
      ['serve', 'tree create', 'import git', 'sync'].map(async (command) => {
        const help = await box.run('a', [...command.split(' '), '--help'])
        assert.deepEqual([help.code, help.stderr], [0, ''], command)
        assert.match(help.stdout, /--data <DIR>/)
        assert.match(help.stdout, /--json/)
      }),
    )
    const version = await box.run('a', ['--version'])
    assert.match(version.stdout, /^\d+\.\d+\.\d+\n$/)
  })

  it('is reported with exit code 2 if it is wrong, without a stack', async () => {
    const wrong = [
      ['nonsense'],
      ['tips'],
      ['tips', 'not-an-id'],
      ['show', 'not-an-id'],
      ['commit', noSuch],
      ['log', noSuch, '--limit', '0'],
      ['tree', 'create', 'a', '--public', 'all'],
      ['tree', 'create', 'a', '--public', 'toString'],
      ['tree', 'create', ''],
      ['serve', '--http', '80'],
      ['sync', noSuch],
      ['sync', 'causeway:?db=x&pr=http://a:1'],
      ['sync', noSuch, 'http://host/path'],
      ['sync', `causeway:?db=${noSuch}&pr=http://a:1`, 'http://b:1'],
      ['link', `causeway:?db=${noSuch}&pr=http://a:1`, away],
      ['import', 'git', '/nowhere'],
    ]
    await Promise.all(
      wrong.map(async (args, index) => {
        const { code, stdout, stderr } = await box.run(`wrong ${index}`, args)
        assert.deepEqual([code, stdout], [2, ''], `${args.join(' ')}: ${stderr}`)
        assert.match(stderr, /^causeway: /)
        assert.doesNotMatch(stderr, /\n\s+at /)
      }),
    )
  })
})

for (const running of [false, true])
  describe(`Commands ${running ? 'through a running node' : 'on a folder'}`, () => {
    let box: Sandbox
    let served: Served | undefined
    before(async () => {
      box = await Sandbox.create()
      if (running) served = await box.serve('a')
    })
    after(() => box[Symbol.asyncDispose]())

    it('write entries and read them back', async () => {
      const id = await box.json<{ peer: string; running: boolean }>('a', ['id'])
      assert.match(id.peer, /^[0-9a-f]{64}$/)
      assert.equal(id.running, running)
      if (served) assert.equal(id.peer, served.ready.peer)
      const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes', '--public', 'read'])
      const { trees } = await box.json<{ trees: Record<string, unknown>[] }>('a', ['tree', 'list'])
      const listed = trees.map(({ tree, name, entries, public: access }) => ({ tree, name, entries, access }))
      assert.deepEqual(listed, [{ tree, name: 'notes', entries: 1, access: 'read' }])
      const { entry } = await box.json<{ entry: string }>('a', ['commit', tree, '--store', 'text'], 'hello\n')
      await writeFile(box.folder('file'), 'from a file')
      const file = await box.json<{ entry: string; height: number }>('a', [
        'commit',
        tree,
        box.folder('file'),
        '--store',
        'text',
        '--kind',
        'add',
      ])
      assert.equal(file.height, 2)
      assert.deepEqual((await box.json<{ tips: string[] }>('a', ['tips', tree])).tips, [file.entry])
      const { entries } = await box.json<{ entries: { entry: string; parents: string[] }[] }>('a', [
        'log',
        tree,
      ])
      assert.deepEqual(
        entries.map((each) => [each.entry, each.parents]),
        [
          [file.entry, [entry]],
          [entry, [tree]],
          [tree, []],
        ],
      )
      const ofStores = async (...stores: string[]) => {
        const named = stores.flatMap((store) => ['--store', store])
        return (await box.json<{ entries: object[] }>('a', ['log', tree, ...named])).entries.length
      }
      assert.deepEqual([await ofStores('text'), await ofStores('other', '_policy')], [2, 1])
      const limited = await box.json<{ entries: object[] }>('a', ['log', tree, '--limit', '1'])
      assert.equal(limited.entries.length, 1)
      const shown = await box.json<{ changes: { payload: string }[] }>('a', ['show', entry])
      assert.equal(Buffer.from(shown.changes[0]!.payload, 'base64').toString(), 'hello\n')
      const verified = await box.json<{ ok: boolean }>('a', ['verify', tree])
      assert.equal(verified.ok, true)
      for (const args of running
        ? [
            ['tree', 'list'],
            ['show', entry],
          ]
        : [['id'], ['verify', tree]]) {
        const { code, stderr, stdout } = await box.run('a', args)
        assert.deepEqual([code, stderr], [0, ''])
        assert.ok(stdout.length > 0)
      }
      const log = await box.run('a', ['log', tree])
      assert.match(log.stdout, /text: from a file\n/)
    })

    it('take a PeerId in upper case', async () => {
      const peer = 'AB'.repeat(32)
      await box.json('a', ['peer', 'add', peer])
      const blocked = await box.json<{ peer: string; blocked: boolean }>('a', ['peer', 'block', peer])
      assert.deepEqual(blocked, { peer: peer.toLowerCase(), blocked: true })
      const removed = await box.json<{ removed: string }>('a', ['peer', 'remove', peer])
      assert.deepEqual(removed, { removed: peer.toLowerCase() })
      const own = (await box.json<{ peer: string }>('a', ['id'])).peer.toUpperCase()
      const token = await box.json<{ audience: string }>('a', ['token', '--audience', own])
      assert.equal(token.audience, own.toLowerCase())
    })

    it('report a failure in one sentence, with exit code 1', async () => {
      const unknown = [
        ['tips', noSuch],
        ['log', noSuch, '--json'],
        ['show', noSuch],
        ['verify', noSuch],
        ['ticket', noSuch],
        ['commit', noSuch, '--store', 'a', '--json'],
      ]
      for (const args of unknown.filter((_, index) => running === index < 3)) {
        const { code, stdout, stderr } = await box.run('a', args, 'x')
        assert.deepEqual([code, stdout], [1, ''], args.join(' '))
        assert.match(stderr, /^causeway: [^\n]+ \(UNKNOWN_(TREE|ENTRY)\)\n$/)
        assert.ok(stderr.includes(noSuch), stderr)
      }
      const unlinked = await box.run('a', ['unlink', noSuch, away])
      assert.equal(unlinked.code, 1)
      assert.match(unlinked.stderr, new RegExp(`${noSuch} is not linked with the peer ${away}.*UNKNOWN_PEER`))
      const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'large'])
      const large = await box.run('a', ['commit', tree, '--store', 'a'], Buffer.alloc(1_100_000))
      assert.equal(large.code, 1)
      assert.match(large.stderr, /ENTRY_TOO_LARGE/)
      const nobody = await box.run('a', ['sync', tree, 'http://127.0.0.1:1'])
      assert.equal(nobody.code, 3)
      assert.match(nobody.stderr, /UNREACHABLE/)
      await box.json('a', ['peer', 'add', away, 'http://127.0.0.1:1'])
      await box.json('a', ['link', tree, away])
      const flushed = await box.run('a', ['flush', '--timeout', '1'])
      assert.deepEqual([flushed.code, flushed.stderr], [1, ''])
      assert.match(flushed.stdout, /ECONNREFUSED/)
      const ticket = await box.run('a', ['ticket', tree])
      assert.equal(ticket.code, running ? 0 : 1)
      if (!running) assert.match(ticket.stderr, /causeway serve.*NOT_STARTED/)
    })
  })
