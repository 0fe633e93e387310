/**
 * `causeway verify` on a damaged store: it exits with code 1 and names the damaged entry. A store whose LevelDB files
 * are damaged is refused in one sentence.
 */
import { strict as assert } from 'node:assert'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ClassicLevel } from 'classic-level'
import { Sandbox } from '../../kit/command.ts'

interface Verified {
  ok: boolean
  checked: number
  problems: { entry?: string; code: string; message: string }[]
}

describe('causeway verify', () => {
  it('names the entry whose bytes were changed', async () => {
    await using box = await Sandbox.create()
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    const { entry } = await box.json<{ entry: string }>(
      'a',
      ['commit', tree, '--store', 's'],
      'a peculiar payload',
    )
    await box.json('a', ['commit', tree, '--store', 's'], 'more')
    const db = new ClassicLevel<Buffer, Buffer>(join(box.folder('a'), 'store'), {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    })
    let changed = 0
    for await (const [key, value] of db.iterator()) {
      const at = value.indexOf('peculiar')
      if (at < 0) continue
      value[at] = 0x50
      await db.put(key, value)
      changed++
    }
    await db.close()
    assert.equal(changed, 1)
    const { code, stdout, stderr } = await box.run('a', ['verify', tree, '--json'])
    assert.deepEqual([code, stderr], [1, ''])
    const verified = JSON.parse(stdout) as Verified
    assert.equal(verified.ok, false)
    assert.ok(
      verified.problems.some((problem) => problem.entry === entry),
      stdout,
    )
    const plain = await box.run('a', ['verify', tree])
    assert.equal(plain.code, 1)
    assert.match(plain.stdout, /problem/)
  })

  it('refuses a store whose files are garbage, in one sentence', async () => {
    await using box = await Sandbox.create()
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    const store = join(box.folder('a'), 'store')
    for (const file of await readdir(store))
      if (file.startsWith('MANIFEST') || file === 'CURRENT') await writeFile(join(store, file), 'garbage')
    const { code, stdout, stderr } = await box.run('a', ['verify', tree])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, /^causeway: [^\n]+ \(STORE_CORRUPT\)\n$/)
  })
})
