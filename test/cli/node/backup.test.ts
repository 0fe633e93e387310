/** The commands `backup`, `restore`, `export` and `import car`, on a running node and without one. */
import { strict as assert } from 'node:assert'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { Sandbox } from '../../kit/command.ts'
import { projectFile } from '../../kit/project.ts'

it('backs up a running node, and restores it as the same node and as another', async () => {
  await using box = await Sandbox.create()
  const { child, closed, ready } = await box.serve('a')
  const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
  for (const text of ['one', 'two']) await box.run('a', ['commit', tree, '--store', 'text'], text)

  const folder = box.folder('backups')
  await mkdir(folder)
  const written = await box.json<{ file: string; entries: number }>('a', ['backup', folder])
  assert.equal(written.entries, 3)
  assert.equal(((await stat(written.file)).mode & 0o777).toString(8), '600')
  assert.deepEqual((await readdir(folder)).length, 1, 'no temporary file stays')
  const seed = (await readFile(join(box.folder('a'), 'identity.key'), 'utf8')).trim()
  assert.ok(
    !(await readFile(written.file)).includes(seed),
    'the key is in no backup that does not ask for it',
  )

  const keyed = box.folder('keyed.car')
  await box.json('a', ['backup', keyed, '--with-key'])
  const again = await box.run('a', ['backup', keyed])
  assert.deepEqual([again.code, /exists: name a new one/.test(again.stderr)], [1, true])
  child.kill('SIGTERM')
  await closed

  const check = await box.run('none', ['restore', '--check', keyed])
  assert.match(check.stdout, /^The backup of [0-9a-f]{64} from .* is sound: 1 tree with 3 entries\.\n$/)
  const same = await box.json<{ peer: string }>('b', ['restore', keyed])
  assert.equal(same.peer, ready.peer)
  const { code, stderr } = await box.run('b', ['restore', keyed])
  assert.deepEqual([code, /has a node/.test(stderr)], [1, true])
  const other = await box.run('c', ['restore', written.file])
  assert.match(other.stdout, /a new one, since the backup has no key/)
  const { stdout } = await box.run('c', ['log', tree])
  assert.match(stdout, /two/)
})

it('refuses a backup that was cut or changed, and leaves no node', async () => {
  await using box = await Sandbox.create()
  await box.json('a', ['tree', 'create', 'notes'])
  const file = box.folder('backup.car')
  await box.json('a', ['backup', file])
  const bytes = await readFile(file)
  await writeFile(file, bytes.subarray(0, bytes.length - 3))
  const cut = await box.run('b', ['restore', file])
  assert.deepEqual([cut.code, /STORE_CORRUPT/.test(cut.stderr)], [1, true])
  assert.equal((await box.run('b', ['tree', 'list'])).code, 2)
  const other = await box.run('b', ['restore', projectFile('README.md')])
  assert.equal(other.code, 1)
  assert.match(
    other.stderr,
    /^causeway: The archive does not begin as a CAR file [^\n]* \(STORE_CORRUPT\)\n$/,
  )
  const absent = await box.run('b', ['restore', box.folder('nothing.car')])
  assert.deepEqual([absent.code, /cannot be read/.test(absent.stderr)], [2, true])
})

it('exports a tree through a pipe, and another node imports it, once', async () => {
  await using box = await Sandbox.create()
  const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
  await box.run('a', ['commit', tree, '--store', 'text'], 'hello')
  const file = box.folder('notes.car')
  await box.json('a', ['export', tree, file])
  const piped = await box.run('b', ['import', 'car', '-', '--json'], await readFile(file))
  assert.deepEqual(JSON.parse(piped.stdout), { trees: [tree], added: 2, known: 0 })
  assert.deepEqual(await box.json('b', ['import', 'car', file]), { trees: [tree], added: 0, known: 2 })
  const unknown = await box.run('b', [
    'export',
    tree.replace(/.(?=.$)/, (last) => (last === 'a' ? 'b' : 'a')),
    box.folder('x.car'),
  ])
  assert.notEqual(unknown.code, 0)
  assert.deepEqual(
    (await readdir(box.path)).filter((name) => name.startsWith('x.car')),
    [],
  )
})

it('writes only what came since the last backup, and restores a folder of backups', async () => {
  await using box = await Sandbox.create()
  const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
  for (const text of ['one', 'two']) await box.run('a', ['commit', tree, '--store', 'text'], text)
  const folder = box.folder('backups')
  await mkdir(folder)
  const first = join(folder, 'first.car')
  // None is there yet, so the first one is whole.
  const unable = await box.run('a', ['backup', first, '--since', 'last'])
  assert.deepEqual([unable.code, /needs a folder to write into/.test(unable.stderr)], [2, true])
  assert.equal((await box.json<{ entries: number }>('a', ['backup', first])).entries, 3)
  await box.run('a', ['commit', tree, '--store', 'text'], 'three')
  const since = ['--since', 'last', '--with-key']
  const later = await box.json<{ file: string; entries: number }>('a', ['backup', folder, ...since])
  assert.equal(later.entries, 1)
  const alone = await box.run('b', ['restore', later.file])
  assert.deepEqual([alone.code, /builds on an earlier one/.test(alone.stderr)], [2, true])
  const { stdout } = await box.run('none', ['restore', '--check', first, later.file])
  assert.match(stdout, /is sound: 1 tree with 4 entries/)
  const restored = await box.json<{ entries: number }>('b', ['restore', folder])
  assert.equal(restored.entries, 4)
  assert.match((await box.run('b', ['log', tree])).stdout, /three/)
})
