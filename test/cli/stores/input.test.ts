/** What `put` takes: arguments and standard input, text and bytes, up to the bounds of keys and values. */
import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { type Ran, Sandbox } from '../../kit/command.ts'
import { builtCommand } from '../../kit/project.ts'

let box: Sandbox
let tree: string
before(async () => {
  box = await Sandbox.create()
  await box.serve('a')
  tree = (await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])).tree
})
after(() => box[Symbol.asyncDispose]())

interface Stored {
  readonly value?: string
  readonly base64?: string
  readonly type: string
}

async function stored(key: string): Promise<Stored> {
  const { value, base64, type } = await box.json<Stored>('a', ['get', tree, 's', key])
  return value === undefined ? { base64: base64!, type } : { value, type }
}

/** Runs a command in a shell that redirects its standard input. */
const redirected = (args: readonly string[], redirect: string) =>
  new Promise<Ran>((done) => {
    const env = { ...process.env, CAUSEWAY_DATA: box.folder('a') }
    const all = ['-c', `"$0" "$@" ${redirect}`, process.execPath, builtCommand, ...args]
    execFile('sh', all, { env }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })

describe('put', () => {
  it('takes text from standard input', async () => {
    await box.json('a', ['put', tree, 's', 'text'], 'a line\n')
    assert.deepEqual(await stored('text'), { value: 'a line\n', type: 'text/plain' })
    assert.equal((await box.run('a', ['get', tree, 's', 'text'])).stdout, 'a line\n')
    await box.json('a', ['put', tree, 's', 'text', '-'], 'another')
    assert.deepEqual(await stored('text'), { value: 'another', type: 'text/plain' })
  })

  it('takes bytes from standard input, and get returns exactly these', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
    await box.json('a', ['put', tree, 's', 'bytes'], bytes)
    assert.deepEqual(await stored('bytes'), { base64: bytes.toString('base64'), type: '' })
    const child = box.spawn('a', ['get', tree, 's', 'bytes'])
    const chunks: Buffer[] = []
    child.stdout!.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(child, 'close')
    assert.deepEqual(Buffer.concat(chunks), bytes)
    assert.match((await box.run('a', ['list', tree, 's', 'bytes'])).stdout, / \(256 bytes\)\n$/)
  })

  it('takes numbers below 0, and what begins with - after --', async () => {
    await box.json('a', ['put', tree, 's', 'number', '-5'])
    assert.deepEqual(await stored('number'), { value: '-5', type: 'text/plain' })
    assert.equal((await box.run('a', ['put', '--type', '', tree, 's', 'dash', '--', '-x'])).code, 0)
    assert.deepEqual(await stored('dash'), { base64: Buffer.from('-x').toString('base64'), type: '' })
  })

  it('checks that a value is what its type says', async () => {
    await box.json('a', ['put', tree, 's', 'json', '[1]', '--type', 'application/json'])
    assert.deepEqual(await stored('json'), { value: '[1]', type: 'application/json' })
    for (const [type, input] of [
      ['application/json', '[1'],
      ['application/json', Buffer.of(0xff)],
      ['text/html', Buffer.of(0xff)],
      ['text/plain\n', 'x'],
    ] as const) {
      const { code, stdout, stderr } = await box.run('a', ['put', tree, 's', 'json', '--type', type], input)
      assert.deepEqual([code, stdout], [2, ''], `${type} ${input}`)
      assert.match(stderr, /^causeway: [^\n]+ \(INVALID_ARGUMENT\)\n$/)
    }
    assert.equal((await stored('json')).value, '[1]')
  })

  it('takes nothing for a value that nobody gave', async () => {
    const { code, stderr } = await redirected(['put', tree, 's', 'nothing'], '< /dev/null')
    assert.equal(code, 2)
    assert.match(stderr, /^causeway: Expected a VALUE[^\n]*\n$/)
    assert.equal((await redirected(['put', tree, 's', 'nothing', '-'], '< /dev/null')).code, 0)
    assert.deepEqual(await stored('nothing'), { value: '', type: 'text/plain' })
  })

  it('takes values and keys up to their bounds', async () => {
    const most = limits.stateValueBytes
    await box.json('a', ['put', tree, 's', 'k'.repeat(limits.stateKeyBytes)], Buffer.alloc(most, 'x'))
    for (const [key, argument, input] of [
      ['k'.repeat(limits.stateKeyBytes + 1), undefined, Buffer.alloc(most + 1, 'x')],
      ['k'.repeat(limits.stateKeyBytes + 1), 'x', ''],
      // Characters of three bytes.
      ['€'.repeat(171), 'x', ''],
    ] as const) {
      const args = ['put', tree, 's', key, ...(argument === undefined ? [] : [argument])]
      const { code, stdout, stderr } = await box.run('a', args, input)
      assert.deepEqual([code, stdout], [1, ''])
      assert.match(stderr, /^causeway: A key has at most \d+ bytes[^\n]* \(LIMIT_EXCEEDED\)\n$/)
    }
  })
})

describe('Wrong usage', () => {
  it('is exit code 2 and one sentence', async () => {
    const wrong = [
      ['get', tree, 's'],
      ['get', tree, 's', ''],
      ['get', tree, 's', 'k', '--raw', '--json'],
      ['get', tree, 's', 'k', '--number', '--watch'],
      ['get', tree, 's', 'k', '--at', 'nonsense'],
      ['put', tree, 's', '', 'x'],
      ['put', tree, '_policy', 'k', 'x'],
      ['put', tree, 's', 'k', 'x', '--expect', 'nonsense'],
      ['add', tree, 's', 'k', '1.5'],
      ['add', tree, 's', 'k', String(2 ** 52)],
      ['list', tree, 's', '--limit', '0'],
      ['list', 'nonsense', 's'],
      ['resolve', tree, 's', 'k', '--take', 'nonsense'],
    ]
    await Promise.all(
      wrong.map(async (args) => {
        const { code, stdout, stderr } = await box.run('a', args)
        assert.deepEqual([code, stdout], [2, ''], `${args.join(' ')}: ${stderr}`)
        assert.match(stderr, /^causeway: /)
      }),
    )
  })
})
