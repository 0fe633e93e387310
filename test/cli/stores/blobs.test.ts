/** `put` and `get` of values past 64 KiB, through a running node and without one: files, pipes, ranges, lists. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { seededBytes } from '../../kit/blobs.ts'
import { Sandbox } from '../../kit/command.ts'

const bytes = Buffer.from(seededBytes(2 * limits.blobChunkBytes + 11))

for (const running of [true, false])
  describe(`a long value, ${running ? 'through a running node' : 'without one'}`, () => {
    let box: Sandbox
    let tree: string
    before(async () => {
      box = await Sandbox.create()
      if (running) await box.serve('a')
      tree = (await box.json<{ tree: string }>('a', ['tree', 'create', 'files'])).tree
      await writeFile(box.folder('file'), bytes)
    })
    after(() => box[Symbol.asyncDispose]())

    async function get(key: string, ...options: string[]): Promise<Buffer> {
      const child = box.spawn('a', ['get', tree, 's', key, ...options])
      const chunks: Buffer[] = []
      child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk))
      child.stdin!.end()
      const [code] = await once(child, 'close')
      assert.equal(code, 0)
      return Buffer.concat(chunks)
    }

    it('goes from a file, and comes whole and in ranges', async () => {
      const put = ['put', tree, 's', 'a', '--file', box.folder('file'), '--type', 'image/jpeg']
      const { entry } = await box.json<{ entry: string }>('a', put)
      assert.match(entry, /^bafkrei/)
      assert.ok((await get('a')).equals(bytes))
      assert.ok((await get('a', '--range', '10-19')).equals(bytes.subarray(10, 20)))
      const edge = limits.blobChunkBytes - 3
      assert.ok((await get('a', '--range', `${edge}-`)).equals(bytes.subarray(edge)))
      const { blob, type } = await box.json<{ blob: { id: string; size: number }; type: string }>('a', [
        ...['get', tree, 's', 'a'],
      ])
      assert.deepEqual([blob.size, type, blob.id.length], [bytes.length, 'image/jpeg', 64])
      const size = `(${bytes.length} bytes, image/jpeg)`
      for (const command of [
        ['list', tree, 's'],
        ['history', tree, 's', 'a'],
      ]) {
        const { stdout } = await box.run('a', command)
        assert.ok(stdout.includes(size), stdout)
      }
    })

    it('goes from a pipe, without a type', async () => {
      await box.json('a', ['put', tree, 's', 'piped'], bytes)
      assert.ok((await get('piped', '--raw')).equals(bytes))
      assert.equal((await box.json<{ type: string }>('a', ['get', tree, 's', 'piped'])).type, '')
    })

    it('is kept by resolve --take', async () => {
      const { entry } = await box.json<{ entry: string }>('a', ['put', tree, 's', 'both'], bytes)
      // Replaces a version that is not here, so the blob stays beside it.
      await box.json('a', ['put', tree, 's', 'both', 'short', '--replaces', tree])
      const [other] = (await box.json<{ conflicts: { version: string }[] }>('a', ['get', tree, 's', 'both']))
        .conflicts
      assert.equal(other!.version, entry)
      await box.json('a', ['resolve', tree, 's', 'both', '--take', entry])
      assert.ok((await get('both')).equals(bytes))
    })

    it('that cannot be put is one sentence, and nothing is written', async () => {
      const missing = ['put', tree, 's', 'none', '--file', box.folder('missing')]
      const folder = ['put', tree, 's', 'none', '--file', box.path]
      const two = ['put', tree, 's', 'none', 'x', '--file', box.folder('file')]
      const range = ['get', tree, 's', 'a', '--range', '5-3']
      const past = ['get', tree, 's', 'a', '--range', `${bytes.length}-`]
      for (const args of [missing, folder, two, range, past]) {
        const { code, stdout, stderr } = await box.run('a', args)
        assert.deepEqual([code, stdout], [2, ''], args.join(' '))
        assert.match(stderr, /^causeway: /)
      }
      assert.equal((await box.run('a', ['get', tree, 's', 'none'])).code, 1)
    })
  })
