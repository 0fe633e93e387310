/** The command on the store of an earlier version: it says what it would do, does it, and then has nothing to do. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ClassicLevel } from 'classic-level'
import { Sandbox } from '../../kit/command.ts'
import { oldSeedText, writeOldStore } from '../../kit/old-stores.ts'

async function writeOldNode(folder: string): Promise<void> {
  await mkdir(join(folder, 'store'), { recursive: true })
  await writeFile(join(folder, 'identity.key'), oldSeedText, { mode: 0o600 })
  await writeOldStore(join(folder, 'store'), 2)
}

describe('causeway migrate', () => {
  it('says what it would do, does it, and has nothing to do afterwards', async () => {
    await using sandbox = await Sandbox.create()
    await writeOldNode(sandbox.folder('a'))
    const dry = await sandbox.json<Record<string, unknown>>('a', ['migrate', '--dry-run'])
    const { rows, ...rest } = dry
    assert.deepEqual(rest, { format: 2, pending: true, migrated: false, trees: 2, entries: 34, damaged: 0 })
    const done = await sandbox.json('a', ['migrate'])
    assert.deepEqual(done, { ...rest, rows, pending: false, migrated: true })
    assert.match(
      (await sandbox.run('a', ['migrate'])).stdout,
      /has format 3, that of this version: there is nothing/,
    )
    const { trees } = await sandbox.json<{ trees: { tree: string; name: string }[] }>('a', ['tree', 'list'])
    for (const { tree } of trees) assert.equal((await sandbox.run('a', ['verify', tree])).code, 0)
    assert.equal((await sandbox.run('none', ['migrate'])).code, 2)
  })

  it('is not needed for serve, which migrates and logs it', async () => {
    await using sandbox = await Sandbox.create()
    await writeOldNode(sandbox.folder('a'))
    const serving = sandbox.spawn('a', ['serve', '--json', '--http', '127.0.0.1:0'])
    const closed = once(serving, 'close')
    let log = ''
    serving.stderr!.on('data', (chunk) => (log += chunk))
    await once(serving.stdout!, 'data')
    assert.match((await sandbox.run('a', ['migrate'])).stdout, /A node runs on .*: there is nothing to do/)
    serving.kill('SIGTERM')
    assert.equal((await closed)[0], 0)
    const lines = log.trim().split('\n')
    const names = lines.map((line) => (JSON.parse(line) as { event: string }).event)
    assert.deepEqual(names.slice(0, 2), ['migrating', 'migrated'])
  })

  it('says which version wrote a store that is newer', async () => {
    await using sandbox = await Sandbox.create()
    await sandbox.json('a', ['id'])
    const db = new ClassicLevel<string, string>(join(sandbox.folder('a'), 'store'))
    await db.put('F', JSON.stringify({ format: 9, version: '3.2.1' }))
    await db.close()
    for (const command of [['migrate'], ['status'], ['serve']]) {
      const { code, stderr } = await sandbox.run('a', command)
      assert.equal(code, 1)
      assert.match(stderr, /newer format 9 of Causeway 3\.2\.1.*run version 3\.2\.1 or a later one/)
    }
  })
})
